import * as backup from "../../src/activities/redis-backup.contract.js";
import * as contract from "../../src/activities/redis-restore.contract.js";
import type { RestoreOrder } from "../../src/domain/backup-order.js";
import type { Failure } from "../../src/domain/failure.js";
import { restoreRedis } from "../../src/orchestrators/restore-redis.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { production, restoreOrder, runProcedure } from "../support/procedure-run.js";
import { stub } from "../support/replay-driver.js";

const cache = production.redis.primary;
const takenAt = "2026-11-22T12:00:00.000Z";
const never: Failure = { class: "terminal", code: "Forbidden", message: "no" };
const set = "redis/it/20261122T120000Z-run/";

interface Stretch {
  readonly restored: number;
  readonly same?: number;
  readonly left?: number;
  readonly expired?: number;
  readonly leftBelow?: string[];
  readonly found?: string[];
}

interface Traits {
  readonly order: Partial<RestoreOrder>;
  readonly active: string | Failure;
  readonly found: Failure | { readonly way: "snapshot" | "export"; readonly empty: boolean };
  /** What the set says it holds. */
  readonly keys: number | undefined;
  readonly hasIdentity: boolean;
  /** What each stretch of a snapshot brings. */
  readonly stretches: readonly (Stretch | Failure)[];
  readonly copying: "done" | "failed";
  readonly imports: Partial<Record<"identity" | "sas", "failed" | Failure>>;
  /** What the cache serves after the import; undefined while it still has what it had. */
  readonly served: number | undefined;
  readonly cleaning: Failure | undefined;
  readonly preparing: Failure | undefined;
  readonly approves?: boolean | undefined;
}

async function restore(given: Partial<Traits> = {}) {
  const traits: Traits = {
    order: {},
    active: cache,
    found: { way: "export", empty: true },
    keys: 12,
    hasIdentity: true,
    stretches: [{ restored: 12 }],
    copying: "done",
    imports: {},
    served: 12,
    cleaning: undefined,
    preparing: undefined,
    ...given,
  };
  const { active, found, imports } = traits;
  const place = {
    endpoint: "https://prod.blob.core.windows.net",
    container: "redis-backups",
    prefix: "restores/run/",
    own: false,
  };
  const stretch = (nth: number) => {
    const it = traits.stretches[nth] ?? { restored: 0 };
    if ("class" in it) return { failure: it };
    const { restored, same = 0, left = 0, expired = 0, leftBelow = [], found: names = [] } = it;
    return {
      changed: true,
      done: restored + same + left + expired,
      ...{ restored, same, left, expired, leftBelow, found: names },
      ...(nth + 1 < traits.stretches.length ? { next: { part: nth + 1, skip: 0 } } : {}),
      detail: "put back",
    };
  };
  return runProcedure(
    restoreRedis,
    restoreOrder("redis", cache, traits.order),
    [
      stub(backup.findActiveCache, () =>
        typeof active === "object"
          ? { failure: active }
          : {
              side: "primary" as const,
              known: "observed" as const,
              id: active,
              way: "export" as const,
              kind: "classic" as const,
              tier: "Premium",
              location: "eastus",
              hasIdentity: true,
              detail: "in use",
            },
      ),
      stub(contract.findRestorableCache, () =>
        "class" in found
          ? { failure: found }
          : {
              ...found,
              takenAt,
              ...(traits.keys === undefined ? {} : { keys: traits.keys }),
              files: found.way === "export" ? [`${set}exports/_c0`] : [],
              name: "mine",
              kind: "classic" as const,
              location: "eastus",
              hasIdentity: traits.hasIdentity,
              detail: "found",
            },
      ),
      stub(contract.restoreSnapshot, ({ part }) => stretch(part)),
      stub(contract.prepareImport, () =>
        traits.preparing === undefined
          ? { changed: false, place, detail: "there" }
          : { failure: traits.preparing },
      ),
      stub(backup.copyCacheFiles, (_input, { attempt }) =>
        traits.copying === "failed"
          ? { done: 0, waiting: 0, failed: ["_c0 is gone"], detail: "gone" }
          : attempt < 2
            ? { done: 0, waiting: 1, failed: [], detail: "copying" }
            : { done: 1, waiting: 0, failed: [], detail: "copied" },
      ),
      stub(contract.startImport, ({ access }) => {
        const end = imports[access];
        if (typeof end === "object") return { failure: end };
        return { changed: true, operation: `poll-${access}`, detail: "importing" };
      }),
      stub(backup.observeCacheOperation, ({ operation }) =>
        imports[operation.slice("poll-".length) as "identity" | "sas"] === "failed"
          ? { state: "failed" as const, detail: "failed: no role" }
          : { state: "succeeded" as const, detail: "succeeded" },
      ),
      stub(contract.observeImport, () =>
        traits.served === undefined
          ? { imported: false, keys: 3, detail: "it still holds what it held" }
          : { imported: true, keys: traits.served, detail: "it serves" },
      ),
      stub(backup.removeCacheFiles, () =>
        traits.cleaning === undefined
          ? { changed: true, detail: "removed" }
          : { failure: traits.cleaning },
      ),
    ],
    { approves: traits.approves },
  );
}

describe("restore redis, key by key", () => {
  const found = { way: "snapshot", empty: true } as const;

  it("goes on where the last stretch ended, while it alone may change the cache", async () => {
    const { record, callsOf } = await keepsToHistory("redis-restore.snapshot", () =>
      restore({
        found,
        stretches: [{ restored: 10, same: 1 }, { restored: 5, expired: 2 }, { restored: 1 }],
      }),
    );

    expect(record).toMatchObject({
      outcome: "passed",
      reason: "16 keys were put back, 1 were there as they are in the set, 2 have expired since",
    });
    expect(callsOf("restoreSnapshot").map(({ input }) => input)).toMatchObject([
      { part: 0, skip: 0, overwrite: false },
      { part: 1 },
      { part: 2 },
    ]);
    expect(callsOf("restoreSnapshot")[0]?.caller.leases).toHaveLength(1);
    expect(callsOf("removeCacheFiles")).toEqual([]);
  });

  it("names what the set has not, and how what was left begins", async () => {
    const { record } = await restore({
      found,
      order: { items: ["rate:a", "rate:b", "quota:*"] },
      stretches: [{ restored: 1, left: 2, leftBelow: ["quota:"], found: ["rate:a"] }],
    });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings).toEqual([
      "the set holds no key rate:b",
      "2 keys were left as they are, because the cache has others of these names: quota:",
    ]);
  });

  it("fails where nothing of the set was wanted, or it cannot be read", async () => {
    const named = await restore({ found, order: { items: ["x*"] }, stretches: [{ restored: 0 }] });
    const empty = await restore({ found, keys: undefined, stretches: [{ restored: 0 }] });
    const broken = await restore({ found, stretches: [{ restored: 1 }, never] });

    expect(named.record).toMatchObject({
      outcome: "failed",
      reason: "the set holds none of these keys",
    });
    expect(empty.record).toMatchObject({ outcome: "failed", reason: "the set holds no keys" });
    expect(broken.record).toMatchObject({ outcome: "failed", reason: "Forbidden: no" });
  });

  it("plans by looking at each key, without a lease", async () => {
    const { record, callsOf } = await restore({ found, order: { mode: "plan" } });

    expect(record.outcome).toBe("planned");
    expect(callsOf("restoreSnapshot")[0]?.caller).toMatchObject({ mode: "plan", leases: [] });
    expect(callsOf("takeLease")).toEqual([]);
  });
});

describe("restore redis, by import", () => {
  it("copies the files, imports them, sees that they are served, and removes them", async () => {
    const { record, names, callsOf } = await keepsToHistory("redis-restore.import", () =>
      restore(),
    );

    expect(record).toMatchObject({
      outcome: "passed",
      reason: "12 keys were imported into mine",
      findings: [],
      approvals: [],
    });
    expect([...new Set(names)]).toEqual([
      "findActiveCache",
      "findRestorableCache",
      "prepareImport",
      "copyCacheFiles",
      "startImport",
      "observeCacheOperation",
      "observeImport",
      "removeCacheFiles",
    ]);
    expect(callsOf("startImport")[0]?.input).toMatchObject({
      access: "identity",
      files: ["restores/run/_c0"],
    });
  });

  it("takes a cache for one in use where nobody can say", async () => {
    for (const [active, is] of [
      [cache, true],
      [never, true],
      [production.redis.secondary ?? "other", false],
    ] as const) {
      const { callsOf } = await restore({ active });
      expect(callsOf("findRestorableCache")[0]?.input).toMatchObject({ active: is });
    }
  });

  it("goes over keys only after a person's yes, whoever has ordered it", async () => {
    const over = { order: { overwrite: true }, found: { way: "export", empty: false } } as const;
    const agreed = await restore({ ...over, approves: true });
    const denied = await restore({ ...over, approves: false });
    const silent = await restore(over);

    expect(agreed.record).toMatchObject({
      outcome: "passed",
      approvals: [{ step: "import-over" }],
    });
    for (const { record, names } of [denied, silent]) {
      expect(record.outcome).toBe("failed");
      expect(record.reason).toMatch(/^the import was not approved/);
      expect(names).not.toContain("prepareImport");
    }
  });

  it.each([["failed" as const], [never]])(
    "imports with a SAS where its identity ends in %p, and says so",
    async (end) => {
      const { record, callsOf } = await restore({ imports: { identity: end } });

      expect(record.outcome).toBe("passed-with-findings");
      expect(record.findings[0]).toMatch(/^the cache cannot import with its own identity/);
      expect(callsOf("startImport").map(({ input }) => input)).toMatchObject([
        { access: "identity" },
        { access: "sas" },
      ]);
    },
  );

  it.each<[string, Partial<Traits>, string]>([
    ["the files are gone", { copying: "failed" }, "the export was not copied into the region"],
    [
      "no import works",
      { hasIdentity: false, imports: { sas: "failed" } },
      "the import failed: no role",
    ],
    ["none can be begun", { hasIdentity: false, imports: { sas: never } }, "Forbidden: no"],
    [
      "the cache keeps what it had",
      { served: undefined },
      "the cache does not serve what was imported",
    ],
    ["nothing came of it", { served: 0 }, "the import brought no keys"],
  ])("fails, and leaves no file behind, where %s", async (_when, traits, reason) => {
    const { record, callsOf } = await restore(traits);

    expect(record).toMatchObject({ outcome: "failed", reason });
    expect(callsOf("removeCacheFiles")).toHaveLength(1);
  });

  it("fails before anything is copied where the set or the place cannot be had", async () => {
    const noSet = await restore({ found: never });
    const noPlace = await restore({ preparing: never });

    for (const { record, names } of [noSet, noPlace]) {
      expect(record).toMatchObject({ outcome: "failed", reason: "Forbidden: no" });
      expect(names).not.toContain("copyCacheFiles");
    }
  });

  it("says that an empty set made an empty cache, and which files stay", async () => {
    const { record } = await restore({ keys: 0, served: 0, cleaning: never });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings).toEqual([
      "the set holds no keys, and so does the cache now",
      "the export stays in redis-backups: Forbidden: no",
    ]);
  });

  it("plans without a lease, an approval or a removal", async () => {
    const { record, callsOf } = await restore({
      order: { mode: "plan", overwrite: true },
      found: { way: "export", empty: false },
    });

    expect(record.outcome).toBe("planned");
    for (const name of ["takeLease", "removeCacheFiles"]) expect(callsOf(name)).toEqual([]);
    expect(callsOf("startImport")[0]?.caller.mode).toBe("plan");
  });
});
