import { parseResourceId, sameResource } from "../resource-id.js";
import type { CheckResult, Found, RecoveryScenario } from "./readiness.js";

/** A resource that the estate names for recoveries; `state` is undefined where it is not there. */
export interface RecoveryResource {
  readonly id: string;
  readonly state: string | undefined;
  readonly scenarios: readonly RecoveryScenario[];
}

export const resourceFindings = (resources: readonly RecoveryResource[]): CheckResult => ({
  check: "recovery-resources",
  found: resources.flatMap(({ id, state, scenarios }): Found[] => {
    if (state === "Succeeded") return [];
    const name = parseResourceId(id)?.name ?? id;
    return [
      {
        about: id,
        level: "not-ready",
        what:
          state === undefined
            ? `${name}, which the estate names as secondary, does not exist`
            : `${name}, which the estate names as secondary, is ${state}`,
        remedy:
          state === undefined
            ? "make it by the deployment templates, or correct its id in the estate"
            : "wait until Azure has ended what it does there, or mend the resource",
        scenarios: [...scenarios],
      },
    ];
  }),
});

/** A name that the estate keeps for a recovery. */
export interface ReservedName {
  readonly name: string;
  readonly scenarios: readonly RecoveryScenario[];
  /** The id of what a recovery would make. */
  readonly id: string;
  /** The id of what has the name now, as far as this service may see it. */
  readonly takenBy?: string | undefined;
  /** Why the name cannot be had. */
  readonly why?: string | undefined;
}

/** Names are global: a reserved one that somebody else has is a name that no recovery gets. */
export const nameFindings = (names: readonly ReservedName[]): CheckResult => ({
  check: "reserved-names",
  found: names.flatMap(({ name, scenarios, id, takenBy, why }): Found[] => {
    const isOurs = takenBy !== undefined && sameResource(takenBy, id);
    if (why === undefined || isOurs) return [];
    return [
      {
        about: name,
        level: "degraded",
        what: `the reserved name ${name} is taken (${why}), so a recovery has to take another one, which the firewalls and clients of this estate may not know`,
        remedy:
          "free the name (a vault in soft deletion keeps its name until it is purged), or reserve another one in the estate",
        scenarios: [...scenarios],
      },
    ];
  }),
});

/**
 * Azure Cache for Redis may still be created by those who have one
 * (https://learn.microsoft.com/azure/azure-cache-for-redis/retirement-faq); of others nobody knows.
 */
export const creationFinding = (subscription: string, classicCaches: number): CheckResult => ({
  check: "cache-creation",
  found:
    classicCaches > 0
      ? []
      : [
          {
            about: subscription,
            level: "unknown",
            what: "the subscription has no Azure Cache for Redis, and Azure lets only those make one who have one",
            remedy:
              "have a secondary cache made beforehand and name it in the estate; then a recovery needs to make none",
          },
        ],
});
