import { z } from "zod";
import type { Environment } from "./estate.js";
import type { ScenarioId } from "./scenario-id.js";

/** What can be brought back to its original side after a recovery on another one. */
export const FailbackResource = z.enum(["region", "redis", "key-vault", "storage"]);
export type FailbackResource = z.infer<typeof FailbackResource>;

/** The failure whose incident a failback holds meanwhile, so that one hand is on the resource. */
export const failureOf: Readonly<Record<FailbackResource, ScenarioId>> = {
  region: "region-outage",
  redis: "redis-failure",
  "key-vault": "key-vault-failure",
  storage: "storage-failure",
};

/** The sides of what is brought back: the original first. A region goes by what leads users to it. */
export function sidesToFailBack(environment: Environment, resource: FailbackResource) {
  const sides = {
    region: { primary: environment.trafficManager?.profile ?? "", secondary: undefined },
    redis: environment.redis,
    "key-vault": environment.keyVault,
    storage: environment.storage,
  }[resource];
  return { original: sides.primary, other: sides.secondary };
}
