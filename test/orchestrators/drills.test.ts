import * as contract from "../../src/activities/drill.contract.js";
import { findActiveVault } from "../../src/activities/key-vault-backup.contract.js";
import { countCacheKeys } from "../../src/activities/redis-backup.contract.js";
import * as redis from "../../src/activities/redis-failure.contract.js";
import { observeTraffic } from "../../src/activities/traffic.contract.js";
import { seconds } from "../../src/domain/duration.js";
import type { DrillOrder, Undo } from "../../src/domain/drill.js";
import type { Failure } from "../../src/domain/failure.js";
import { instantOf } from "../../src/domain/instant.js";
import type { Outcome } from "../../src/domain/run-record.js";
import { drillContainerApp } from "../../src/orchestrators/drill-container-app.js";
import { drillKeyVault } from "../../src/orchestrators/drill-key-vault.js";
import { drillRedis } from "../../src/orchestrators/drill-redis.js";
import { drillRegion } from "../../src/orchestrators/drill-region.js";
import { undoDrill } from "../../src/orchestrators/undo-drill.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { broken, stub, type Stub } from "../support/replay-driver.js";
import { orderedAt, production, runProcedure } from "../support/procedure-run.js";

const never: Failure = { class: "terminal", code: "AuthorizationFailure", message: "no" };
const app = production.containerApp.primary;
const recovery = "container-app-failure-production-20261122T140200Z-ab12cd";

interface Traits {
  readonly admitted: readonly boolean[];
  readonly steady: boolean;
  /** Looks until the alert is there; never without a number. */
  readonly alertAfter: number | undefined;
  readonly outcome: Outcome | undefined;
  /** How long after the fault the recovery says that it has restored the app. */
  readonly took: number;
  readonly residue: boolean;
  readonly usersAway: boolean;
  readonly failing: Readonly<Record<string, Failure>>;
  readonly approves: boolean | undefined;
  readonly cancelAt: string | undefined;
}

const usual: Traits = {
  admitted: [true],
  steady: true,
  alertAfter: 3,
  outcome: "restored",
  took: 150_000,
  residue: false,
  usersAway: false,
  failing: {},
  approves: true,
  cancelAt: undefined,
};

function world(given: Partial<Traits>) {
  const is = { ...usual, ...given };
  let [admissions, looks, isBroken] = [0, 0, false];
  let brokenAt = orderedAt;
  const fields = (): Record<string, string> => ({ "serving revisions": isBroken ? "" : "v41" });
  return broken(
    [
      stub(contract.admitDrill, () => {
        const admitted = is.admitted[Math.min(admissions++, is.admitted.length - 1)] ?? true;
        return { admitted, findings: [], detail: admitted ? "it may begin" : "a run is under way" };
      }),
      stub(observeTraffic, () => {
        const endpoint = (name: string, enabled: boolean) => ({
          ...{ name, enabled, online: enabled },
          monitorStatus: enabled ? "Online" : "Disabled",
        });
        return {
          fqdn: "mcp.trafficmanager.net",
          ttl: seconds(60),
          enabled: 1,
          primary: endpoint("primary", !is.usersAway),
          secondary: endpoint("secondary", is.usersAway),
          detail: "",
        };
      }),
      stub(contract.observeDrilled, () => ({
        steady: is.steady && !isBroken,
        revision: "v41",
        fields: { ...fields(), ...(is.residue && looks > 0 ? { revisions: "v41, v42" } : {}) },
        detail: isBroken ? "nothing serves" : "v41 serves",
      })),
      stub(contract.injectFault, (_input, _caller, now) => {
        isBroken = true;
        brokenAt = instantOf(new Date(now));
        return { changed: true, brokenAt, detail: "deactivated v41" };
      }),
      stub(contract.observeDrill, () => {
        looks += 1;
        const alerted = is.alertAfter !== undefined && looks >= is.alertAfter;
        return {
          ...(alerted ? { recovery, rule: "mcp-health" } : {}),
          undo: { kind: "activate-revision" as const, app, revision: "v41" },
          brokenAt,
          detail: alerted ? "alert mcp-health" : "no alert yet",
        };
      }),
      stub(contract.orderPracticeRun, () => ({ changed: true, run: recovery, detail: "started" })),
      stub(contract.observeRun, (_input, _caller, now) => {
        const since = Date.parse(brokenAt) + is.took;
        if (is.outcome === undefined || now < since)
          return { ended: false, findings: [], detail: "runs" };
        isBroken &&= is.outcome === "needs-operator";
        return {
          ended: true,
          outcome: is.outcome,
          restoredAt: instantOf(new Date(since)),
          reason: "it is so",
          findings: ["one thing"],
          detail: is.outcome,
        };
      }),
      stub(contract.stopPracticeRun, () => ({ changed: true, detail: "is being canceled" })),
      stub(contract.undoFault, () => {
        isBroken = false;
        return { changed: true, detail: "activated v41" };
      }),
      stub(contract.markDrill, () => ({ changed: true, detail: "marked" })),
      stub(contract.compareDrill, ({ took, target }) => ({
        within: took !== undefined && took <= target,
        detail: "compared",
      })),
    ],
    is.failing,
  );
}

const order = (more: Partial<DrillOrder> = {}): DrillOrder => ({
  environment: "production",
  drill: "q1",
  resource: app,
  mode: "execute",
  authority: "act",
  trigger: { kind: "operator", who: "olga", source: "entra", reason: "practice" },
  detectedAt: orderedAt,
  estate: production,
  ...more,
});

const practise = (given: Partial<Traits> = {}, more: Partial<DrillOrder> = {}) => {
  const { approves, cancelAt } = { ...usual, ...given };
  return runProcedure(drillContainerApp, order(more), world(given), { approves, cancelAt });
};

describe("a drill", () => {
  it("passes where the alert starts the recovery, all in time, and leaves nothing", async () => {
    const run = await keepsToHistory("container-app-drill.passed", () => practise());

    expect(run.record).toMatchObject({ kind: "drill", outcome: "passed", findings: [] });
    expect(run.record.withinRto.scenario).toBe(true);
    // The clock starts with the fault, whatever the approval took.
    expect(Date.parse(run.record.restoredAt!) - Date.parse(run.record.detectedAt)).toBe(150_000);
    expect(run.callsOf("orderPracticeRun")).toEqual([]);
    const marks = run.callsOf("markDrill").map(({ input }) => (input as { status: string }).status);
    expect(marks).toEqual(["undone", "ended"]);
  });

  it("starts the recovery itself where no alert comes, and says that it had to", async () => {
    const { record, callsOf } = await practise({ alertAfter: undefined, took: 400_000 });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings[0]).toContain("no alert came within 5 min");
    expect(callsOf("orderPracticeRun")[0]?.input).toMatchObject({
      order: { kind: "recovery", scenario: "container-app-failure", resource: app },
    });
  });

  it.each<[string, Partial<Traits>, string, string]>([
    ["it may not begin", { admitted: [false] }, "canceled", "a run is under way"],
    [
      "users are in the other region",
      { usersAway: true },
      "canceled",
      "fail the region back first",
    ],
    ["not all is well", { steady: false }, "canceled", "not all is well"],
    ["it is denied", { approves: false }, "canceled", "it was denied"],
    ["nobody approves", { approves: undefined }, "canceled", "nobody approved it in time"],
    [
      "a run came while it was waited for",
      { admitted: [true, false] },
      "canceled",
      "a run is under way",
    ],
  ])("breaks nothing where %s", async (_what, given, outcome, reason) => {
    const { record, names } = await practise(given);

    expect(record.outcome).toBe(outcome);
    expect(record.reason).toContain("nothing was broken");
    expect(record.reason).toContain(reason);
    expect(names).not.toContain("injectFault");
    expect(names).not.toContain("undoFault");
  });

  it.each<[string, Partial<Traits>, string, string]>([
    ["the recovery needs a person", { outcome: "needs-operator" }, "failed", "needs-operator"],
    ["the recovery takes too long", { took: 16 * 60_000 }, "failed", "not within 15 min"],
    ["the recovery does not end", { outcome: undefined }, "failed", "has not ended in time"],
    [
      "something is left behind",
      { residue: true },
      "failed",
      "revisions was absent and is v41, v42",
    ],
    ["the fault cannot be undone", { failing: { undoFault: never } }, "failed", "still there"],
    [
      "the injection is refused",
      { failing: { injectFault: never } },
      "failed",
      "nothing was broken",
    ],
  ])("fails and undoes where %s", async (_what, given, outcome, reason) => {
    const { record, names } = await practise(given);

    expect(record.outcome).toBe(outcome);
    expect(record.reason).toContain(reason);
    expect(names).toContain("undoFault");
  });

  it("is canceled at any moment, stops the recovery and undoes its fault", async () => {
    const run = await keepsToHistory("container-app-drill.canceled", () =>
      practise({ cancelAt: "await-recovery" }),
    );

    expect(run.record.outcome).toBe("canceled");
    expect(run.record.reason).toContain("what the drill had broken is undone");
    const after = run.names.slice(run.names.indexOf("observeRun"));
    expect(after.indexOf("stopPracticeRun")).toBeLessThan(after.indexOf("undoFault"));
    expect(after).toContain("undoFault");
  });

  it("tells what it would do, and breaks nothing in a plan", async () => {
    const { record } = await practise({}, { mode: "plan" });

    expect(record.outcome).toBe("planned");
    expect(record.plan?.changes.map(({ step }) => step)).toContain("inject");
    expect(record.findings).toEqual([]);
  });
});

describe("the drill of the region", () => {
  const front = production.trafficManager!.profile;
  const own = new Set(["observeRun", "orderPracticeRun", "injectFault"]);
  const regional = (outcome: Outcome | undefined, back: Outcome, refuses?: string) =>
    runProcedure(
      drillRegion,
      order({ drill: "q4", resource: front }),
      [
        ...world({}).filter(({ name }) => !own.has(name)),
        stub(contract.injectFault, (_input, _caller, now) => ({
          changed: false,
          brokenAt: instantOf(new Date(now)),
          detail: "nothing is broken",
        })),
        stub(contract.orderPracticeRun, ({ order: { kind } }) => {
          if (kind === refuses) return { failure: never };
          return {
            changed: true,
            run: `${kind}-production-20261122T140200Z-ab12cd`,
            detail: "started",
          };
        }),
        stub(contract.observeRun, ({ run }, _caller, now) => {
          const ends = run.startsWith("recovery") ? outcome : back;
          return {
            ended: ends !== undefined,
            outcome: ends,
            restoredAt: instantOf(new Date(now)),
            reason: "it is so",
            findings: ["the replica lagged"],
            detail: run,
          };
        }),
      ],
      { approves: true },
    );

  it("leads users away by the recovery and back by the failback", async () => {
    const { record, callsOf } = await keepsToHistory("region-drill.passed", () =>
      regional("failed-over", "failed-back"),
    );

    expect(record.outcome).toBe("passed-with-findings");
    const kinds = callsOf("orderPracticeRun").map(
      ({ input }) => (input as { order: { kind: string } }).order.kind,
    );
    expect(kinds).toEqual(["recovery", "failback"]);
  });

  it("takes over what the recovery has found", async () => {
    const { record } = await regional("failed-over", "failed-back");

    expect(record.findings).toEqual([expect.stringContaining("the replica lagged")]);
  });

  it.each<[string, Outcome | undefined, Outcome, string | undefined, string]>([
    [
      "users cannot be led back",
      "failed-over",
      "needs-operator",
      undefined,
      "the drill's fault is still there",
    ],
    ["no failback is started", "failed-over", "failed-back", "failback", "still there: "],
    ["the recovery is refused", "failed-over", "not-needed", "recovery", never.message],
    ["the recovery does not end", undefined, "not-needed", undefined, "not ended in time"],
    ["the recovery fails", "failed", "not-needed", undefined, "it is so"],
  ])("fails where %s", async (_what, outcome, back, refuses, says) => {
    const { record } = await regional(outcome, back, refuses);

    expect(record.outcome).toBe("failed");
    expect(record.reason).toContain(says);
  });

  it("is not applicable where there is one region", async () => {
    const { trafficManager: _, ...single } = production;
    const { record } = await runProcedure(
      drillRegion,
      order({ drill: "q4", resource: front, estate: single }),
      world({}),
    );

    expect(record.outcome).toBe("canceled");
    expect(record.reason).toContain("single-region estate");
  });
});

describe("the drill of the cache", () => {
  const cache = production.redis.primary;
  const found = stub(redis.findCacheInUse, () => ({
    ...{ side: "primary" as const, known: "observed" as const },
    id: cache,
    detail: "in use",
  }));
  const shape = stub(redis.inspectCache, () => ({
    ...{ kind: "classic" as const, hasReplica: true, shards: 0 },
    detail: "classic",
  }));
  /** The primary node is away for so many looks at the cache. */
  const rebooted = (looksAway: number, failing: Traits["failing"] = {}) => {
    let [isAway, looks] = [false, 0];
    const q3 = order({ drill: "q3", resource: cache });
    const stubs = world({ alertAfter: undefined }).filter(
      ({ name }) => !["observeDrilled", "injectFault"].includes(name),
    );
    const answers = [
      found,
      shape,
      ...stubs,
      stub(contract.injectFault, (_input, _caller, now) => {
        isAway = true;
        return { changed: true, brokenAt: instantOf(new Date(now)), detail: "rebooted" };
      }),
      stub(contract.observeDrilled, () => {
        const steady = !isAway || ++looks > looksAway;
        return { steady, fields: { state: "Succeeded" }, detail: steady ? "answers" : "silent" };
      }),
    ];
    return runProcedure(drillRedis, q3, broken(answers, failing), { approves: true });
  };

  it("measures until the replica has taken over, and has the ordinary recovery say so", async () => {
    const { record, callsOf } = await keepsToHistory("redis-drill.passed", () => rebooted(3));

    expect(record).toMatchObject({ outcome: "passed", findings: [] });
    const took = Date.parse(record.restoredAt!) - Date.parse(record.detectedAt);
    expect(took).toBeLessThan(60_000);
    expect(callsOf("orderPracticeRun")).toHaveLength(1);
    expect(callsOf("undoFault")).toEqual([]);
  });

  it("leaves to the ordinary recovery what the replica does not take over", async () => {
    const { record } = await rebooted(25);

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings[0]).toContain("no alert came within 5 min");
  });

  it.each(["findCacheInUse", "inspectCache"])(
    "breaks nothing where %s is refused",
    async (refused) => {
      const { record, names } = await rebooted(0, { [refused]: never });

      expect(record.outcome).toBe("canceled");
      expect(record.reason).toContain(never.message);
      expect(names).not.toContain("injectFault");
    },
  );

  const of = (kind: "classic" | "managed", hasReplica: boolean, shards = 0) =>
    runProcedure(drillRedis, order({ drill: "q3", resource: production.redis.primary }), [
      found,
      stub(redis.inspectCache, () => ({ kind, hasReplica, shards, detail: kind })),
    ]);

  it.each([
    ["a managed cache", "managed", true, 0, "Azure Managed Redis"],
    ["a node without a replica", "classic", false, 0, "no node stands in"],
    ["a cluster", "classic", true, 3, "a cluster"],
  ] as const)(
    "is not applicable to %s, with the reason",
    async (_what, kind, replica, shards, says) => {
      const { record, names } = await of(kind, replica, shards);

      expect(record.outcome).toBe("canceled");
      expect(record.reason).toContain("not applicable");
      expect(record.reason).toContain(says);
      expect(names).not.toContain("injectFault");
    },
  );
});

describe("the drill of all nodes of the cache", () => {
  const cache = production.redis.primary;
  const set = "redis/mcp-server-prod-redis/20261122T133000Z-backup/";
  const restore = "restore-redis-production-20261122T141000Z-ab12cd";

  interface Case {
    /** When the set was taken that each look finds; undefined: there is none. */
    readonly takenAt: readonly (string | undefined)[];
    readonly way: "snapshot" | "export";
    readonly persistent: boolean;
    readonly linked: boolean;
    /** How many of 1,200 keys are there when the nodes are back; undefined: nobody can count. */
    readonly left: number | undefined;
    readonly restored: Outcome;
    readonly failing: Traits["failing"];
    readonly approves: boolean;
  }

  const allNodes = (given: Partial<Case> = {}, more: Partial<DrillOrder> = {}) => {
    const is: Case = {
      ...{ takenAt: ["2026-11-22T13:30:00.000Z"], way: "snapshot", persistent: false },
      ...{ linked: false, left: 0, restored: "passed", failing: {}, approves: true, ...given },
    };
    let [isBroken, looks, finds] = [false, 0, 0];
    const own = new Set(["observeDrilled", "injectFault", "orderPracticeRun", "observeRun"]);
    const stubs = [
      ...world({ alertAfter: undefined }).filter(({ name }) => !own.has(name)),
      stub(redis.findCacheInUse, () => ({
        ...{ side: "primary" as const, known: "observed" as const, id: cache, detail: "in use" },
      })),
      stub(redis.inspectCache, () => ({
        ...{ kind: "classic" as const, hasReplica: true, shards: 0, detail: "classic" },
      })),
      stub(contract.findCacheExport, () => {
        const takenAt = is.takenAt[Math.min(finds++, is.takenAt.length - 1)];
        const { way, persistent, linked } = is;
        return {
          linked,
          ...(takenAt === undefined
            ? {}
            : { found: { cache, set, takenAt, way, held: 1_200, persistent } }),
          detail: "looked",
        };
      }),
      stub(contract.injectFault, (_input, _caller, now) => {
        isBroken = true;
        return { changed: true, brokenAt: instantOf(new Date(now)), detail: "rebooting" };
      }),
      // The nodes go down after two looks, and are back after 20.
      stub(contract.observeDrilled, () => {
        const steady = !isBroken || ++looks <= 2 || looks > 20;
        return { steady, fields: { state: "Succeeded" }, detail: steady ? "answers" : "silent" };
      }),
      stub(countCacheKeys, () =>
        is.left === undefined ? { failure: never } : { count: is.left, detail: `${is.left} keys` },
      ),
      stub(contract.orderPracticeRun, ({ order: { kind } }) => ({
        ...{ changed: true, run: kind === "restore" ? restore : recovery, detail: "started" },
      })),
      stub(contract.observeRun, ({ run: seen }) => ({
        ...{ ended: true, findings: [], detail: "ended" },
        outcome: seen === restore ? is.restored : ("not-needed" as const),
        reason: seen === restore ? "1,198 keys were put back" : "all is well",
      })),
    ];
    const q3 = order({ drill: "q3", nodes: "all", resource: cache, ...more });
    return runProcedure(drillRedis, q3, broken(stubs, is.failing), { approves: is.approves });
  };
  const ordersOf = ({ callsOf }: Awaited<ReturnType<typeof allNodes>>) =>
    callsOf("orderPracticeRun").map(({ input }) => (input as { order: { kind: string } }).order);

  it("reboots them once it is approved, and restores what the cache has lost", async () => {
    const run = await keepsToHistory("redis-drill.all-nodes", () => allNodes());

    expect(run.record.outcome).toBe("passed-with-findings");
    expect(run.record.findings).toEqual([
      expect.stringMatching(
        /1200 keys before .* and 0 after; .*: passed, 1,198 keys were put back/,
      ),
    ]);
    expect(run.callsOf("injectFault")[0]?.input).toMatchObject({
      fault: { kind: "reboot-all", cache },
      undo: { kind: "restore-cache", set, held: 1_200 },
    });
    // What the cache has taken up since stays as it is.
    expect(ordersOf(run).at(-1)).toMatchObject({ set, items: ["*"], overwrite: false });
    expect(run.record.approvals[0]?.expectedLoss).toContain("all 1200 keys");
    // The set is looked for again after the approval.
    expect(run.callsOf("findCacheExport")).toHaveLength(2);
    // It is measured from the fault until the nodes are back, not from before they went down.
    const took = Date.parse(run.record.restoredAt!) - Date.parse(run.record.detectedAt);
    expect(took).toBeGreaterThan(60_000);
  });

  it("is asked for outside of production as well", async () => {
    const { record, names } = await allNodes({ approves: false }, { environment: "staging" });

    expect(record.outcome).toBe("canceled");
    expect(record.reason).toContain("it was denied");
    expect(names).not.toContain("injectFault");
  });

  it.each<[string, Partial<Case>, Partial<DrillOrder>, string]>([
    ["there is no export", { takenAt: [undefined] }, {}, 'POST /api/backups {"environment"'],
    [
      "the export is too old",
      { takenAt: ["2026-11-22T12:59:00.000Z"] },
      {},
      "is 1 h 01 min old; make one first",
    ],
    [
      "it is too old after the approval",
      { takenAt: ["2026-11-22T13:30:00.000Z", "2026-11-22T12:50:00.000Z"] },
      {},
      "make one first",
    ],
    ["it is denied", { approves: false }, {}, "it was denied"],
    ["the cache is linked", { linked: true }, {}, "takes no import"],
    ["nobody can say", { failing: { findCacheExport: never } }, {}, never.message],
    [
      "the calendar wants it",
      {},
      { trigger: { kind: "timer", schedule: "the drill of 2026-Q3" } },
      "by order of a person alone",
    ],
  ])("breaks nothing where %s", async (_what, given, more, says) => {
    const { record, names } = await allNodes(given, more);

    expect(record.outcome).toBe("canceled");
    expect(record.reason).toContain("nothing was broken");
    expect(record.reason).toContain(says);
    expect(names).not.toContain("injectFault");
  });

  it("restores an export whole, and what nobody could count", async () => {
    const run = await allNodes({ way: "export", left: undefined });

    expect(ordersOf(run).at(-1)).toMatchObject({ items: [], overwrite: true });
    expect(run.record.findings[0]).toContain("nobody knows how many");
  });

  it.each<[string, Partial<Case>, string, readonly string[]]>([
    ["is as full as before", { left: 1_201 }, "passed", []],
    [
      "has loaded what it had saved",
      { left: 3, persistent: true },
      "passed-with-findings",
      ["POST /api/restores"],
    ],
    ["lacks a few keys", { left: 1_150 }, "passed-with-findings", ["POST /api/restores"]],
  ])("orders no restore where the cache %s", async (_what, given, outcome, says) => {
    const run = await allNodes(given);

    expect(run.record.outcome).toBe(outcome);
    expect(run.record.findings).toEqual(
      says.map((each) => expect.stringContaining(each) as string),
    );
    expect(ordersOf(run).map(({ kind }) => kind)).toEqual(["recovery"]);
  });

  it("fails with the order for a person where the restore does", async () => {
    const { record, callsOf } = await allNodes({ restored: "failed" });

    expect(record.outcome).toBe("failed");
    expect(record.findings[0]).toContain(`"from":"${set}"`);
    expect(record.nextSteps).toEqual(["Restore the keys by the order that the findings name"]);
    // An ordinary run has it in hand: it is not ordered once more.
    const marks = callsOf("markDrill").map(({ input }) => (input as { status: string }).status);
    expect(marks).toEqual(["undone", "ended"]);
  });

  it("leaves it to others where no restore can be ordered", async () => {
    const run = await allNodes({ failing: { orderPracticeRun: never } });

    expect(run.record.outcome).toBe("failed");
    expect(run.record.reason).toContain("no restore was started");
    const marks = run.callsOf("markDrill").map(({ input }) => (input as { status: string }).status);
    expect(marks).toEqual(["ended"]);
  });

  it("tells in a plan what it would do", async () => {
    const { record, names } = await allNodes({}, { mode: "plan" });

    expect(record.outcome).toBe("planned");
    expect(record.plan?.changes.map(({ step }) => step)).toContain("inject-all");
    expect(names).not.toContain("countCacheKeys");
  });
});

describe("the drill of the vault", () => {
  it("deletes a secret after a backup, recovers it and has the set proven", async () => {
    const vault = production.keyVault.primary;
    let isDeleted = false;
    const { record, callsOf } = await keepsToHistory("key-vault-drill.passed", () =>
      runProcedure(
        drillKeyVault,
        order({ drill: "q2", resource: vault }),
        [
          ...world({}).filter(({ name }) => name !== "observeRun"),
          stub(findActiveVault, () => ({
            ...{ side: "primary" as const, known: "observed" as const },
            ...{ id: vault, uri: "https://mcp-prod-kv.vault.azure.net/", location: "eastus" },
            detail: "in use",
          })),
          stub(contract.makeTestSecret, () => ({ changed: true, detail: "made" })),
          stub(contract.injectFault, (_input, _caller, now) => {
            isDeleted = true;
            return { changed: true, brokenAt: instantOf(new Date(now)), detail: "deleted" };
          }),
          stub(contract.undoFault, () => {
            isDeleted = false;
            return { changed: true, detail: "recovered" };
          }),
          stub(contract.observeDrilled, () => ({
            steady: !isDeleted,
            fields: { "in soft deletion": String(isDeleted) },
            detail: isDeleted ? "gone" : "there",
          })),
          stub(contract.observeRun, () => ({
            ended: true,
            outcome: "passed" as const,
            reason: "it is so",
            findings: [],
            detail: "ended",
          })),
        ],
        { approves: true },
      ),
    );

    expect(record).toMatchObject({ outcome: "passed", findings: [] });
    const kinds = callsOf("orderPracticeRun").map(
      ({ input }) => (input as { order: { kind: string } }).order.kind,
    );
    expect(kinds).toEqual(["backup", "proof"]);
  });
});

describe("the undo in a drill's stead", () => {
  const undo = (given: Partial<Traits>, looks: readonly Stub[] = []) =>
    runProcedure(
      undoDrill,
      { ...order(), of: "drill-q1-production-20261122T140000Z-ab12cd" } as DrillOrder,
      broken([...world(given), ...looks], given.failing ?? {}),
    );

  it("mends what is written down", async () => {
    const { record, callsOf } = await keepsToHistory("drill-undo.mended", () => undo({}));

    expect(record.outcome).toBe("passed-with-findings");
    expect(callsOf("undoFault")[0]?.input).toEqual({
      undo: { kind: "activate-revision", app, revision: "v41" },
    });
    expect(callsOf("markDrill")).toHaveLength(2);
  });

  it("ends where nothing is to be undone, or nobody can say", async () => {
    const idle = stub(contract.observeDrill, () => ({ detail: "no drill is in hand" }));
    const none = await undo({}, [idle]);
    const blind = await undo({ failing: { observeDrill: never } });

    expect(none.record.outcome).toBe("passed");
    expect(blind.record).toMatchObject({
      outcome: "failed",
      reason: expect.stringContaining("no") as unknown,
    });
    expect([...none.names, ...blind.names]).not.toContain("undoFault");
  });

  it("orders the restore of a cache that a drill has emptied, once", async () => {
    const cache = production.redis.primary;
    const [set, takenAt] = ["redis/mine/20261122T133000Z-backup/", "2026-11-22T13:30:00.000Z"];
    const emptied: Undo = {
      ...{ kind: "restore-cache" as const, cache, set, takenAt, way: "snapshot" as const },
      ...{ held: 1_200, persistent: false },
    };
    const { record, callsOf } = await undo({ outcome: "passed" }, [
      stub(contract.observeDrill, () => ({ undo: emptied, detail: "not undone" })),
      stub(countCacheKeys, () => ({ count: 0, detail: "no keys" })),
    ]);

    expect(record.outcome).toBe("passed-with-findings");
    expect(callsOf("orderPracticeRun").map(({ input }) => input)).toMatchObject([
      { order: { kind: "restore", of: "redis", cache, set, items: ["*"], overwrite: false } },
    ]);
    expect(callsOf("undoFault")).toEqual([]);
  });

  it("says loudly that it could not", async () => {
    const { record, callsOf } = await undo({ failing: { undoFault: never } });

    expect(record.outcome).toBe("failed");
    expect(record.nextSteps).toEqual(["Undo it by hand now"]);
    expect(callsOf("markDrill")).toEqual([]);
  });
});
