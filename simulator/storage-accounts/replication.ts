import type { World } from "../world/world.js";
import { redundancyOf } from "./skus.js";
import { isProtected, type StorageAccount } from "./state.js";

type Surroundings = Pick<World, "timeline" | "conditions">;

/** Everything written by then is in the other region, too; undefined while there is no whole copy there. */
export function lastSyncAt({ geo }: StorageAccount, now: number): number | undefined {
  if (geo === undefined || now < geo.liveFrom) return undefined;
  if (geo.stall && "syncedAt" in geo.stall) return geo.stall.syncedAt;
  return Math.max(now - geo.lag, geo.wholeAt ?? 0);
}

/** Whether the data plane of one of its two places answers. */
export function isAvailable(
  account: StorageAccount,
  place: "primary" | "secondary",
  { conditions }: Surroundings,
): boolean {
  if (account.failover === "changing-places") return false;
  if (place === "primary" && conditions.storageTrouble(account) !== undefined) return false;
  const region = place === "primary" ? account.primaryLocation : account.secondaryLocation;
  return !conditions.isDown("data", region);
}

/** To be called whenever something may have stopped the copying, or let it go on. */
export function replicationChanged(account: StorageAccount, surroundings: Surroundings): void {
  const { geo } = account;
  // What is left to copy when a planned failover stops all writes is copied before it ends.
  if (geo === undefined || account.failover === "changing-places") return;
  const now = surroundings.timeline.now();
  const stalled =
    account.failover === "unplanned" ||
    surroundings.conditions.isReplicationStalled(account) ||
    !isAvailable(account, "primary", surroundings) ||
    !isAvailable(account, "secondary", surroundings);
  if (stalled === (geo.stall !== undefined)) return;
  if (stalled) {
    const syncedAt = lastSyncAt(account, now);
    geo.stall = syncedAt === undefined ? { remaining: geo.liveFrom - now } : { syncedAt };
    if (syncedAt === undefined) geo.liveFrom = Infinity;
  } else {
    if (geo.stall && "remaining" in geo.stall) geo.liveFrom = now + geo.stall.remaining;
    geo.stall = undefined;
  }
}

/** Why a failover would be refused, if it would. */
export type FailoverObstacle =
  "no-copy" | "protected" | "secondary-down" | "primary-down" | "far-behind" | "change-feed";

/** Documented: a planned failover is not for accounts whose copy is further behind. */
const FAR_BEHIND_MS = 30 * 60_000;

/** Of a failover that is not planned: it needs the copy alone. */
export function failoverObstacle(
  account: StorageAccount,
  surroundings: Surroundings,
): FailoverObstacle | undefined {
  if (lastSyncAt(account, surroundings.timeline.now()) === undefined) return "no-copy";
  // Documented: an account with a container under a time-based policy or a legal hold cannot be failed over.
  if ([...account.containers.values()].some(isProtected)) return "protected";
  if (!isAvailable(account, "secondary", surroundings)) return "secondary-down";
  return undefined;
}

/** Of a planned one: it loses nothing, so both regions have to be there, and nearly in step. */
export function plannedFailoverObstacle(
  account: StorageAccount,
  surroundings: Surroundings,
): FailoverObstacle | undefined {
  const obstacle = failoverObstacle(account, surroundings);
  if (obstacle !== undefined) return obstacle;
  if (!isAvailable(account, "primary", surroundings)) return "primary-down";
  const now = surroundings.timeline.now();
  if (now - (lastSyncAt(account, now) ?? 0) > FAR_BEHIND_MS) return "far-behind";
  return account.blobService.changeFeed?.enabled === true ? "change-feed" : undefined;
}

/** What an account is after an unplanned failover: local to the new primary, in zones where it was so before. */
export function skuAfterFailover({ secondaryLocation, zonalRegion }: StorageAccount): string {
  return zonalRegion !== undefined && zonalRegion === secondaryLocation
    ? "Standard_ZRS"
    : "Standard_LRS";
}

/** The statistics that are answered only to who asks for them; undefined where nothing is copied. */
export function geoReplicationStats(account: StorageAccount, surroundings: Surroundings): unknown {
  const { geo, sku } = account;
  if (geo === undefined) return undefined;
  const now = surroundings.timeline.now();
  const synced = lastSyncAt(account, now);
  const reachable = isAvailable(account, "secondary", surroundings);
  // A new account says that it was in step when it was created (seen in public recordings).
  const shown = synced ?? (geo.until === "Unavailable" ? account.createdAt : undefined);
  return {
    status: synced === undefined ? geo.until : reachable ? "Live" : "Unavailable",
    ...(shown !== undefined && { lastSyncTime: wholeSeconds(shown) }),
    canFailover:
      account.operation === undefined && failoverObstacle(account, surroundings) === undefined,
    canPlannedFailover:
      account.operation === undefined &&
      plannedFailoverObstacle(account, surroundings) === undefined,
    postFailoverRedundancy: skuAfterFailover(account),
    postPlannedFailoverRedundancy: sku,
  };
}

/** Whether the copy in the other region may be read. */
export function readsSecondary({ sku }: StorageAccount): boolean {
  return redundancyOf(sku).readsSecondary;
}

function wholeSeconds(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}
