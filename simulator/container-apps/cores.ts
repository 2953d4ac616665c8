import { coresOf } from "./rules.js";
import type { ContainerApp, ManagedEnvironment } from "./state.js";

/** The cores that the replicas of an environment have now. */
export function coresInUse(
  environmentKey: string,
  containerApps: ReadonlyMap<string, ContainerApp>,
): number {
  let sum = 0;
  for (const app of containerApps.values()) {
    if (app.environmentKey !== environmentKey) continue;
    for (const { replicas, template } of app.revisions) {
      sum += replicas.filter(({ scheduled }) => scheduled).length * coresOf(template);
    }
  }
  return sum;
}

/** Whether the environment has room for one more replica of so many cores. */
export function hasRoomFor(
  cores: number,
  environmentKey: string,
  {
    containerApps,
    environments,
  }: {
    readonly containerApps: ReadonlyMap<string, ContainerApp>;
    readonly environments: ReadonlyMap<string, ManagedEnvironment>;
  },
): boolean {
  const quota = environments.get(environmentKey)?.coreQuota ?? Infinity;
  return coresInUse(environmentKey, containerApps) + cores <= quota;
}
