import { keyOf } from "../arm/resource-id.js";
import { type ArmContext, resourceNotFound } from "../arm/router.js";
import { Refusal } from "../server/refusal.js";
import {
  type CdnProfile,
  type Endpoint,
  type Origin,
  type OriginGroup,
  PROFILE_TYPE,
  type ProfileKind,
} from "./state.js";

/** The profile that a path names, or 404; 400 where what the path goes on with is not for its kind. */
export function profileOf(context: ArmContext, kind?: ProfileKind): CdnProfile {
  const key = keyOf(context.id).split("/").slice(0, 9).join("/");
  const found = context.world.cdnProfiles.get(key);
  if (found === undefined) {
    throw resourceNotFound(context, PROFILE_TYPE, context.params["profileName"] ?? "");
  }
  if (kind !== undefined && found.kind !== kind) {
    throw new Refusal(
      400,
      "BadRequest",
      `The operation is not supported for a profile with the SKU '${found.sku}'.`,
    );
  }
  return found;
}

export function endpointOf(context: ArmContext, profile: CdnProfile): Endpoint {
  const type = profile.kind === "classic" ? "endpoints" : "afdEndpoints";
  return named(context, profile.endpoints, "endpointName", `${profile.name}/${type}`);
}

export function groupOf(context: ArmContext, profile: CdnProfile): OriginGroup {
  return named(context, profile.groups, "originGroupName", `${profile.name}/originGroups`);
}

export function originOf(context: ArmContext, group: OriginGroup): Origin {
  return named(context, group.origins, "originName", `${group.name}/origins`);
}

function named<T extends { readonly name: string }>(
  context: ArmContext,
  all: readonly T[],
  placeholder: string,
  type: string,
): T {
  const name = context.params[placeholder] ?? "";
  const found = all.find((one) => keyOf(one.name) === keyOf(name));
  if (found) return found;
  throw resourceNotFound(context, `${PROFILE_TYPE}/${type}`, name);
}
