import type { OrchestrationContext } from "durable-functions";

/** A version of the orders of steps, as `defaultVersion` in host.json has it. */
export type Version = `${number}.${number}.${number}`;

/**
 * Whether an instance was begun before a version. It keeps to the order of steps that it began with, whatever
 * code goes on with it; the platform remembers its version, and one from before there were any is the oldest.
 */
export function startedBefore(context: OrchestrationContext, version: Version): boolean {
  const [own, other] = [partsOf(context.df.version ?? ""), partsOf(version)];
  const differing = other.findIndex((part, nth) => part !== (own[nth] ?? 0));
  return differing !== -1 && (own[differing] ?? 0) < (other[differing] ?? 0);
}

const partsOf = (version: string): readonly number[] =>
  version.split(".").map((part) => Number.parseInt(part, 10) || 0);
