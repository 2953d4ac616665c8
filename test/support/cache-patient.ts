import * as app from "../../src/activities/container-app.contract.js";
import { postNotice } from "../../src/activities/notices.contract.js";
import * as backup from "../../src/activities/redis-backup.contract.js";
import * as region from "../../src/activities/region.contract.js";
import * as redis from "../../src/activities/redis-failure.contract.js";
import * as restore from "../../src/activities/redis-restore.contract.js";
import * as run from "../../src/activities/run.contract.js";
import type { Failure } from "../../src/domain/failure.js";
import { leaseLength } from "../../src/domain/lease.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { sampleEstate } from "./estates.js";
import { stub, type Stub } from "./replay-driver.js";
import { usersAt } from "./users-side.js";

type Planned = Failure | readonly (Failure | undefined)[] | undefined;

/** A cache on the couch: it fails, and one thing heals it unless a field says otherwise. */
export interface CacheTraits {
  /** The side that users are led to. */
  readonly users: "primary" | "secondary";
  /** `for-the-app`: this service cannot connect, and the app can again. */
  readonly heals: "already" | "itself" | "for-the-app" | "reboot" | "replacement" | "key" | "never";
  readonly kind: "classic" | "managed" | "missing";
  readonly shards: number;
  /** Basic caches have none. */
  readonly hasReplica: boolean;
  /** Which cache the app uses, if that can be told. */
  readonly active: "primary" | "secondary" | "recovery" | "unknown";
  /** Which cache the app really uses, where an earlier move ended before its restart. */
  readonly stuckAt: "primary" | "secondary" | "recovery" | undefined;
  readonly standby: "replica" | "member" | "none" | "unusable";
  readonly standbyKeys: number;
  /** Whether there is a cache that an earlier run made. */
  readonly madeBefore: boolean;
  readonly set: "snapshot" | "export" | "none";
  /** Sets that are newer than the chosen one, and cannot be trusted. */
  readonly passedOver: readonly string[];
  readonly regionDown: boolean;
  /** Whether the app says which cache it uses. */
  readonly tells: boolean;
  /** What the sources say while the cache fails. */
  readonly own: "failed" | "well" | "unknown";
  readonly health: "failed" | "well" | "unknown";
  /** In how many pieces keys are copied across; of more than two each takes as long as one may. */
  readonly pieces: number;
  /** Whether it is well by itself by now. */
  readonly comesBackOnce: () => boolean;
  readonly failing: Readonly<Record<string, Planned>>;
}

const usual: CacheTraits = {
  users: "primary",
  heals: "reboot",
  kind: "classic",
  shards: 0,
  hasReplica: true,
  active: "primary",
  stuckAt: undefined,
  standby: "replica",
  standbyKeys: 2_000,
  madeBefore: false,
  set: "export",
  passedOver: [],
  regionDown: false,
  tells: true,
  own: "failed",
  health: "failed",
  pieces: 2,
  comesBackOnce: () => false,
  failing: {},
};

export const production = sampleEstate().environments.production!;
export const primary = production.redis.primary;
export const secondary = production.redis.secondary ?? "";
const made = `${secondary.replace(/redis\/[^/]+$/, "redisEnterprise/")}mcp-redis-prod-dr-ab12cd`;
/** What an earlier run made and did not come to use. */
export const left = made.replace("ab12cd", "ef34ab");

const longestMutation = 90_000;
const leaseLost: Failure = { class: "terminal", code: "lease-lost", message: "it ran out" };

export function cachePatient(traits: Partial<CacheTraits> = {}) {
  const is = { ...usual, ...traits };
  const seen = new Map<string, number>();
  const ids = { primary, secondary, recovery: made, unknown: primary };
  let healthyFrom = is.heals === "already" ? 0 : Infinity;
  let used: string = ids[is.stuckAt ?? is.active];
  let written: string = ids[is.active];
  let looks = 0;
  const leasedAt = new Map<string, number>();
  let linked = is.standby === "replica";
  let restartedAt: number | undefined;
  let record: RunRecord | undefined;
  let closedWith: string | undefined;

  const failure = (name: string): { failure: Failure } | undefined => {
    const planned = is.failing[name];
    if (planned === undefined) return undefined;
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    const now = Array.isArray(planned)
      ? (planned as readonly (Failure | undefined)[])[count]
      : (planned as Failure);
    return now === undefined ? undefined : { failure: now };
  };
  const changed = (name: string, detail: string, then: () => void = () => undefined) => {
    const failed = failure(name);
    if (failed !== undefined) return failed;
    then();
    return { changed: true, detail };
  };
  const wellAt = (cache: string, now: number): boolean =>
    cache === ids[is.active] ? now >= healthyFrom : is.heals !== "never";

  const stubs: Stub[] = [
    usersAt(is.users),
    stub(postNotice, () => ({ changed: true, detail: "posted" })),
    stub(
      redis.findCacheInUse,
      () =>
        failure("findCacheInUse") ?? {
          side: is.active === "unknown" ? "primary" : is.active,
          known: is.active === "unknown" ? "assumed" : "observed",
          id: ids[is.active],
          detail: "found",
        },
    ),
    stub(app.observeApp, () => failure("observeApp") ?? observedApp),
    stub(redis.probeCache, ({ cache, app: user }, _caller, now) => {
      const failed = failure("probeCache");
      if (failed !== undefined) return failed;
      looks += 1;
      if (is.comesBackOnce()) healthyFrom = 0;
      if (is.heals === "itself" && looks > 4) healthyFrom = 0;
      const isBack = is.heals === "for-the-app" && looks > 4;
      const well = wellAt(cache, now);
      const own = well ? "well" : is.own;
      const asked = user !== undefined;
      const health = !asked ? "unknown" : isBack || (well && used === cache) ? "well" : is.health;
      return {
        sources: [
          { kind: "own-probe", says: own, detail: "looked" },
          { kind: "arm-state", says: "well", detail: "Succeeded" },
          { kind: "app-health", says: health, detail: "asked" },
        ],
        verdict: health !== "unknown" ? health : own,
        appAlone: own === "well" && health === "failed",
        uses: !is.tells || !asked ? "untold" : used === cache ? "this" : "another",
        detail: `own ${own}, app ${health}`,
      };
    }),
    stub(
      region.probeRegion,
      () => failure("probeRegion") ?? { down: is.regionDown, detail: "asked" },
    ),
    stub(
      redis.inspectCache,
      () =>
        failure("inspectCache") ?? {
          kind: is.kind,
          shards: is.shards,
          hasReplica: is.hasReplica,
          detail: "inspected",
        },
    ),
    stub(redis.rebootPrimary, ({ shard }, _caller, now) =>
      changed("rebootPrimary", "rebooting", () => {
        const last = is.shards === 0 || shard === is.shards - 1;
        if (is.heals === "reboot" && last) healthyFrom = Math.min(healthyFrom, now + 20_000);
      }),
    ),
    stub(
      redis.inspectStandby,
      ({ cache }) =>
        failure("inspectStandby") ?? {
          usable: cache === left || is.standby !== "unusable",
          link: is.standby === "unusable" || cache === made || cache === left ? "none" : is.standby,
          keys: cache === left ? 0 : is.standbyKeys,
          detail: is.standby,
        },
    ),
    stub(
      redis.findMadeCaches,
      () => failure("findMadeCaches") ?? { caches: is.madeBefore ? [left] : [], detail: "listed" },
    ),
    stub(redis.startUnlink, () => changed("startUnlink", "unlinking", () => (linked = false))),
    stub(redis.stopPersistence, () => changed("stopPersistence", "turning off")),
    stub(redis.startLink, () => changed("startLink", "linking", () => (linked = true))),
    stub(
      redis.observeLinks,
      () => failure("observeLinks") ?? { linked, settled: true, detail: "looked" },
    ),
    stub(redis.startCreation, ({ cache }) => changed("startCreation", `making ${cache}`)),
    stub(redis.startDatabase, () => changed("startDatabase", "making its database")),
    stub(
      redis.observeCreation,
      () =>
        failure("observeCreation") ?? { state: "ready", database: "there", detail: "Succeeded" },
    ),
    stub(
      redis.chooseCacheSet,
      () =>
        failure("chooseCacheSet") ??
        (is.set === "none"
          ? { kind: "none" as const, detail: "no set can be used: there is none" }
          : {
              kind: "found" as const,
              set: "redis/mcp-redis-prod/20261122T133000Z-run/",
              source: primary,
              takenAt: "2026-11-22T13:30:00.000Z",
              passedOver: [...is.passedOver],
              detail: "chosen",
            }),
    ),
    stub(
      restore.findRestorableCache,
      ({ cache, overwrite }) =>
        failure("findRestorableCache") ?? {
          way: is.set === "snapshot" ? ("snapshot" as const) : ("export" as const),
          takenAt: "2026-11-22T13:30:00.000Z",
          keys: 2_000,
          files: ["redis/mcp-redis-prod/20261122T133000Z-run/file"],
          name: cache.split("/").at(-1) ?? "",
          kind: "managed" as const,
          location: "westus",
          hasIdentity: false,
          empty: !overwrite,
          detail: "read",
        },
    ),
    stub(
      restore.restoreSnapshot,
      () =>
        failure("restoreSnapshot") ?? {
          ...{ changed: true, done: 2_000, restored: 2_000, same: 0, left: 0, expired: 0 },
          leftBelow: [],
          found: [],
          detail: "put back",
        },
    ),
    stub(restore.prepareImport, () => ({ changed: true, place, detail: "prepared" })),
    stub(backup.copyCacheFiles, () => ({ done: 1, waiting: 0, failed: [], detail: "copied" })),
    stub(
      restore.startImport,
      () =>
        failure("startImport") ?? { changed: true, operation: "import poller", detail: "begun" },
    ),
    stub(
      backup.observeCacheOperation,
      () => failure("observeCacheOperation") ?? { state: "succeeded", detail: "succeeded" },
    ),
    stub(restore.observeImport, () => ({ imported: true, keys: 2_000, detail: "served" })),
    stub(backup.removeCacheFiles, () => ({ changed: true, detail: "removed" })),
    stub(redis.writeConnection, ({ cache }, _caller, now) =>
      changed("writeConnection", `wrote ${cache}`, () => {
        written = cache;
        if (is.heals === "key") healthyFrom = Math.min(healthyFrom, now + 30_000);
      }),
    ),
    stub(redis.fingerprintKey, () => ({ sha256: "0123", detail: "hashed" })),
    stub(redis.regenerateKey, () => changed("regenerateKey", "made anew")),
    stub(redis.emptyCache, () => changed("emptyCache", "emptied")),
    stub(
      redis.copyKeysAcross,
      ({ to, position }, _caller, now) => {
        const nth = Number(position?.cursor ?? 1);
        const isCovered = now - (leasedAt.get(to) ?? now) < leaseLength - longestMutation;
        if (!isCovered) return { failure: leaseLost };
        return (
          failure("copyKeysAcross") ?? {
            changed: true,
            done: 1_000,
            ...(nth < is.pieces
              ? { next: { servers: ["a"], server: 0, database: 0, cursor: `${nth + 1}` } }
              : {}),
            detail: "copied",
          }
        );
      },
      is.pieces > 2 ? 25_000 : 200,
    ),
    stub(
      backup.countCacheKeys,
      ({ cache }) =>
        failure(cache === primary ? "countHome" : "countAway") ?? { count: 2_000, detail: "2000" },
    ),
    stub(app.restartRevision, (_input, _caller, now) =>
      changed("restartRevision", "restarted", () => (restartedAt = now)),
    ),
    stub(app.observeRestart, (_input, _caller, now) => {
      const replaced = now - (restartedAt ?? now) >= 45_000;
      if (replaced) used = written;
      return failure("observeRestart") ?? { healthy: true, replaced, detail: "replicas" };
    }),
    stub(run.confirmMandate, () => ({ mandated: true, detail: "looked" })),
    stub(run.takeLease, ({ resource }, _caller, now) => {
      leasedAt.set(resource, now);
      return {
        kind: "taken" as const,
        fencing: 1,
        expiresAt: "2027-01-01T00:00:00.000Z",
        detail: "taken",
      };
    }),
    stub(run.releaseLease, () => ({ detail: "given back" })),
    stub(run.saveRecord, ({ record: saved }) => {
      record = saved;
      return { detail: "saved" };
    }),
    stub(run.closeIncident, ({ outcome }) => {
      closedWith = outcome;
      return { detail: "closed" };
    }),
  ];
  return {
    stubs,
    record: (): RunRecord => {
      if (record === undefined) throw new Error("the run left no record");
      return record;
    },
    closedWith: () => closedWith,
    uses: () => used,
  };
}

const observedApp = {
  detail: "seen",
  fqdn: "mcp-server-prod.example.azurecontainerapps.io",
  mode: "single" as const,
  provisioningState: "Succeeded",
  runningStatus: "Running",
  serving: ["mcp-server-prod--v41"],
};

const place = {
  endpoint: "https://mcpstorageproddr.blob.core.windows.net",
  container: "redis-backups",
  prefix: "restores/run/",
  own: false,
};
