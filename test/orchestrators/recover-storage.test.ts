import fc from "fast-check";
import { hours, minutes } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import { elapsed } from "../../src/domain/instant.js";
import type { RecoveryOrder } from "../../src/domain/recovery-order.js";
import { recoverStorage } from "../../src/orchestrators/recover-storage.js";
import { storageFailure } from "../../src/scenarios/storage-failure.js";
import { keepsToHistory } from "../support/recorded-history.js";
import {
  accountPatient,
  hostNameOf,
  lastSyncAt,
  original,
  other,
  type AccountTraits,
} from "../support/account-patient.js";
import { answering, comingBackMeanwhile } from "../support/answering.js";
import { detectedAt, orderOf, runOf } from "../support/estates.js";
import { replay, type People, type Replayed } from "../support/replay-driver.js";

const startAt = Date.parse(detectedAt) + 6_000;
const instanceId = runOf("storage-failure");
const terminal: Failure = { class: "terminal", code: "Forbidden", message: "no" };
const lag: Failure = { class: "permission-lag", code: "AuthorizationFailed", message: "no role" };
const transient: Failure = { class: "transient", code: "http-500", message: "later" };
const byOrder: RecoveryOrder["trigger"] = {
  ...{ kind: "operator", who: "olga", source: "key", reason: "x" },
};

async function recover(
  traits: Partial<AccountTraits> = {},
  more: Partial<RecoveryOrder> = {},
  people?: People,
) {
  const subject = accountPatient(traits);
  const { incident, ...planned } = orderOf({
    scenario: "storage-failure",
    resource: original,
    incident: "incidents/production/storage-failure/0.json",
    ...more,
  });
  const replayed = await replay(recoverStorage, {
    instanceId,
    input: planned.mode === "plan" ? planned : { ...planned, incident },
    stubs: subject.stubs,
    startAt,
    ...(people === undefined ? {} : { people }),
  });
  const [record, edgeHost] = [subject.record(), subject.edgeHost()];
  return { ...replayed, record, edgeHost, closedWith: subject.closedWith() };
}

/** The order for an estate that prefers data to time. */
function preferringData(): Partial<RecoveryOrder> {
  const { estate } = orderOf();
  const recovery = { ...estate.storage.recovery, prefer: "data" as const };
  return { estate: { ...estate, storage: { ...estate.storage, recovery } } };
}

const alone = { standby: false, free: false } as const;
const stepsOf = (record: { steps: readonly { id: string }[] }) => record.steps.map(({ id }) => id);
const changes = (run: Replayed): readonly string[] =>
  run.calls
    .map(({ name }) => name)
    .filter((name) =>
      /^(startStorage|startAccount|startOrigin|startTraffic|grant|bring|copyBlobs)/.test(name),
    );

describe("recover storage", () => {
  it("changes nothing where the app uses its storage", async () => {
    const run = await recover({ condition: "healthy" });

    expect(run.record).toMatchObject({ outcome: "not-needed", findings: [] });
    expect(changes(run)).toEqual([]);
    expect(run.calls.map(({ name }) => name)).not.toContain("takeLease");
  });

  it("says so where only this service cannot use it", async () => {
    const run = await recover({ condition: "healthy", usable: false });

    expect(run.record.outcome).toBe("not-needed");
    expect(run.record.findings[0]).toContain("this service cannot");
    expect(changes(run)).toEqual([]);
  });

  it("says that the alert is about the account that stands by", async () => {
    const run = await recover({ condition: "healthy" }, { resource: other });

    expect(run.record.reason).toContain("which it does not use");
    expect(run.record.nextSteps).toHaveLength(1);
  });

  it("says that users are led elsewhere than the app, and whose order mends it", async () => {
    const run = await recover({ condition: "healthy", edgeAt: hostNameOf(other) });

    expect(run.record.outcome).toBe("not-needed");
    expect(run.record.findings[0]).toContain(hostNameOf(other));
    expect(run.record.nextSteps[0]).toContain("/api/failbacks");
    expect(changes(run)).toEqual([]);
  });

  it("leads users back with the whole region where they are in the other one", async () => {
    const run = await recover(
      {
        ...{ condition: "healthy", users: "secondary", used: "secondary" },
        edgeAt: hostNameOf(original),
      },
      { resource: other },
    );

    expect(run.record.outcome).toBe("not-needed");
    expect(run.record.nextSteps[0]).toMatch(/"resource": ?"region"/);
  });

  it("is held back where only the alert says that it failed", async () => {
    const run = await recover({ witnesses: "alone" });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("fewer than two independent sources");
    expect(changes(run)).toEqual([]);
  });

  it("changes nothing where nothing explains it", async () => {
    const run = await recover({ condition: "unexplained" });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("nothing says why");
    expect(changes(run)).toEqual([]);
  });

  it.each(["unavailable", "gone"] as const)(
    "goes on with the standby, filled, where it is %s",
    async (condition) => {
      const run = await recover({ condition });

      expect(run.record.outcome).toBe("failed-over");
      expect(run.record.withinRto).toEqual({ scenario: true, environment: true });
      expect(run.edgeHost).toBe(hostNameOf(other));
      expect(run.record.nextSteps.at(-1)).toContain("/api/failbacks");
      expect(changes(run).filter((name) => !name.startsWith("grant"))).toEqual([
        "copyBlobsBack",
        ...(condition === "gone" ? [] : ["bringBlobs"]),
        ...["startStorageMove", "startOriginMove"],
      ]);
      const leases = run.calls.find(({ name }) => name === "startStorageMove")?.caller.leases;
      expect(leases).toHaveLength(3);
    },
  );

  it("says how far what it has goes: the set, or the account's copy", async () => {
    const bySet = await recover({ geo: "none" });
    const byCopy = await recover();

    expect(bySet.record.dataLoss).toContain("2026-11-22T13:30:00.000Z");
    expect(byCopy.record.dataLoss).toContain(lastSyncAt);
    const asked = byCopy.calls.find(({ name }) => name === "bringBlobs");
    expect(asked?.input).toMatchObject({ newerThan: "2026-11-22T13:30:00.000Z" });
  });

  it("fills the standby from the account's readable copy where there is no set", async () => {
    for (const traits of [{ set: false }, { opens: false }]) {
      const run = await recover(traits);

      expect(run.record.outcome).toBe("failed-over");
      expect(run.record.dataLoss).toContain(lastSyncAt);
      const asked = run.calls.find(({ name }) => name === "bringBlobs");
      expect(asked?.input).not.toHaveProperty("newerThan");
    }
  });

  it("uses the standby as it stands where nothing can be compared with it, and says so", async () => {
    const { record } = await recover({ set: false, geo: "none" });

    expect(record.outcome).toBe("failed-over");
    expect(record.findings.join()).toContain("used as it stands");
    expect(record.dataLoss).toContain("not known");
  });

  it("waits for a large blob, but not for ever", async () => {
    const soon = await recover({ largeTakes: 3 });
    const never = await recover({ largeTakes: Infinity });

    expect(soon.record.outcome).toBe("failed-over");
    expect(soon.record.findings.join()).not.toContain("large blobs");
    expect(never.record.outcome).toBe("failed-over");
    expect(never.record.findings.join()).toContain("1 large blobs were still being copied");
    expect(elapsed(detectedAt, never.record.restoredAt ?? "")).toBeLessThan(minutes(30));
  });

  it("waits for large blobs of the set no longer, whatever waits for them beside", async () => {
    const soon = await recover({ largeOfSet: 3 });
    const never = await recover({ largeOfSet: Infinity, largeTakes: Infinity, restored: 1 });

    expect(soon.record.findings.join()).not.toContain("large blobs");
    expect(never.record.outcome).toBe("failed-over");
    expect(never.record.dataLoss).toContain("1 large blobs were still being copied");
    expect(never.record.nextSteps.join()).toContain("/api/restores");
    expect(elapsed(detectedAt, never.record.restoredAt ?? "")).toBeLessThan(minutes(20));
  });

  it("hands no empty standby to the app, and goes on with what keeps the data", async () => {
    const run = await recover({ set: false, geo: "closed", held: 0 }, {}, answering("approve"));

    expect(run.record.findings.join()).toContain("it holds no blobs");
    expect(changes(run)).not.toContain("startStorageMove");
    expect(changes(run).at(-1)).toBe("startStorageFailover");
    expect(run.record.outcome).toBe("failed-over");
  });

  it("says in its loss what did not come back", async () => {
    const { record } = await recover({ missing: 3, restored: 1 });

    expect(record.outcome).toBe("failed-over");
    expect(record.dataLoss).toContain("2 of 3 blobs of the set could not be brought back");
  });

  it("makes a new account where none stands by, and says what to write down", async () => {
    const run = await recover({ standby: false, missing: 3, restored: 3 });

    expect(run.record.outcome).toBe("failed-over");
    expect(changes(run)[0]).toBe("startAccountCreation");
    expect(run.record.nextSteps[0]).toContain("storage.secondary");
    const creation = run.calls.find(({ name }) => name === "startAccountCreation");
    expect(creation?.input).toMatchObject({ location: "westus" });
  });

  it("asks for the next kind where the region does not offer the first", async () => {
    const run = await recover({
      ...{ standby: false, missing: 3, restored: 3 },
      failing: { startAccountCreation: [terminal] },
    });

    expect(run.record.outcome).toBe("failed-over");
    const skus = run.calls.flatMap(({ name, input }) =>
      name === "startAccountCreation" ? [(input as { sku: string }).sku] : [],
    );
    expect(new Set(skus).size).toBe(2);
  });

  it("never hands the app an empty new account", async () => {
    const run = await recover({ standby: false, set: false, geo: "none" });
    const vain = await recover({ standby: false, missing: 3, restored: 0, geo: "none" });

    for (const { record, calls } of [run, vain]) {
      expect(record.outcome).toBe("needs-operator");
      expect(record.findings.join()).toContain("no blobs can be brought back");
      expect(calls.map(({ name }) => name)).not.toContain("startStorageMove");
    }
  });

  it("fails the account over after approval where nothing else is left", async () => {
    const { record, calls } = await recover(alone, {}, answering("approve"));

    expect(record.outcome).toBe("failed-over");
    expect(calls.filter(({ name }) => name === "startStorageFailover")).toHaveLength(1);
    expect(record.dataLoss).toContain(lastSyncAt);
    expect(record.nextSteps[0]).toContain("--sku Standard_RAGRS");
    expect(record.findings.join()).toContain("locally redundant");
  });

  it.each(["deny", undefined] as const)("does not fail it over on %s", async (decision) => {
    const people = decision === undefined ? undefined : answering(decision);
    const run = await recover(alone, {}, people);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.findings.join()).toContain("was not failed over");
    expect(changes(run)).toEqual([]);
  });

  it("does not fail over what has become well while people were asked", async () => {
    const { people, comesBackOnce } = comingBackMeanwhile();
    const run = await recover({ ...alone, comesBackOnce }, {}, people);

    expect(run.record.approvals).toMatchObject([{ step: "fail-over", status: "approved" }]);
    expect(run.record.outcome).toBe("not-needed");
    expect(changes(run)).toEqual([]);
  });

  it("fails nothing over where it is not the account any more by the time of the answer", async () => {
    const { people, comesBackOnce } = comingBackMeanwhile();
    const run = await recover({ ...alone, comesBackOnce, comesBackAs: "unexplained" }, {}, people);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.findings.join()).toContain("by now nothing says that it is the account");
    expect(changes(run)).toEqual([]);
  });

  it("shows what a failover would lose before it asks, and to whom it asks", async () => {
    const { record } = await recover({ ...alone, newerInCopy: 2 }, {}, answering("deny"));

    expect(record.approvals[0]?.expectedLoss).toMatch(
      new RegExp(`^what was written since ${lastSyncAt}, .* ago; 2 blobs are newer`),
    );
    expect(record.findings[0]).toContain(`written since ${lastSyncAt}`);
    expect(record.findings[1]).toContain("2 blobs are newer");
  });

  it("fails it over first where the estate prefers data, and else goes on", async () => {
    const approved = await recover({}, preferringData(), answering("approve"));
    const denied = await recover({}, preferringData(), answering("deny"));

    expect(changes(approved)).toEqual(["startStorageFailover"]);
    expect(denied.record.outcome).toBe("failed-over");
    expect(changes(denied)).toContain("startStorageMove");
  });

  it("does not wait for ever for a failover, and warns of a second one", async () => {
    const traits = { ...alone, failsOver: false };
    const { record, calls } = await recover(traits, {}, answering("approve"));

    expect(record.outcome).toBe("needs-operator");
    expect(record.nextSteps[0]).toContain("never order a second failover");
    expect(calls.filter(({ name }) => name === "startStorageFailover")).toHaveLength(1);
  });

  it.each([
    ["none", "no copy in another region"],
    ["behind", "Azure does not allow it"],
  ] as const)("says why it cannot be failed over: %s", async (geo, says) => {
    const { record } = await recover({ ...alone, geo });

    expect(record.outcome).toBe("needs-operator");
    expect(record.findings.join()).toContain(says);
  });

  it("waits for a failover that is under way already, and orders none", async () => {
    const run = await recover({ condition: "failing-over", comesBackAfter: 600_000 });
    const late = await recover({ condition: "failing-over" });

    expect(run.record.outcome).toBe("failed-over");
    expect(changes(run)).toEqual([]);
    expect(late.record.outcome).toBe("failed-over");
    expect(changes(late)).toContain("startStorageMove");
    expect(changes(late)).not.toContain("startStorageFailover");
  });

  it("names who is kept out where users still get nothing", async () => {
    const { record } = await recover({ edgeFollows: [false, false] });

    expect(record.outcome).toBe("needs-operator");
    expect(record.reason).toContain("users are not led there");
    const verified = record.steps.find(({ id }) => id === "verify")?.endedAt ?? "";
    expect(record.restoredAt).toBe(verified);
    expect(elapsed(verified, record.endedAt)).toBeGreaterThan(minutes(10));
  });

  it("leaves an edge alone that leads to an account it does not know", async () => {
    const run = await recover({ edgeAt: "elsewhere.example" });

    expect(run.record.reason).toContain("the edge leads to elsewhere.example");
    expect(run.edgeHost).toBe("elsewhere.example");
  });

  it("goes on where an earlier run has led the edge already", async () => {
    const run = await recover({ edgeAt: hostNameOf(other) });

    expect(run.record.outcome).toBe("failed-over");
    expect(changes(run)).not.toContain("startOriginMove");
  });

  it("asks for a person where the app does not come up, or not get on", async () => {
    const down = await recover({ comesUp: false });
    const ill = await recover({ worksAfterMove: [false, false] });

    expect(down.record.reason).toContain("did not come up");
    expect(ill.record.reason).toContain("does not get on with");
    for (const { record } of [down, ill]) {
      expect(record.outcome).toBe("needs-operator");
      expect(record.restoredAt).toBeUndefined();
    }
  });

  it("sends the traffic to the new revision in multiple-revision mode", async () => {
    const run = await recover({ mode: "multiple" });

    expect(run.record.outcome).toBe("failed-over");
    expect(changes(run).at(-1)).toBe("startTrafficShift");
  });

  it("goes on with the next way where a role is missing, and names it", async () => {
    const { record } = await recover({ failing: { grantStorageRole: lag }, geo: "none" });

    expect(record.outcome).toBe("needs-operator");
    expect(record.findings.join()).toContain("this service's identity lacks a role");
  });

  it.each(["always", "in-the-middle"] as const)(
    "says so where the whole region is down, %s",
    async (regionDown) => {
      const run = await recover({ ...alone, geo: "none", regionDown });

      expect(run.record.outcome).toBe("needs-operator");
      expect(run.record.reason).toContain("the region itself seems to be down");
      expect(changes(run)).toEqual([]);
    },
  );

  it("says that the region is away where it cannot look at all because of that", async () => {
    const failing = { diagnoseStorage: transient };
    const { record } = await recover({ failing, regionDown: "always" });

    expect(record.reason).toContain("the region itself seems to be down");
  });

  it("names the reason and the roles where it cannot look at all", async () => {
    const { record } = await recover({ failing: { diagnoseStorage: lag } });

    expect(record.reason).toContain("AuthorizationFailed");
    expect(record.nextSteps[0]).toContain("Disaster recovery: storage accounts");
  });

  it("plans the way to another account, whatever is wrong, and changes nothing", async () => {
    for (const [traits, step] of [
      [{ condition: "healthy" }, "move-app"],
      [{}, "move-app"],
      [{ standby: false }, "move-app"],
      [alone, "fail-over"],
    ] as const) {
      const run = await recover(traits, { mode: "plan", trigger: byOrder });

      expect(run.record.outcome).toBe("planned");
      expect(run.record.plan?.changes.map((change) => change.step)).toContain(step);
      expect(run.record.plan?.fallbacks).toHaveLength(2);
      expect(run.calls.every(({ caller }) => caller.mode === "plan")).toBe(true);
    }
  });

  it("reaches every step that the scenario declares", async () => {
    const runs = [
      await recover({ newerInCopy: 1 }),
      await recover({ standby: false, missing: 3, restored: 3, mode: "multiple" }),
      await recover(alone, {}, answering("approve")),
    ];

    const reached = new Set(runs.flatMap(({ record }) => stepsOf(record)));
    expect([...reached].sort()).toEqual(Object.keys(storageFailure.steps).sort());
  });

  it("always ends, with a record and a closed incident, whatever fails", async () => {
    const failures = fc.constantFrom(transient, lag, terminal);
    const names = [
      ...["diagnoseStorage", "observeAccount", "countNewerBlobs", "chooseAccount"],
      ...["startAccountCreation", "startStorageFailover", "pollAccountOperation"],
      ...["findStorageUsers", "grantStorageRole", "startStorageMove", "bringBlobs"],
      ...["findVerifiedSets", "compareBlobs", "prepareTarget", "copyBlobsBack", "observeEdge"],
      ...["startOriginMove", "startEdgePurge", "probePublicAsset", "probeAppCheck", "observeApp"],
    ];
    const traits = fc.record({
      condition: fc.constantFrom("healthy", "unavailable", "failing-over", "gone", "unexplained"),
      ...{ standby: fc.boolean(), free: fc.boolean(), set: fc.boolean(), comesUp: fc.boolean() },
      geo: fc.constantFrom("readable", "closed", "behind", "none"),
      mode: fc.constantFrom("single", "multiple"),
      failing: fc.dictionary(
        fc.constantFrom(...names),
        fc.oneof(failures, fc.array(failures, { maxLength: 4 })),
      ),
    });

    await fc.assert(
      fc.asyncProperty(traits as fc.Arbitrary<Partial<AccountTraits>>, async (given) => {
        const run = await recover(given, {}, answering("approve"));

        expect(run.error).toBeUndefined();
        expect(run.closedWith).toBe(run.record.outcome);
        if (run.record.outcome === "failed-over") expect(run.record.restoredAt).toBeDefined();
        if (run.record.outcome === "not-needed") expect(changes(run)).toEqual([]);
        const failovers = run.calls.filter(({ name }) => name === "startStorageFailover");
        expect(new Set(failovers.map(({ caller }) => caller.step)).size).toBeLessThan(2);
        const waited = run.record.decisions.length * hours(4);
        expect(run.endedAt - startAt - waited).toBeLessThan(hours(5));
      }),
      { numRuns: 12 },
    );
  });
});

describe("recorded histories", () => {
  const paths: Record<string, readonly [Partial<AccountTraits>, ("approve" | "deny")?]> = {
    "not-needed": [{ condition: "healthy" }],
    unconfirmed: [{ witnesses: "alone" }],
    unexplained: [{ condition: "unexplained" }],
    standby: [{}],
    "standby-complete": [{ missing: 0, geo: "none" }],
    "standby-multiple": [{ mode: "multiple" }],
    "standby-large": [{ largeTakes: 2 }],
    "new-account": [{ standby: false, missing: 3, restored: 3 }],
    "failed-over": [alone, "approve"],
    "failover-denied": [alone, "deny"],
    "failing-over": [{ condition: "failing-over", comesBackAfter: 600_000 }],
    "edge-stuck": [{ edgeFollows: [false, false] }],
  };

  it.each(Object.entries(paths))("%s is what runs in flight depend on", async (name, given) => {
    const [traits, says] = given;
    await keepsToHistory(`storage-failure.${name}`, () =>
      recover(traits, {}, says === undefined ? undefined : answering(says)),
    );
  });
});
