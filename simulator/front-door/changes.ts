import type { z } from "zod";
import { canonical } from "../arm/canonical.js";
import { checkedContent } from "../arm/invalid-content.js";
import { isObject, omitReadOnly, withoutNulls } from "../arm/merge-patch.js";
import { beginOn } from "../arm/resource-operation.js";
import type { ArmContext } from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Located } from "./edge.js";
import { accepted, PROVIDER } from "./operation-routes.js";
import { NOT_SIMULATED } from "./schema.js";
import type { CdnProfile, Endpoint, Origin, OriginSettings } from "./state.js";

const READ_ONLY = { resource: ["id", "name", "type"], properties: ["provisioningState"] };

/** The body of a PATCH; null is the same as absent. */
export function checkedUpdate<T>(schema: z.ZodType<T>, { body }: ArmContext): T {
  const given = omitReadOnly(withoutNulls(body), READ_ONLY);
  const properties = isObject(given) ? given["properties"] : undefined;
  const unknown = Object.keys(isObject(properties) ? properties : {}).find((name) =>
    NOT_SIMULATED.has(name),
  );
  if (unknown !== undefined) {
    throw new Refusal(501, "NotSimulated", `properties.${unknown} is not simulated.`);
  }
  return checkedContent(schema, given);
}

/** Shown at once, done when the operation has ended, served by later still. */
export function change<T extends Origin | Endpoint>(
  context: ArmContext,
  profile: CdnProfile,
  target: T,
  {
    settings,
    kind,
    detail,
    shown,
  }: {
    readonly settings: T["settings"];
    readonly kind: string;
    readonly detail: string;
    readonly shown: () => unknown;
  },
): Answer {
  const { world, outcomes } = context;
  if (target.operation !== undefined) {
    throw new Refusal(
      409,
      "Conflict",
      `Another operation is in progress on '${target.name}'. Please retry later.`,
    );
  }
  // What has failed before is not in force, though it is shown.
  const changed =
    target.provisioningState === "Failed" || canonical(target.settings) !== canonical(settings);
  target.settings = settings;
  target.provisioningState = "Updating";
  const operation = beginOn(target, world, {
    provider: PROVIDER,
    what: "the update",
    duration: world.durations.edgeOperation,
    outcomes,
    failure: new Refusal(500, "InternalServerError", `'${target.name}' could not be updated.`),
    ended: (error) => {
      target.provisioningState = error ? "Failed" : "Succeeded";
      if (error === undefined) world.edge.publish(profile, target);
    },
    result: shown,
  });
  return accepted(context, operation, {
    resource: shown(),
    effect: changed ? { kind, resource: target.id, detail } : undefined,
  });
}

/** What the edge keeps by the paths is forgotten, after a while of its own. */
export function purge(
  context: ArmContext,
  located: Located,
  {
    contentPaths,
    domains = [],
  }: { contentPaths: readonly string[]; domains?: string[] | undefined },
): Answer {
  const { world, outcomes } = context;
  const { endpoint } = located;
  const stranger = domains.find(
    (domain) => ![endpoint.hostName, ...endpoint.customDomains].includes(domain.toLowerCase()),
  );
  if (stranger !== undefined) {
    throw new Refusal(
      400,
      "BadRequest",
      `The domain '${stranger}' is not associated with the endpoint '${endpoint.name}'.`,
    );
  }
  const acceptedAt = world.timeline.now();
  // Purges do not wait for changes of the endpoint, nor for each other.
  const { id, name, region } = endpoint;
  const operation = beginOn({ id, name, region, operation: undefined }, world, {
    provider: PROVIDER,
    what: "the purge",
    duration: world.durations.edgeOperation,
    outcomes,
    failure: new Refusal(500, "InternalServerError", `'${name}' could not be purged.`),
    ended: (error) => {
      // The edge's time began when the purge was accepted.
      if (error === undefined) world.edge.purge(located, contentPaths, acceptedAt);
    },
  });
  return accepted(context, operation, {
    effect: { kind: "edge-purged", resource: id, detail: contentPaths.join(" ") },
  });
}

/** Settings with what is given; an empty host header takes it away. */
export function withHostHeader<T extends { readonly originHostHeader: string | undefined }>(
  settings: T,
  given: { readonly [name in keyof T]?: T[name] | undefined },
): T {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  const merged = { ...settings, ...Object.fromEntries(said) };
  const { originHostHeader } = merged;
  return { ...merged, originHostHeader: originHostHeader === "" ? undefined : originHostHeader };
}

/** For people who read the log. */
export function detailOf({ hostName, enabled, priority }: OriginSettings): string {
  return `${hostName}, ${enabled ? "enabled" : "disabled"}, priority ${priority}`;
}
