import { scheduleOf } from "./backup-order.js";
import type { CacheExport } from "./drill.js";
import { describeDuration, hours } from "./duration.js";
import type { EnvironmentName } from "./environment-name.js";
import type { Environment } from "./estate.js";
import { elapsed, type Instant } from "./instant.js";

/*
 * All nodes of a cache at once: what is in memory alone is gone. A drill may do so only where a set of
 * the cache was taken and verified a moment ago, and what was lost is restored from it.
 */

/** As old may the set be at most, from the beginning of its export. */
const longestAge = hours(1);

/** Why no set is recent enough, and what makes one; undefined where one is. */
export function whyNoExport(
  found: Pick<CacheExport, "set" | "takenAt"> | undefined,
  now: Instant,
  environment: EnvironmentName,
  estate: Environment,
): string | undefined {
  const age = found === undefined ? undefined : elapsed(found.takenAt, now);
  if (age !== undefined && age <= longestAge) return undefined;
  const newest =
    found === undefined || age === undefined
      ? "there is no verified set of this cache"
      : `the newest verified set of this cache, ${found.set}, is ${describeDuration(age)} old`;
  const { interval } = scheduleOf(estate, "redis");
  const body = { environment, kinds: ["redis"], reason: "before the drill of all nodes" };
  const rarely =
    interval > longestAge
      ? `; it makes one in ${describeDuration(interval)}, so where it answers "ended", wait for the next`
      : "";
  return `all nodes are rebooted only with an export that was taken and verified within the last hour, and ${newest}; make one first: POST /api/backups ${JSON.stringify(body)}${rarely}`;
}

/** What people are told before they approve it. */
export function lossOfAllNodes({ held, set, takenAt, persistent }: CacheExport): string {
  const loss = persistent
    ? `what the persistence of the cache has not saved yet, of ${held} keys`
    : `all ${held} keys of the cache, sessions and limits among them`;
  const after = persistent
    ? `the report names the order that restores ${set}`
    : `${set} is restored afterwards, what was written since ${takenAt} is not in it, and what was deleted since comes back`;
  return `${loss}; nobody is served for some minutes; ${after}`;
}

/**
 * The ordinary restore of the set. A snapshot puts back the keys that are missing and leaves the others
 * alone; an export goes in as a whole, for which a person is asked where the cache holds keys by then.
 */
export const restoreWish = (way: CacheExport["way"]) =>
  way === "snapshot" ? { items: ["*"], overwrite: false } : { items: [], overwrite: true };

/** The same as an operator orders it. */
export function restoreOrderOf(environment: EnvironmentName, { set, way }: CacheExport): string {
  const reason = "all nodes were rebooted by a drill";
  const body = { environment, kind: "redis", from: set, ...restoreWish(way), reason };
  return `POST /api/restores ${JSON.stringify(body)}`;
}

/**
 * What is to be done about the keys once the nodes are back. A cache that was emptied holds what was written
 * since; one that lacks some has lost them to their time, or has loaded what it had saved, which may be newer
 * than the set: a person weighs the two.
 */
export function afterAllNodes(
  { held, persistent }: CacheExport,
  holds: number | undefined,
): { readonly then: "nothing" | "restore" | "ask"; readonly detail: string } {
  const detail = `the cache held ${held} keys before all its nodes were rebooted, and ${holds ?? "nobody knows how many"} after`;
  if (holds !== undefined && holds >= held) return { then: "nothing", detail };
  const isEmptied = holds === undefined || 2 * holds < held;
  return { then: isEmptied && !persistent ? "restore" : "ask", detail };
}
