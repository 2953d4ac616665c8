import { completeSet, findLatestSet } from "../../src/activities/backup.contract.js";
import { postNotice } from "../../src/activities/notices.contract.js";
import * as protection from "../../src/activities/protection.contract.js";
import * as redis from "../../src/activities/redis-backup.contract.js";
import {
  findPreviousOutcome,
  releaseLease,
  saveRecord,
  takeLease,
} from "../../src/activities/run.contract.js";
import { Checkpoint } from "../../src/domain/checkpoint.js";
import type { Failure } from "../../src/domain/failure.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { instantOf } from "../../src/domain/instant.js";
import { verbEvent } from "../../src/domain/verb.js";
import { backUpRedis } from "../../src/orchestrators/back-up-redis.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { detectedAt, orderOf } from "../support/estates.js";
import { broken, replay, stub } from "../support/replay-driver.js";
import { usersAt } from "../support/users-side.js";

const forbidden: Failure = { class: "terminal", code: "Forbidden", message: "no" };

interface World {
  readonly way: "export" | "snapshot";
  readonly hasIdentity: boolean;
  /** Parts that the walk over the keys takes, and those that begin it anew. */
  readonly parts: number;
  readonly freshAt: readonly number[];
  /** How an export by each means ends. */
  readonly exports: Partial<Record<"identity" | "sas", "failed" | Failure>>;
  readonly whole: boolean;
  readonly proven: boolean;
  /** What the cache says it holds, and what the newest set is. */
  readonly counts: number | Failure;
  readonly latest: { readonly set?: string; readonly problem?: string; readonly keys?: string };
  /** Whom the run loses the cache to, or what a person says while it is exported. */
  readonly interrupted?: "canceled" | "superseded";
  /** How it ends where persistence is turned on. */
  readonly persistence?: "succeeded" | "failed";
  /** What an activity answers with instead, by its name. */
  readonly broken: Readonly<Record<string, Failure>>;
  readonly staging?: string;
}

async function backUp(given: Partial<World> = {}) {
  const world: World = {
    way: "export",
    hasIdentity: true,
    parts: 4,
    freshAt: [1],
    exports: {},
    whole: true,
    proven: true,
    counts: 4_000,
    latest: {},
    broken: {},
    ...given,
  };
  const {
    incident: _incident,
    scenario: _scenario,
    ...order
  } = orderOf({
    trigger: { kind: "timer", schedule: "0 */5 * * * *" },
  });
  const { staging } = world;
  const estate =
    staging === undefined
      ? order.estate
      : { ...order.estate, redis: { ...order.estate.redis, staging } };
  let record: RunRecord | undefined;
  let said = false;
  const part = (nth: number) => ({ blob: `items-${nth}`, count: 1, bytes: 100, sha256: "0" });
  const place = {
    endpoint: "https://prod.blob.core.windows.net",
    container: "redis-backups",
    prefix: "mine/20261122T135824Z-run",
    own: false,
  };
  const run = await replay(backUpRedis, {
    instanceId: "backup-redis-production-20261122T140000Z",
    input: { ...order, estate, kind: "redis", period: detectedAt, scope: "full" },
    startAt: Date.parse(detectedAt),
    stubs: broken(
      [
        stub(findPreviousOutcome, () => ({ detail: "the first" })),
        stub(postNotice, () => ({ changed: true, detail: "posted" })),
        stub(takeLease, (_input, _caller, now) =>
          world.interrupted === "superseded" && now - Date.parse(detectedAt) > 30_000
            ? { kind: "held" as const, detail: "held by another" }
            : {
                kind: "taken" as const,
                fencing: 1,
                expiresAt: instantOf(new Date(now + 60_000)),
                detail: "taken",
              },
        ),
        stub(releaseLease, () => ({ detail: "released" })),
        stub(saveRecord, (saved) => {
          record = saved.record;
          return { detail: "saved" };
        }),
        usersAt("primary"),
        stub(redis.findActiveCache, ({ redis: { primary } }) => ({
          side: "primary" as const,
          known: "observed" as const,
          id: primary,
          way: world.way,
          kind: "classic" as const,
          tier: world.way === "export" ? "Premium" : "Standard",
          location: "eastus",
          hasIdentity: world.hasIdentity,
          detail: "the app uses it",
        })),
        stub(redis.countCacheKeys, () =>
          typeof world.counts === "object"
            ? { failure: world.counts }
            : { count: world.counts, detail: "counted" },
        ),
        stub(findLatestSet, () => {
          const { keys, ...latest } = world.latest;
          return { ...latest, ...(keys === undefined ? {} : { facts: { keys } }), detail: "found" };
        }),
        stub(
          redis.copyKeys,
          ({ nth }) => ({
            done: world.counts === 0 ? 0 : 1_000,
            fresh: world.freshAt.includes(nth),
            part: part(nth),
            ...(nth < world.parts
              ? { next: { servers: ["a"], server: 0, database: 0, cursor: String(nth) } }
              : {}),
            detail: "copied",
          }),
          25_000,
        ),
        stub(redis.prepareExport, () => ({ changed: false, place, detail: "there" })),
        stub(redis.startExport, ({ access }) => {
          const end = world.exports[access];
          if (typeof end === "object") return { failure: end };
          return { changed: true, operation: `poll-${access}`, detail: "exporting" };
        }),
        stub(redis.observeCacheOperation, ({ operation }, _caller, now) => {
          if (operation === "poll-persistence") {
            return { state: world.persistence ?? "failed", detail: "failed: no role" };
          }
          if (world.interrupted !== undefined || now - Date.parse(detectedAt) < 60_000) {
            return { state: "running" as const, operation, detail: "running" };
          }
          const access = operation.slice("poll-".length) as "identity" | "sas";
          const failed = world.exports[access] === "failed";
          return failed
            ? { state: "failed" as const, detail: "failed: no role" }
            : { state: "succeeded" as const, detail: "succeeded" };
        }),
        stub(redis.observeExport, () => ({
          files: [{ name: `${place.prefix}_c0`, bytes: 512 }],
          whole: world.whole,
          detail: "seen",
        })),
        stub(redis.copyCacheFiles, (_input, caller) =>
          caller.attempt < 3
            ? { done: 0, waiting: 1, failed: [], detail: "copying" }
            : { done: 1, waiting: 0, failed: [], detail: "copied" },
        ),
        stub(redis.verifyExport, ({ from }) =>
          from === undefined
            ? { done: 256, next: { read: 256, crc: "0" }, proven: true, detail: "half" }
            : { done: 256, part: part(1), proven: world.proven, detail: "too long to be read" },
        ),
        stub(redis.removeCacheFiles, () => ({ changed: true, detail: "removed" })),
        stub(protection.protectCache, () => ({ changed: false, drift: [], detail: "looked at" })),
        stub(protection.persistCache, () => ({
          changed: world.persistence !== undefined,
          drift: [],
          ...(world.persistence === undefined ? {} : { operation: "poll-persistence" }),
          detail: "looked at",
        })),
        stub(completeSet, ({ parts }) => ({
          changed: true,
          count: parts.length,
          bytes: 1,
          latest: true,
          detail: "complete",
        })),
      ],
      world.broken,
    ),
    people: (status, now) => {
      const { step } = Checkpoint.parse(status);
      if (world.interrupted !== "canceled" || said || step.id !== "export") return [];
      said = true;
      const by = { name: "Olga Operator", source: "entra" };
      const at = instantOf(new Date(now + 1_000));
      const data = { id: "saying-1", verb: "cancel", by, at, reason: "because" };
      return [{ name: verbEvent, data, after: 1_000 }];
    },
  });
  if (record === undefined) throw new Error("no record");
  const callsOf = (name: string) => run.calls.filter((call) => call.name === name);
  const [completed] = callsOf("completeSet");
  return {
    outline: run.outline,
    record,
    callsOf,
    completed: completed?.input as
      { parts: unknown[]; verified: boolean; facts: Record<string, string> } | undefined,
    progress: run.customStatuses.map(
      (status) => (status as { progress?: { done: number; total?: number } }).progress,
    ),
  };
}

describe("back up redis, key by key", () => {
  it("goes on where the last part ended, and tells how far it is", async () => {
    const { record, callsOf, completed, progress } = await keepsToHistory(
      "redis-backup.snapshot",
      () => backUp({ way: "snapshot" }),
    );

    expect(record).toMatchObject({
      outcome: "passed",
      reason: "4000 keys are backed up and verified",
    });
    const cursors = callsOf("copyKeys").map(
      ({ input }) => (input as { from?: { cursor: string } }).from?.cursor,
    );
    expect(cursors).toEqual([undefined, "1", "2", "3"]);
    expect(completed).toMatchObject({
      verified: true,
      facts: { format: "rsnap/1", keys: "4000", sideKnown: "observed" },
    });
    expect(progress).toContainEqual(expect.objectContaining({ done: 2_000, total: 4_000 }));
  });

  it("leaves out what was copied before another server took over", async () => {
    const { record, completed } = await backUp({ way: "snapshot", freshAt: [1, 3] });

    expect(record.reason).toBe("2000 keys are backed up and verified");
    expect(completed?.parts).toEqual([
      expect.objectContaining({ blob: "items-3" }),
      expect.objectContaining({ blob: "items-4" }),
    ]);
  });

  it("gives up where the cache does not hold still", async () => {
    const { record, callsOf } = await backUp({
      way: "snapshot",
      parts: 50,
      freshAt: Array.from({ length: 50 }, (_, index) => index + 1),
    });

    expect(record).toMatchObject({
      outcome: "failed",
      reason: "another server has taken over 5 times while keys were copied",
    });
    expect(callsOf("completeSet")).toEqual([]);
  });
});

describe("back up redis, of a cache without keys", () => {
  const ways = [{ way: "export" }, { way: "snapshot", parts: 1 }] as const;

  it.each(ways)("makes no set where one with keys came before, by $way", async (by) => {
    for (const [latest, said] of [
      [
        { set: "redis/a/", keys: "12" },
        "the newest set, redis/a/, holds 12 of them: it stays the newest",
      ],
      [{ set: "redis/a/" }, "the newest set, redis/a/, holds an unknown number of them: it stays"],
      [{ problem: "altered" }, "the newest set cannot be used: altered"],
    ] as const) {
      const { record, callsOf } = await backUp({ ...by, counts: 0, latest });

      expect(record.outcome).toBe("failed");
      expect(record.reason).toContain(`the cache holds no keys, and ${said}`);
      expect(callsOf("completeSet")).toEqual([]);
    }
  });

  it.each(ways)("makes one where it never held any, by $way", async (by) => {
    for (const latest of [{}, { set: "redis/a/", keys: "0" }]) {
      const { record, completed } = await backUp({ ...by, counts: 0, latest });

      expect(record.outcome).toBe("passed");
      expect(completed?.facts).toMatchObject({ keys: "0" });
    }
  });

  it("says so where nobody knows what an export holds", async () => {
    const { record, completed } = await backUp({ counts: forbidden });

    expect(record.findings).toEqual(["nobody knows how many keys the export holds: Forbidden: no"]);
    expect(completed?.facts).not.toHaveProperty("keys");
  });
});

describe("back up redis, by export", () => {
  it.each(["canceled", "superseded"] as const)(
    "leaves no export behind when it is %s",
    async (interrupted) => {
      const { record, callsOf } = await backUp({ interrupted });

      expect(record.outcome).toBe(interrupted);
      expect(callsOf("startExport")).toHaveLength(1);
      expect(callsOf("removeCacheFiles")).toHaveLength(1);
    },
  );

  it("follows the export, copies it, reads it in goes, and removes it", async () => {
    const { record, callsOf, completed } = await keepsToHistory("redis-backup.export", () =>
      backUp(),
    );

    expect(record).toMatchObject({ outcome: "passed", findings: [] });
    expect(callsOf("startExport").map(({ input }) => input)).toEqual([
      expect.objectContaining({ access: "identity" }),
    ]);
    expect(callsOf("observeCacheOperation").length).toBeGreaterThan(2);
    expect(callsOf("verifyExport")).toHaveLength(2);
    expect(callsOf("removeCacheFiles")).toHaveLength(1);
    expect(completed).toMatchObject({ verified: true, facts: { format: "rdb", keys: "4000" } });
  });

  it.each([["failed" as const], [forbidden]])(
    "exports with a SAS where its identity ends in %p",
    async (end) => {
      const { record, callsOf } = await backUp({ exports: { identity: end } });

      expect(record.outcome).toBe("passed-with-findings");
      expect(record.findings[0]).toMatch(/^the cache cannot export with its own identity/);
      expect(callsOf("startExport").map(({ input }) => input)).toEqual([
        expect.objectContaining({ access: "identity" }),
        expect.objectContaining({ access: "sas" }),
      ]);
    },
  );

  it("passes the files through the account that the estate names for it", async () => {
    const named =
      "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st";
    const { callsOf } = await backUp({ staging: named });
    const without = await backUp();

    for (const name of ["prepareExport", "protectCache"]) {
      expect(callsOf(name)[0]?.input).toMatchObject({ storage: { staging: named } });
    }
    // A cache keeps what it needs for itself in the app's own account.
    expect(callsOf("persistCache")[0]?.input).not.toHaveProperty("storage.staging");
    expect(without.callsOf("prepareExport")[0]?.input).not.toHaveProperty("storage.staging");
  });

  it("fails, and leaves nothing behind, where no export can be had", async () => {
    const { record, callsOf } = await backUp({
      hasIdentity: false,
      exports: { sas: "failed" },
    });

    expect(record).toMatchObject({ outcome: "failed", reason: "the export failed: no role" });
    expect(callsOf("removeCacheFiles")).toHaveLength(1);
    expect(callsOf("completeSet")).toEqual([]);
  });

  it("turns persistence on while it holds the cache, and says what has become of it", async () => {
    const well = await backUp({ persistence: "succeeded" });
    const ill = await backUp({ persistence: "failed" });

    const [persist] = well.callsOf("persistCache");
    expect(persist?.caller.leases).toHaveLength(1);
    expect(well.record).toMatchObject({ outcome: "passed", findings: [] });
    expect(ill.record).toMatchObject({
      outcome: "passed-with-findings",
      findings: ["the cache: turning persistence on failed: no role"],
    });
  });

  it("makes no set of files that are not whole, and no verified one of what was not read", async () => {
    const broken = await backUp({ whole: false });
    const unread = await backUp({ proven: false });

    expect(broken.record.reason).toBe("the cache has not written whole files: seen");
    expect(broken.completed).toBeUndefined();
    expect(unread.record.outcome).toBe("passed-with-findings");
    expect(unread.completed?.verified).toBe(false);
  });
});

describe("back up redis, where something cannot be had", () => {
  it.each(["findActiveCache", "completeSet", "prepareExport", "observeExport", "verifyExport"])(
    "fails with the reason of %s",
    async (name) => {
      const { record } = await backUp({ broken: { [name]: forbidden } });

      expect(record.outcome).toBe("failed");
      expect(record.reason).toContain("Forbidden: no");
    },
  );

  it("fails where the keys or the files cannot be copied", async () => {
    const keys = await backUp({ way: "snapshot", broken: { copyKeys: forbidden } });
    const files = await backUp({ broken: { copyCacheFiles: forbidden } });

    expect(keys.record).toMatchObject({ outcome: "failed", reason: "Forbidden: no" });
    expect(files.record).toMatchObject({
      outcome: "failed",
      reason: "the export was not copied into the recovery region",
    });
    expect(files.callsOf("removeCacheFiles")).toHaveLength(1);
  });

  it("makes no set of an empty cache where the sets cannot be looked at", async () => {
    const { record, callsOf } = await backUp({ counts: 0, broken: { findLatestSet: forbidden } });

    expect(record.reason).toContain("and the sets cannot be looked at: Forbidden: no");
    expect(callsOf("completeSet")).toEqual([]);
  });

  it("keeps the set where its settings cannot be had", async () => {
    const { record, callsOf } = await backUp({
      broken: { protectCache: forbidden, persistCache: forbidden },
    });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings).toEqual([
      "the cache's settings: Forbidden: no",
      "the cache's settings: Forbidden: no",
    ]);
    expect(callsOf("completeSet")).toHaveLength(1);
  });
});
