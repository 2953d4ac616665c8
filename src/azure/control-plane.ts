import { z } from "zod";
import { terminal } from "../domain/failure.js";
import { instantOf, type Instant } from "../domain/instant.js";
import type { Permission } from "../domain/readiness/rights.js";
import type { ArmRest } from "./arm-rest.js";
import { shortRegion } from "./redis-caches.js";
import { errorCodeOf } from "./unless-missing.js";

/** What Resource Manager says of the caller, of groups and of itself. It only reads. */
export interface ControlPlane {
  /** What the caller's roles allow at a scope; undefined where it may not even ask. */
  permissions(scope: string): Promise<readonly Permission[] | undefined>;
  /** Where a resource group's metadata lies, as ARM writes it in short. */
  regionOf(group: string): Promise<string>;
  /** How many caches of Azure Cache for Redis a subscription has that this service may see. */
  classicCaches(subscription: string): Promise<number>;
  /** What time it is there, to the second. */
  time(subscription: string): Promise<Instant>;
}

const PERMISSIONS_API_VERSION = "2022-04-01";
const GROUPS_API_VERSION = "2022-09-01";
const RESOURCES_API_VERSION = "2021-04-01";

const Permissions = z.looseObject({
  value: z.array(
    z.looseObject({
      actions: z.array(z.string()).nullish(),
      notActions: z.array(z.string()).nullish(),
    }),
  ),
  nextLink: z.string().nullish(),
});
const Group = z.looseObject({ location: z.string() });
const Listed = z.looseObject({ value: z.array(z.unknown()) });

export function controlPlane(arm: ArmRest): ControlPlane {
  return {
    async permissions(scope) {
      const path = `${scope}/providers/Microsoft.Authorization/permissions`;
      try {
        const { value, nextLink } = Permissions.parse(await arm.get(path, PERMISSIONS_API_VERSION));
        if (typeof nextLink === "string" && nextLink !== "") {
          throw terminal("too-many-permissions", "the caller's permissions come in several pages");
        }
        return value.map(({ actions, notActions }) => ({
          actions: actions ?? [],
          notActions: notActions ?? [],
        }));
      } catch (error) {
        // Whoever has no role at a scope may not ask which ones he has.
        if (errorCodeOf(error) === "AuthorizationFailed") return undefined;
        throw error;
      }
    },
    async regionOf(group) {
      return shortRegion(Group.parse(await arm.get(group, GROUPS_API_VERSION)).location);
    },
    async classicCaches(subscription) {
      // The provider's own list asks for a role at the subscription; this one leaves out what may not be read.
      const path = `/subscriptions/${subscription}/resources`;
      const filter = { $filter: "resourceType eq 'Microsoft.Cache/redis'" };
      return Listed.parse(await arm.get(path, RESOURCES_API_VERSION, filter)).value.length;
    },
    time: async (subscription) => instantOf(await arm.date(`/subscriptions/${subscription}`)),
  };
}
