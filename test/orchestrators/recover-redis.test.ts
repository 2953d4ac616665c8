import fc from "fast-check";
import { Checkpoint } from "../../src/domain/checkpoint.js";
import { elapsed, instantOf } from "../../src/domain/instant.js";
import { hours, minutes } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import type { RecoveryOrder } from "../../src/domain/recovery-order.js";
import { verbEvent } from "../../src/domain/verb.js";
import { recoverRedis } from "../../src/orchestrators/recover-redis.js";
import { redisFailure } from "../../src/scenarios/redis-failure.js";
import { keepsToHistory } from "../support/recorded-history.js";
import {
  cachePatient,
  left,
  primary,
  production,
  secondary,
  type CacheTraits,
} from "../support/cache-patient.js";
import { comingBackMeanwhile } from "../support/answering.js";
import { detectedAt, orderOf, runOf } from "../support/estates.js";
import { replay, type People, type Replayed } from "../support/replay-driver.js";

const startAt = Date.parse(detectedAt) + 6_000;
const instanceId = runOf("redis-failure");
const refused: Failure = { class: "terminal", code: "creation-refused", message: "retiring" };
const terminal: Failure = { class: "terminal", code: "Forbidden", message: "no" };
const transient: Failure = { class: "transient", code: "http-500", message: "later" };
const busy: Failure = { class: "busy", code: "Conflict", message: "busy" };

/** Answers every request for approval after a minute. */
const answering = (decision: "approve" | "deny"): People => {
  const answered = new Set<string>();
  return (status, now) =>
    Checkpoint.parse(status)
      .approvals.filter(({ status: state, nonce }) => state === "open" && !answered.has(nonce))
      .map(({ nonce }) => {
        answered.add(nonce);
        const data = {
          id: nonce,
          verb: "approval",
          nonce,
          decision,
          by: { name: "Ada", source: "entra" },
          at: instantOf(new Date(now + 60_000)),
          reason: "seen",
        };
        return { name: verbEvent, data, after: 60_000 };
      });
};

async function recover(
  traits: Partial<CacheTraits>,
  order: Partial<RecoveryOrder> = {},
  people: People = answering("approve"),
) {
  const subject = cachePatient(traits);
  const replayed = await replay(recoverRedis, {
    instanceId,
    input: orderOf({ scenario: "redis-failure", resource: primary, ...order }),
    stubs: subject.stubs,
    startAt,
    people,
  });
  const { record, closedWith, uses } = subject;
  return { ...replayed, record: record(), closedWith: closedWith(), uses: uses() };
}

const stepsOf = (record: { steps: readonly { id: string }[] }) => record.steps.map(({ id }) => id);
const mutating =
  /^(reboot|startUnlink|startCreation|startDatabase|startImport|restoreSnapshot|writeConnection|restartRevision)/;
const changes = (run: Replayed) =>
  run.calls.map(({ name }) => name).filter((name) => mutating.test(name));
const withRecovery = (recovery: object): RecoveryOrder["estate"] => ({
  ...production,
  redis: { ...production.redis, recovery: { ...production.redis.recovery, ...recovery } },
});
const ofTier = (tier: "Basic" | "Standard"): RecoveryOrder["estate"] => {
  const { secondary: _none, ...redis } = production.redis;
  return { ...production, redis: { ...redis, tier } };
};

describe("recover Redis", () => {
  it("changes nothing when the app is well with its cache", async () => {
    const run = await recover({ heals: "already" });

    expect(run.record.outcome).toBe("not-needed");
    expect(changes(run)).toEqual([]);
    expect(run.calls.map(({ name }) => name)).not.toContain("takeLease");
    expect(run.closedWith).toBe("not-needed");
  });

  it("takes it for a finding about the service when it alone cannot connect", async () => {
    const run = await recover({ heals: "never", own: "failed", health: "well" });

    expect(run.record.outcome).toBe("not-needed");
    expect(run.record.findings[0]).toContain("this service alone cannot use mcp-redis-prod");
    expect(changes(run)).toEqual([]);
  });

  it("changes nothing on the word of an alert alone", async () => {
    const run = await recover({ heals: "never", own: "unknown", health: "unknown" });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("fewer than two independent sources");
    expect(changes(run)).toEqual([]);
  });

  it("leaves a standby alone that fails while the app uses the other side", async () => {
    const run = await recover({ active: "secondary" });

    expect(run.record.outcome).toBe("not-needed");
    expect(run.record.nextSteps[0]).toContain("mcp-redis-prod");
    expect(run.calls.map(({ name }) => name)).not.toContain("takeLease");
  });

  it("brings the app to the cache that the vault names where an earlier run ended half-way", async () => {
    const run = await recover({ active: "secondary", stuckAt: "primary", heals: "already" });

    expect(run.record.outcome).toBe("restored");
    expect(changes(run)).toEqual(["writeConnection", "restartRevision"]);
    expect(run.uses).toBe(secondary);
  });

  it("recovers what is in use when a person orders it, whatever he names", async () => {
    const trigger = { kind: "operator", who: "Olga", source: "entra", reason: "x" } as const;
    const run = await recover({ active: "secondary" }, { trigger });

    expect(run.record.outcome).toBe("restored");
    expect(run.calls.find(({ name }) => name === "rebootPrimary")?.input).toMatchObject({
      cache: secondary,
    });
  });

  it("reboots the primary node and verifies", async () => {
    const run = await recover({});

    expect(run.record).toMatchObject({ outcome: "restored", findings: [] });
    expect(stepsOf(run.record)).toEqual([
      ...["find-active", "find-app", "confirm", "recheck"],
      ...["reboot-primary", "await-reboot", "verify"],
    ]);
    expect(changes(run)).toEqual(["rebootPrimary"]);
    expect(elapsed(detectedAt, run.record.restoredAt ?? "")).toBeLessThan(minutes(2));
  });

  it("reboots the shards of a cluster one after the other until it is well", async () => {
    const run = await recover({ shards: 3 });

    const shards = run.calls.filter(({ name }) => name === "rebootPrimary");
    expect(shards.map(({ input }) => (input as { shard: number }).shard)).toEqual([0, 1, 2]);
    expect(run.record.outcome).toBe("restored");
  });

  it.each([
    ["the cache heals itself", "itself"],
    ["the app is well again, and this service alone cannot connect,", "for-the-app"],
  ] as const)("touches nothing when %s before the first change", async (_what, heals) => {
    const run = await recover({ heals });

    expect(run.record.outcome).toBe("not-needed");
    expect(changes(run)).toEqual([]);
  });

  it("does not make a new cache because one look at the standby failed", async () => {
    const once = await recover({ heals: "replacement", failing: { inspectStandby: [transient] } });
    const never = await recover({ heals: "replacement", failing: { inspectStandby: terminal } });

    expect(once.uses).toBe(secondary);
    expect(changes(once)).not.toContain("startCreation");
    expect(never.record.findings).toContain(
      "mcp-redis-prod-dr could not be looked at: Forbidden: no",
    );
  });

  it.each([0, 2_000])(
    "brings nothing into a standby with %d keys while it is not known which cache is in use",
    async (standbyKeys) => {
      const run = await recover({
        ...{ heals: "replacement", standby: "none", active: "unknown", standbyKeys },
      });

      expect(run.record.outcome).toBe("failed-over");
      expect(run.record.findings.join()).toContain("it cannot be ruled out that the app uses it");
      expect(changes(run)).toEqual(["rebootPrimary", "writeConnection", "restartRevision"]);
    },
  );

  it("claims nothing of an app that it could not ask", async () => {
    const { record } = await recover({
      ...{ heals: "replacement", failing: { observeApp: [terminal] } },
    });

    expect(record.outcome).toBe("failed-over");
    expect(record.findings.join()).toContain("nobody has seen whether it uses the cache");
    expect(record.findings.join()).not.toContain("younger");
  });

  it("asks before it reboots the only node of a Basic cache, and goes on without", async () => {
    const denied = await recover({ hasReplica: false }, {}, answering("deny"));
    const approved = await recover({ hasReplica: false });

    expect(denied.record.approvals[0]).toMatchObject({
      step: "reboot-only-node",
      status: "denied",
    });
    expect(changes(denied)).not.toContain("rebootPrimary");
    expect(approved.record.outcome).toBe("restored");
    expect(approved.record.dataLoss).toContain("every key");
    expect(approved.record.nextSteps[0]).toContain("/api/restores");
    expect(changes(approved)).toEqual(["rebootPrimary"]);
  });

  it("gives the app the right key when it alone is not let in", async () => {
    const run = await recover({ heals: "key", own: "well" });

    expect(run.record).toMatchObject({ outcome: "restored" });
    expect(changes(run)).toEqual(["writeConnection", "restartRevision"]);
  });

  it("replaces nothing when the whole region is down", async () => {
    const run = await recover({ heals: "never", regionDown: true });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("the region itself seems to be down");
    expect(changes(run)).toEqual(["rebootPrimary"]);
  });

  it("unlinks the geo-replica with approval, and moves the app", async () => {
    const run = await recover({ heals: "replacement" });

    expect(run.record).toMatchObject({
      outcome: "failed-over",
      dataLoss: "its keys are those of the replica",
      approvals: [{ step: "unlink", status: "approved" }],
    });
    expect(changes(run)).toEqual([
      ...["rebootPrimary", "startUnlink", "writeConnection", "restartRevision"],
    ]);
    expect(run.uses).toBe(secondary);
    expect(elapsed(detectedAt, run.record.restoredAt ?? "")).toBeLessThan(minutes(15));
  });

  it("parts nothing, and replaces nothing, where the cache became well while people were asked", async () => {
    const { people, comesBackOnce } = comingBackMeanwhile();
    const run = await recover({ heals: "replacement", comesBackOnce }, {}, people);

    expect(run.record.approvals).toMatchObject([{ step: "unlink", status: "approved" }]);
    expect(run.record.outcome).toBe("not-needed");
    expect(changes(run)).toEqual(["rebootPrimary"]);
  });

  it("reboots no only node that became well while people were asked", async () => {
    const { people, comesBackOnce } = comingBackMeanwhile();
    const run = await recover({ heals: "reboot", hasReplica: false, comesBackOnce }, {}, people);

    expect(run.record.approvals).toMatchObject([{ step: "reboot-only-node", status: "approved" }]);
    expect(run.record.outcome).toBe("not-needed");
    expect(changes(run)).toEqual([]);
  });

  it("makes a cache when nobody approves the unlinking", async () => {
    const run = await recover({ heals: "replacement" }, {}, answering("deny"));

    expect(changes(run)).not.toContain("startUnlink");
    expect(run.record.outcome).toBe("failed-over");
    expect(run.record.findings[0]).toMatch(/^mcp-redis-prod-dr stays a replica: not-approved/);
    expect(run.uses).toMatch(/redisEnterprise\/mcp-redis-prod-dr-ab12cd$/);
    expect(run.record.nextSteps[0]).toContain("in the estate file");
  });

  it("leaves time for another way where nobody answers", async () => {
    const run = await recover({ heals: "replacement" }, {}, () => []);

    const [asked] = run.record.approvals;
    const left = elapsed(asked?.requestedAt ?? "", run.record.deadlines.scenarioAt);
    expect(asked).toMatchObject({ step: "unlink", status: "expired" });
    expect(elapsed(asked?.requestedAt ?? "", asked?.expiresAt ?? "")).toBe(left / 2);
    expect(run.record.outcome).toBe("failed-over");
    expect(elapsed(detectedAt, run.record.restoredAt ?? "")).toBeLessThan(minutes(30));
  });

  it("gives people five minutes also when the target has passed", async () => {
    const longAgo = instantOf(new Date(startAt - hours(2)));
    const run = await recover({ heals: "replacement" }, { detectedAt: longAgo }, () => []);

    const [asked] = run.record.approvals;
    expect(elapsed(asked?.requestedAt ?? "", asked?.expiresAt ?? "")).toBe(minutes(5));
  });

  it("takes the other member of a group, which has the keys", async () => {
    const run = await recover({ heals: "replacement", kind: "managed", standby: "member" });

    expect(run.record.outcome).toBe("failed-over");
    expect(changes(run)).toEqual(["writeConnection", "restartRevision"]);
    expect(run.record.approvals).toEqual([]);
  });

  it("fills an empty standby from the newest set", async () => {
    const run = await recover({
      ...{ heals: "replacement", standby: "none", standbyKeys: 0, set: "snapshot" },
    });

    expect(changes(run)).toContain("restoreSnapshot");
    expect(run.record.dataLoss).toContain("those of 2026-11-22T13:30:00.000Z");
    expect(run.record.approvals).toEqual([]);
  });

  it("names the newer sets that it had to pass over", async () => {
    const set = "redis/mcp-redis-prod/20261122T140000Z-run/ is altered";
    const run = await recover({
      ...{ heals: "replacement", standby: "none", standbyKeys: 0, passedOver: [set] },
    });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.record.findings).toContain(`a newer set was passed over: ${set}`);
  });

  it("names the role that it lacks where it may not unlink a replica, and goes on", async () => {
    const lag = { class: "permission-lag", code: "AuthorizationFailed", message: "no" } as const;
    const { record } = await recover({ heals: "replacement", failing: { startUnlink: lag } });

    expect(record.outcome).toBe("failed-over");
    expect(record.findings.join("\n")).toContain("lacks Disaster recovery: caches");
  });

  it("asks before the keys of a standby give way, and else uses it as it is", async () => {
    const traits = { heals: "replacement", standby: "none" } as const;
    const approved = await recover(traits);
    const denied = await recover(traits, {}, answering("deny"));

    expect(approved.record.approvals).toMatchObject([{ step: "import-over", status: "approved" }]);
    expect(changes(approved)).toContain("startImport");
    expect(changes(denied)).not.toContain("startImport");
    expect(denied.record).toMatchObject({
      outcome: "failed-over",
      dataLoss: "it holds keys of unknown age",
    });
  });

  it("uses what an earlier run made and did not come to use, and fills it", async () => {
    const run = await recover({ heals: "replacement", standby: "unusable", madeBefore: true });

    expect(changes(run)).toEqual([
      ...["rebootPrimary", "startImport", "writeConnection", "restartRevision"],
    ]);
    expect(run.uses).toBe(left);
    expect(run.record.nextSteps[0]).toContain("in the estate file");
  });

  it("makes a cache where nobody can tell whether there is one", async () => {
    const run = await recover({
      ...{ heals: "replacement", standby: "unusable", failing: { findMadeCaches: terminal } },
    });

    expect(changes(run)).toContain("startCreation");
    expect(run.record.findings.join()).toContain("nobody can tell whether an earlier run made");
  });

  it("makes an Azure Managed Redis, its database, and fills it", async () => {
    const run = await recover({ heals: "replacement", standby: "unusable" });

    expect(changes(run)).toEqual([
      ...["rebootPrimary", "startCreation", "startDatabase", "startImport"],
      ...["writeConnection", "restartRevision"],
    ]);
  });

  it.each(["managed", "classic"] as const)(
    "makes the other kind when Azure refuses the %s one",
    async (first) => {
      const run = await recover(
        { heals: "replacement", standby: "unusable", failing: { startCreation: [refused] } },
        { estate: withRecovery({ first }) },
      );

      expect(run.record.outcome).toBe("failed-over");
      expect(run.record.findings.join()).toContain(`no ${first} cache: creation-refused`);
      expect(run.uses).toContain(first === "managed" ? "Cache/redis/" : "Cache/redisEnterprise/");
    },
  );

  it("needs an operator when Azure makes no cache at all", async () => {
    const run = await recover({
      ...{ heals: "never", standby: "unusable", failing: { startCreation: refused } },
    });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.nextSteps[0]).toContain(primary);
    expect(run.record.nextSteps[1]).toContain(production.redis.connectionSecret);
    expect(run.record.nextSteps[2]).toContain(production.containerApp.primary);
    expect(changes(run)).not.toContain("writeConnection");
  });

  it("gives the app an empty cache when there is no set, and says what is lost", async () => {
    const run = await recover({ heals: "replacement", standby: "unusable", set: "none" });

    expect(run.record).toMatchObject({ outcome: "failed-over", dataLoss: "it begins empty" });
    expect(run.record.findings.join()).toContain("no set can be used");
  });

  it("says so when the app does not tell which cache it uses", async () => {
    const run = await recover({ heals: "replacement", tells: false });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.record.findings[0]).toContain("the app does not tell which cache it uses");
  });

  it("needs an operator when the connection string cannot be written", async () => {
    const run = await recover({ heals: "replacement", failing: { writeConnection: terminal } });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("the connection string was not written");
    expect(changes(run)).not.toContain("restartRevision");
  });

  it("has half an hour for a Premium cache, and an hour for a Standard or Basic one", async () => {
    const premium = await recover({});
    const standard = await recover({}, { estate: ofTier("Standard") });
    const basic = await recover({}, { estate: ofTier("Basic") });

    const target = (run: Awaited<ReturnType<typeof recover>>) =>
      elapsed(run.record.detectedAt, run.record.deadlines.scenarioAt);
    expect(target(premium)).toBe(minutes(30));
    expect(target(standard)).toBe(minutes(60));
    expect(target(basic)).toBe(minutes(60));
  });

  it("plans the reboot without a change, and lists the ways around it", async () => {
    const subject = cachePatient({});
    const { incident: _none, ...order } = orderOf({
      ...{ scenario: "redis-failure", resource: primary, mode: "plan" },
    });
    const run = await replay(recoverRedis, {
      ...{ instanceId, input: order, stubs: subject.stubs, startAt },
    });

    expect(subject.record()).toMatchObject({
      outcome: "planned",
      plan: { changes: [{ step: "reboot-primary" }] },
    });
    expect(subject.record().plan?.fallbacks).toHaveLength(redisFailure.fallbacks.length);
    expect(run.calls.every(({ caller }) => caller.mode === "plan")).toBe(true);
  });

  it("plans a cache to be made where nothing can be rebooted", async () => {
    const subject = cachePatient({ kind: "managed", standby: "unusable" });
    const { incident: _none, ...order } = orderOf({
      ...{ scenario: "redis-failure", resource: primary, mode: "plan" },
    });
    await replay(recoverRedis, { instanceId, input: order, stubs: subject.stubs, startAt });

    const planned = subject.record().plan?.changes.map(({ step }) => step);
    expect(planned).toEqual(["create-cache", "create-database"]);
  });

  it("reaches every step that the scenario declares", async () => {
    const runs = await Promise.all([
      recover({ heals: "replacement" }),
      recover({ hasReplica: false }),
      recover({ heals: "replacement", standby: "unusable" }),
      recover({ heals: "replacement", standby: "none", standbyKeys: 0, set: "snapshot" }),
      recover({ heals: "replacement", standby: "none" }),
    ]);

    const reached = new Set(runs.flatMap(({ record }) => stepsOf(record)));
    const unreached = Object.keys(redisFailure.steps).filter((step) => !reached.has(step));
    expect(unreached).toEqual(["import-with-sas"]);
  });

  it("always ends, with a record and a closed incident, whatever fails", async () => {
    const failures = fc.constantFrom(transient, busy, terminal);
    const names = [
      ...["findCacheInUse", "observeApp", "probeCache", "inspectCache", "rebootPrimary"],
      ...[
        "probeRegion",
        "inspectStandby",
        "startUnlink",
        "observeLinks",
        "startCreation",
        "startDatabase",
      ],
      ...["observeCreation", "chooseCacheSet", "findRestorableCache", "startImport"],
      ...["observeCacheOperation", "writeConnection", "restartRevision", "observeRestart"],
    ];
    const traits = fc.record({
      heals: fc.constantFrom("already", "itself", "reboot", "replacement", "key", "never"),
      kind: fc.constantFrom("classic", "managed", "missing"),
      shards: fc.constantFrom(0, 2),
      active: fc.constantFrom("primary", "recovery", "unknown"),
      standby: fc.constantFrom("replica", "member", "none", "unusable"),
      standbyKeys: fc.constantFrom(0, 5),
      set: fc.constantFrom("snapshot", "export", "none"),
      own: fc.constantFrom("failed", "well", "unknown"),
      health: fc.constantFrom("failed", "unknown"),
      failing: fc.dictionary(
        fc.constantFrom(...names),
        fc.oneof(failures, fc.array(failures, { maxLength: 4 })),
        { maxKeys: 4 },
      ),
    });

    await fc.assert(
      fc.asyncProperty(traits as fc.Arbitrary<Partial<CacheTraits>>, async (given) => {
        const run = await recover(given);

        expect(run.error).toBeUndefined();
        expect(run.closedWith).toBe(run.record.outcome);
        const restored = ["restored", "failed-over"].includes(run.record.outcome);
        expect(run.record.restoredAt !== undefined).toBe(restored);
        if (run.record.outcome === "not-needed") expect(changes(run)).toEqual([]);
        const waited = run.record.decisions.length * hours(4);
        expect(run.endedAt - startAt - waited).toBeLessThan(hours(5));
      }),
      { numRuns: 40 },
    );
  });
});

describe("recorded histories", () => {
  const paths: Record<string, readonly [Partial<CacheTraits>, People?]> = {
    "not-needed": [{ heals: "already" }],
    unconfirmed: [{ heals: "never", own: "unknown", health: "unknown" }],
    "standby-failed": [{ active: "secondary" }],
    reboot: [{}],
    "reboot-of-shards": [{ shards: 2 }],
    "reboot-denied": [{ hasReplica: false, heals: "replacement" }, answering("deny")],
    "region-down": [{ heals: "never", regionDown: true }],
    key: [{ heals: "key", own: "well" }],
    replica: [{ heals: "replacement" }],
    member: [{ heals: "replacement", kind: "managed", standby: "member" }],
    "standby-filled": [{ heals: "replacement", standby: "none", standbyKeys: 0, set: "snapshot" }],
    "standby-overwritten": [{ heals: "replacement", standby: "none" }],
    made: [{ heals: "replacement", standby: "unusable" }],
    "creation-refused": [
      { heals: "replacement", standby: "unusable", failing: { startCreation: [refused] } },
    ],
    "no-set": [{ heals: "replacement", standby: "unusable", set: "none" }],
    "nothing-helps": [{ heals: "never", standby: "unusable", failing: { startCreation: refused } }],
  };

  it.each(Object.entries(paths))("%s is what runs in flight depend on", async (name, path_) => {
    const [traits, people] = path_;
    await keepsToHistory(`redis-failure.${name}`, () => recover(traits, {}, people));
  });
});
