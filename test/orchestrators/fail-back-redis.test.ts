import type { Failure } from "../../src/domain/failure.js";
import type { RunOrder } from "../../src/domain/run-order.js";
import { failBackRedis } from "../../src/orchestrators/fail-back-redis.js";
import { rotateRedisKey } from "../../src/orchestrators/rotate-redis-key.js";
import { keepsToHistory } from "../support/recorded-history.js";
import {
  cachePatient,
  primary,
  production,
  secondary,
  type CacheTraits,
} from "../support/cache-patient.js";
import { detectedAt, orderOf, runOf } from "../support/estates.js";
import { replay, type Replayed } from "../support/replay-driver.js";

const startAt = Date.parse(detectedAt) + 6_000;
const terminal: Failure = { class: "terminal", code: "Forbidden", message: "no" };
const trigger = { kind: "operator", who: "Olga", source: "entra", reason: "x" } as const;
/** Whoever orders a run needs no second person here. */
const estate: RunOrder["estate"] = {
  ...production,
  approval: { ...production.approval, secondPerson: false },
};

const mutating =
  /^(startUnlink|stopPersistence|startLink|emptyCache|copyKeys|writeConnection|restartRevision|regenerateKey)/;
const changes = (run: Replayed) =>
  run.calls.map(({ name }) => name).filter((name) => mutating.test(name));

async function run(
  runbook: "redis-failback" | "redis-key-rotation",
  traits: Partial<CacheTraits>,
  order: Partial<RunOrder> = {},
) {
  const subject = cachePatient({ heals: "already", ...traits });
  const { scenario: _scenario, ...common } = orderOf({ trigger, estate, resource: primary });
  const rotation = runbook === "redis-key-rotation";
  const replayed = await replay(rotation ? rotateRedisKey : failBackRedis, {
    instanceId: runOf(runbook),
    input: { ...common, ...(rotation ? { scenario: runbook } : {}), ...order },
    stubs: subject.stubs,
    startAt,
  });
  return { ...replayed, record: subject.record(), uses: subject.uses() };
}
const failBack = (traits: Partial<CacheTraits>, order?: Partial<RunOrder>) =>
  run("redis-failback", { active: "secondary", standby: "none", ...traits }, order);
const rotate = (traits: Partial<CacheTraits>, order?: Partial<RunOrder>) =>
  run("redis-key-rotation", traits, order);

describe("fail back Redis", () => {
  it("changes nothing when the app uses its original cache", async () => {
    const back = await failBack({ active: "primary" });

    expect(back.record.outcome).toBe("not-needed");
    expect(changes(back)).toEqual([]);
  });

  it("keeps its leases and tells milestones while a large cache is copied for longer than they last", async () => {
    const back = await failBack({ pieces: 90 });

    expect(back.record.outcome).toBe("failed-back");
    const renewals = back.calls.filter(
      ({ name, input }) =>
        name === "takeLease" && (input as { resource: string }).resource === primary,
    );
    expect(renewals.length).toBeGreaterThan(5);
    const during = back.calls.filter(({ name }) => name === "copyKeysAcross").at(-2)?.at ?? 0;
    const told = back.calls.filter(({ name, at }) => name === "postNotice" && at < during);
    expect(told.length).toBeGreaterThan(1);
  });

  it("does the whole once more where an earlier one ended before the app was restarted", async () => {
    const back = await failBack({ active: "primary", stuckAt: "secondary" });

    expect(back.record.outcome).toBe("failed-back");
    expect(back.record.findings[0]).toContain("an earlier move ended half-way");
    const written = back.calls.filter(({ name }) => name === "writeConnection");
    expect(written.map(({ input }) => (input as { cache: string }).cache)).toEqual([
      ...[secondary, primary],
    ]);
    expect(new Set(written.map(({ caller }) => caller.step)).size).toBe(2);
    expect(changes(back).slice(0, 2)).toEqual(["writeConnection", "emptyCache"]);
    expect(back.uses).toBe(primary);
  });

  it("does not say that an app is at home which uses a cache that nobody names", async () => {
    const back = await failBack({ active: "primary", stuckAt: "recovery" });

    expect(back.record.outcome).toBe("needs-operator");
    expect(back.record.reason).toContain("still uses a cache that the estate does not name");
    expect(changes(back)).toEqual([]);
  });

  it("empties the original, copies the keys, moves the app, and links the pair again", async () => {
    const back = await failBack({});

    expect(back.record).toMatchObject({ outcome: "failed-back", findings: [], nextSteps: [] });
    expect(changes(back)).toEqual([
      ...["emptyCache", "copyKeysAcross", "copyKeysAcross", "writeConnection", "restartRevision"],
      ...["copyKeysAcross", "copyKeysAcross", "stopPersistence", "stopPersistence", "startLink"],
    ]);
    const copies = back.calls.filter(({ name }) => name === "copyKeysAcross");
    expect(copies.map(({ input }) => (input as { replace: boolean }).replace)).toEqual([
      ...[true, true, false, false],
    ]);
    expect(back.uses).toBe(primary);
  });

  it("unlinks an original that follows the cache in use, and copies what came after that alone", async () => {
    const back = await failBack({ standby: "replica" });

    expect(back.record.outcome).toBe("failed-back");
    expect(changes(back).slice(0, 5)).toEqual([
      ...["startUnlink", "writeConnection", "restartRevision", "copyKeysAcross", "copyKeysAcross"],
    ]);
    const copies = back.calls.filter(({ name }) => name === "copyKeysAcross");
    expect(copies.map(({ input }) => (input as { replace: boolean }).replace)).toEqual([
      ...[false, false],
    ]);
  });

  it("moves the app alone between members of a group", async () => {
    const back = await failBack({ standby: "member" });

    expect(changes(back)).toEqual(["writeConnection", "restartRevision"]);
  });

  it("says that a cache which a recovery made can be deleted", async () => {
    const back = await failBack({ active: "recovery" });

    expect(back.record.nextSteps[0]).toMatch(/^Delete .*mcp-redis-prod-dr-ab12cd once/);
  });

  it.each([
    ["it is not known which cache is in use", { active: "unknown" }, "taken|found"],
    ["the original is not well", { heals: "never" }, "mcp-redis-prod is not well"],
    ["the keys cannot be copied", { failing: { copyKeysAcross: terminal } }, "Forbidden"],
    ["the original cannot be emptied", { failing: { emptyCache: terminal } }, "Forbidden"],
    ["keys could not be counted", { failing: { countAway: terminal } }, "counted"],
  ] as const)("stays where it is when %s", async (_why, traits, reason) => {
    const back = await failBack(traits);

    expect(back.record.outcome).toBe("needs-operator");
    expect(back.record.reason).toMatch(new RegExp(`the app stays where it is: .*(${reason})`));
    expect(changes(back)).not.toContain("writeConnection");
  });

  it("gives way between two stretches of keys to a run of a wider scenario", async () => {
    const asked: Failure = { class: "terminal", code: "superseded", message: "r waits for it" };
    const back = await failBack({ failing: { copyKeysAcross: [undefined, asked] } });

    expect(back.record.outcome).toBe("superseded");
    expect(changes(back)).toEqual(["emptyCache", "copyKeysAcross", "copyKeysAcross"]);
  });

  it("has a finding when the pair cannot be linked again", async () => {
    const back = await failBack({ failing: { startLink: terminal } });

    expect(back.record.outcome).toBe("failed-back");
    expect(back.record.findings[0]).toContain("mcp-redis-prod-dr is no replica again");
  });

  it("plans without a change", async () => {
    const back = await failBack({}, { mode: "plan", incident: undefined });

    expect(back.record.outcome).toBe("planned");
    expect(back.record.plan?.changes.map(({ step }) => step)).toEqual([
      ...["empty-original", "copy-keys", "write-secret", "restart-revision", "copy-late-keys"],
      ...["stop-persistence", "stop-persistence", "link"],
    ]);
    expect(back.calls.every(({ caller }) => caller.mode === "plan")).toBe(true);
  });
});

describe("rotate the key of Redis", () => {
  it("moves the app to the secondary key before the primary one is made anew", async () => {
    const rotated = await rotate({});

    expect(rotated.record).toMatchObject({ outcome: "restored", approvals: [] });
    expect(changes(rotated)).toEqual([
      ...["writeConnection", "restartRevision", "regenerateKey"],
      ...["writeConnection", "restartRevision"],
    ]);
    const keys = rotated.calls.filter(({ name }) => name === "writeConnection");
    expect(keys.map(({ input }) => (input as { key: string }).key)).toEqual([
      ...["secondary", "primary"],
    ]);
  });

  it("asks a second person before anything is changed, and silence means no", async () => {
    const rotated = await rotate({}, { estate: production });

    expect(rotated.record).toMatchObject({
      outcome: "needs-operator",
      approvals: [{ step: "regenerate-key", status: "expired" }],
    });
    expect(changes(rotated)).toEqual([]);
  });

  it.each([
    ["the app is not well", { heals: "never" }],
    ["nobody can tell which cache is in use", { active: "unknown" }],
    ["the app cannot be asked", { failing: { observeApp: terminal } }],
  ] as const)("changes nothing when %s", async (_why, traits) => {
    const rotated = await rotate(traits);

    expect(rotated.record.outcome).toBe("needs-operator");
    expect(changes(rotated)).toEqual([]);
  });

  it.each([
    ["away", { writeConnection: terminal }, "Both keys are still good"],
    [
      "on the secondary key",
      { regenerateKey: terminal },
      "The secondary key, which the app was moved to",
    ],
    ["back", { writeConnection: [undefined, terminal] }, "The primary key is a new one"],
  ] as const)("says which keys are good when it ends half-way %s", async (_w, failing, stands) => {
    const rotated = await rotate({ failing });

    expect(rotated.record.outcome).toBe("needs-operator");
    expect(rotated.record.nextSteps[0]).toContain(stands);
  });

  it("leaves the app on the secondary key when the primary one cannot be made anew", async () => {
    const rotated = await rotate({ failing: { regenerateKey: terminal } });

    expect(rotated.record.outcome).toBe("needs-operator");
    expect(rotated.record.reason).toContain("the primary key is the old one");
    expect(changes(rotated).filter((name) => name === "writeConnection")).toHaveLength(1);
  });
});

describe("recorded histories", () => {
  const paths = {
    "redis-failback.home": () => failBack({}),
    "redis-failback.replica": () => failBack({ standby: "replica" }),
    "redis-failback.member": () => failBack({ standby: "member" }),
    "redis-failback.made": () => failBack({ active: "recovery" }),
    "redis-failback.refused": () => failBack({ heals: "never" }),
    "redis-key-rotation.rotated": () => rotate({}),
    "redis-key-rotation.not-well": () => rotate({ heals: "never" }),
    "redis-key-rotation.denied": () => rotate({}, { estate: production }),
    "redis-key-rotation.half-way": () => rotate({ failing: { regenerateKey: terminal } }),
  };

  it.each(Object.entries(paths))("%s is what runs in flight depend on", async (name, begin) => {
    await keepsToHistory(name, begin);
  });
});
