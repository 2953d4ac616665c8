import fc from "fast-check";
import { Checkpoint } from "../../src/domain/checkpoint.js";
import { hours, minutes } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import { elapsed } from "../../src/domain/instant.js";
import type { RecoveryOrder } from "../../src/domain/recovery-order.js";
import { recoverRegion } from "../../src/orchestrators/recover-region.js";
import { regionOutage } from "../../src/scenarios/region-outage.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { detectedAt, orderOf, runOf, sampleEstate } from "../support/estates.js";
import { answering } from "../support/answering.js";
import { regionPatient, type RegionTraits } from "../support/region-patient.js";
import { replay, type People } from "../support/replay-driver.js";

const startAt = Date.parse(detectedAt) + 6_000;
const instanceId = runOf("region-outage");
const production = sampleEstate().environments.production!;
const profile = production.trafficManager!.profile;
const terminal: Failure = { class: "terminal", code: "Conflict", message: "Azure says no" };
const lag: Failure = { class: "permission-lag", code: "AuthorizationFailed", message: "no role" };
const transient: Failure = { class: "transient", code: "http-503", message: "later" };

const byOrder: RecoveryOrder["trigger"] = {
  kind: "operator",
  who: "olga",
  source: "key",
  reason: "x",
};
/** Orders need no second person, unlike in the sample's production. */
const trusted: Partial<RecoveryOrder> = {
  trigger: byOrder,
  estate: { ...production, approval: { ...production.approval, secondPerson: false } },
};

async function recover(
  traits: Partial<RegionTraits> = {},
  more: Partial<RecoveryOrder> = {},
  people: People | undefined = answering("approve"),
) {
  const subject = regionPatient(traits);
  const input = orderOf({
    scenario: "region-outage",
    resource: profile,
    incident: "incidents/production/region-outage/0.json",
    ...more,
  });
  const { incident: _none, ...planned } = input;
  const replayed = await replay(recoverRegion, {
    instanceId,
    input: input.mode === "plan" ? planned : input,
    stubs: subject.stubs,
    startAt,
    people,
  });
  const names = replayed.calls.map(({ name }) => name);
  return {
    ...replayed,
    names,
    changes: names.filter((name) => changing.test(name)),
    endpoints: names.filter((name) => /^(enable|disable)Endpoint$/.test(name)),
    record: subject.record(),
    closedWith: subject.closedWith(),
    least: subject.least(),
    on: subject.on(),
  };
}
const nobody: People = () => [];
/** Approves after ten minutes. */
const later: People = (status, now) =>
  answering("approve")(status, now).map((said) => ({ ...said, after: minutes(10) }));

/** What changes Azure or the data of the other side; roles that are there already do not count. */
const changing =
  /^(enable|disable|start(?!.*Poll)|write|restart|restore|copyBlobs|copyKeys|removeCache)/;

const stepsOf = (record: { steps: readonly { id: string }[] }) => record.steps.map(({ id }) => id);
const forecasts = (statuses: readonly unknown[]): readonly number[] =>
  statuses.map((status) => {
    const { clock } = Checkpoint.parse(status);
    return Date.parse(clock.forecastAt) - Date.parse(clock.deadlines.scenarioAt);
  });

describe("recover region", () => {
  it("changes nothing where the region is up, whoever says otherwise", async () => {
    for (const trigger of [undefined, byOrder]) {
      const run = await recover({ verdicts: ["up"] }, trigger === undefined ? {} : trusted);

      expect(run.record.outcome).toBe("not-needed");
      expect(run.changes).toEqual([]);
      expect(run.record.approvals).toEqual([]);
      expect(run.record.nextSteps.join()).toContain("redis-failure");
    }
  });

  it("is held back where only the alert says that the region is down", async () => {
    const run = await recover({ verdicts: ["unclear"] });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("held back because it is not clear that eastus is down");
    expect(run.record.nextSteps.at(-1)).toContain('"scenario":"region-outage"');
    expect(run.changes).toEqual([]);
  });

  it("goes on by a person's order where nobody can tell, and says so", async () => {
    for (const traits of [
      { verdicts: ["unclear" as const] },
      { failing: { witnessRegion: transient } },
    ]) {
      const run = await recover(traits, trusted);

      expect(run.record.outcome).toBe("failed-over");
      expect(run.record.findings[0]).toContain("it is not clear that eastus is down");
      expect(run.record.approvals).toEqual([]);
    }
  });

  it("leaves users where they are led to the other region already", async () => {
    const run = await recover({ on: ["secondary"] });

    expect(run.record.outcome).toBe("not-needed");
    expect(run.record.nextSteps[0]).toContain('POST /api/failbacks {"environment":"production"');
    expect(run.names).not.toContain("witnessRegion");
    expect(run.changes).toEqual([]);
  });

  it("hands over the page for an emergency where there is no other region", async () => {
    const { secondaryEndpoint: _none, ...front } = production.trafficManager!;
    const run = await recover({}, { estate: { ...production, trafficManager: front } });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("single-region estate");
    expect(run.record.nextSteps.join()).toContain("POST /api/restores");
    expect(run.changes).toEqual([]);
  });

  it.each([
    ["does not answer", { answers: false }],
    ["has no replica that is ready", { ready: 0 }],
    ["cannot be looked at", { failing: { observeSide: terminal } }],
  ] as const)("does not give the region up where the other app %s", async (_why, traits) => {
    const run = await recover(traits);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("the app in westus is not ready to take over");
    expect(run.record.nextSteps[0]).toContain(production.containerApp.secondary);
    expect(run.record.approvals).toEqual([]);
    expect(run.changes).toEqual([]);
  });

  it("wakes an app that is scaled to nothing", async () => {
    const run = await recover({ answers: false, ready: 0, keeps: 0, told: "anew" }, trusted);

    expect(run.record.outcome).toBe("failed-over");
    expect(run.calls.find(({ name }) => name === "startSideChange")?.input).toMatchObject({
      minReplicas: production.containerApp.secondaryReplicas,
    });
  });

  it("changes nothing where the region is up again when somebody answers", async () => {
    const run = await recover({ verdicts: ["down", "down", "up"] }, {}, later);

    expect(run.record.outcome).toBe("not-needed");
    expect(run.record.reason).toContain("came up again");
    expect(run.record.approvals).toMatchObject([{ status: "approved" }]);
    expect(run.changes).toEqual([]);
  });

  it("goes on where it is still down then", async () => {
    const run = await recover({}, {}, later);

    expect(run.record.outcome).toBe("failed-over");
  });

  it("holds what users leave, so that no narrower run goes on with it", async () => {
    const { calls } = await recover({}, trusted);
    const { containerApp, keyVault, storage } = production;

    const moved = calls.findIndex(({ name }) => name === "enableEndpoint");
    const before = calls.slice(0, moved).filter(({ name }) => name === "takeLease");
    expect(before.map(({ input }) => (input as { resource: string }).resource)).toEqual(
      expect.arrayContaining([containerApp.primary, keyVault.primary, storage.primary]),
    );
  });

  it("does not ask once more where what stands by alone gives way to the newest set", async () => {
    for (const more of [{}, trusted]) {
      const { record } = await recover(
        { cache: { standby: "none", standbyKeys: 2_000, set: "snapshot" } },
        more,
      );

      expect(record.approvals.map(({ step }) => step)).toEqual(
        more === trusted ? [] : ["move-region"],
      );
    }
  });

  it.each([
    ["denied", answering("deny")],
    ["expired", nobody],
  ] as const)("changes nothing where the approval is %s", async (status, people) => {
    const run = await recover({}, {}, people);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.approvals).toMatchObject([{ step: "move-region", status }]);
    expect(run.changes).toEqual([]);
    expect(run.on).toEqual(["primary"]);
  });

  it("asks once, and names the loss, all that is done and how long the whole takes", async () => {
    const { record } = await recover();

    const [asked, ...others] = record.approvals;
    expect(others).toEqual([]);
    expect(asked?.expectedLoss).toContain("redis: the newest verified set is 28 min");
    for (const part of [
      "mcp-redis-prod-dr, mcp-server-prod-kv-dr, mcpstorageproddr take over",
      "mcp-redis-prod-dr is unlinked",
      "a cache is made in westus",
      "is led to that storage",
      "mcp-server-prod-dr gets a new revision or a restart",
      "westus is enabled, then eastus disabled",
    ]) {
      expect(asked?.expectedLoss).toContain(part);
    }
    expect(parseInt(asked?.expectedDuration ?? "", 10)).toBeGreaterThan(10);
  });

  it("asks nobody for a proposal besides, where automation may only propose", async () => {
    const { record } = await recover({}, { authority: "propose" });

    expect(record.outcome).toBe("failed-over");
    expect(record.approvals.map(({ step }) => step)).toEqual(["move-region"]);
  });

  it("needs no approval by an order, but one of somebody else where the estate wants two", async () => {
    const alone = await recover({}, trusted, nobody);
    const both = await recover({}, { trigger: byOrder });

    expect(alone.record).toMatchObject({ outcome: "failed-over", approvals: [] });
    expect(both.record.outcome).toBe("failed-over");
    expect(both.record.approvals).toMatchObject([
      { step: "move-region", requester: { name: "olga" }, status: "approved" },
    ]);
  });

  it("makes the other side writable, proves it, then leads users there, the new endpoint first", async () => {
    const run = await recover();

    expect(run.record.outcome).toBe("failed-over");
    expect(run.record.findings).toEqual([]);
    expect(run.changes).toEqual([
      "startUnlink",
      "copyBlobsBack",
      "startOriginMove",
      "writeConnection",
      "startSideChange",
      "restartRevision",
      "enableEndpoint",
      "disableEndpoint",
      "startEdgePurge",
    ]);
    expect(run.names.indexOf("proveSide")).toBeLessThan(run.names.indexOf("enableEndpoint"));
    expect(run.least).toBe(1);
    expect(run.on).toEqual(["secondary"]);
    expect(run.record.nextSteps[0]).toContain("Leave eastus disabled");
    expect(run.record.nextSteps[1]).toContain('"resource":"region"');
    expect(elapsed(detectedAt, run.record.restoredAt ?? "")).toBeLessThan(minutes(12));
  });

  it("tells what was lost of each kind of data", async () => {
    const { record } = await recover();

    expect(record.dataLoss).toContain("secrets since 2026-11-22T13:30:00.000Z");
    expect(record.dataLoss).toContain("of the cache: its keys are those of the replica, without");
    expect(record.dataLoss).toContain("blobs since 2026-11-22T13:30:00.000Z");
  });

  it("has the link ended by the side that is up", async () => {
    const { calls } = await recover();

    const [unlink] = calls.filter(({ name }) => name === "startUnlink");
    expect(unlink?.input).toMatchObject({
      ...{ primary: production.redis.primary, secondary: production.redis.secondary },
      at: "secondary",
    });
  });

  it("fills a cache that stands by alone from the newest set", async () => {
    const run = await recover({ cache: { standby: "none", standbyKeys: 0, set: "snapshot" } });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.changes).toContain("restoreSnapshot");
    expect(run.changes).not.toContain("startUnlink");
    expect(run.record.dataLoss).toContain("its keys are those of 2026-11-22T13:30:00.000Z");
  });

  it("makes a cache where the other side's does not answer", async () => {
    const run = await recover({ cache: { standby: "unusable" } });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.changes).toContain("startCreation");
    expect(run.record.findings.join()).toContain("mcp-redis-prod-dr cannot take over");
  });

  it("tells that the files of an import were removed again", async () => {
    const { record } = await recover({ cache: { standby: "unusable" } });

    const imported = record.steps.find(({ id }) => id === "import");
    expect(imported).toMatchObject({ status: "done", changed: true });
    expect(imported?.detail).toContain("removed");
  });

  it("goes on without a cache where none is to be had, if the app is well all the same", async () => {
    const failing = { startCreation: terminal };
    const run = await recover({ cache: { standby: "unusable", failing } });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.record.findings.join()).toContain("no cache of the other side can be used");
    expect(run.names).not.toContain("writeConnection");
  });

  it("brings the secrets that the other side's vault lacks", async () => {
    const run = await recover({ vault: { standbyEmpty: true, missing: 3 } });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.changes).toContain("restoreSecrets");
  });

  it.each([
    ["is empty, and there is no set", { vault: { standbyEmpty: true, set: false } }],
    ["cannot be looked at", { vault: { failing: { observeVault: terminal } } }],
  ] as const)("leads nobody to an app whose vault %s", async (_why, traits) => {
    const run = await recover(traits);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("users are not led to westus");
    expect(run.record.reason).toContain("vault");
    expect(run.endpoints).toEqual([]);
  });

  it("says what is to be put into a vault that is empty", async () => {
    const { record } = await recover({ vault: { standbyEmpty: true, set: false } });

    expect(record.nextSteps[0]).toContain("Write the secrets that the app reads into");
  });

  it("leads nobody to an app for which no storage account stands by", async () => {
    const run = await recover({ account: false });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("no storage account of the other side stands by");
    expect(run.record.nextSteps[0]).toContain("storage.secondary");
    expect(run.endpoints).toEqual([]);
  });

  it("has the lost account failed over where nothing stands by, once and by the one approval", async () => {
    const run = await recover({ account: false, geo: true });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.record.approvals.map(({ step }) => step)).toEqual(["move-region"]);
    expect(run.names.filter((name) => name === "startStorageFailover")).toHaveLength(1);
    expect(run.record.dataLoss).toContain("what was written to blobs since 2026-11-22T13:41");
    expect(run.record.findings.join()).toContain("is locally redundant now");
  });

  it("uses an account as it stands where no set fits, and says that its age is not known", async () => {
    const run = await recover({ blobSet: false });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.record.findings.join()).toContain("how old its blobs are is not known");
    expect(run.record.dataLoss).toContain("not known");
  });

  it("leads users to an empty account rather than nowhere, and says so", async () => {
    const run = await recover({ blobSet: false, held: 0 });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.record.findings.join()).toContain("it holds no blobs");
  });

  it("leads users there although the edge is stuck, and says so", async () => {
    const slow = await recover({ edgeSpreads: false });
    const refused = await recover({ failing: { startOriginMove: terminal } });
    const blind = await recover({ failing: { observeEdge: terminal } });

    for (const run of [slow, refused, blind]) {
      expect(run.record.outcome).toBe("failed-over");
      expect(run.on).toEqual(["secondary"]);
      expect(run.record.findings.join()).toContain("users do not get the files of westus");
    }
  });

  it("tells the app by a new revision where it uses something else, and restarts nothing then", async () => {
    const run = await recover({ told: "anew" });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.changes).not.toContain("restartRevision");
    expect(stepsOf(run.record)).toContain("await-revision");
    const told = run.calls.find(({ name }) => name === "startSideChange");
    expect(told?.input).toMatchObject({
      app: production.containerApp.secondary,
      variables: {
        KEY_VAULT_URL: "https://target.vault.azure.net/",
        STORAGE_ACCOUNT_URL: "https://mcpstorageproddr.blob.core.windows.net",
      },
    });
  });

  it("leaves an app alone that uses all of it already", async () => {
    const run = await recover({ secretWritten: false });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.changes).not.toContain("restartRevision");
    expect(stepsOf(run.record)).not.toContain("await-revision");
  });

  it.each([
    ["is not well", { well: false }, "the app is not well: HTTP 503"],
    ["cannot write", { holds: false }, "its data cannot be used: the write was answered 403"],
    ["was not told", { failing: { startSideChange: lag } }, "the app could not be told"],
  ] as const)("touches no endpoint where the app %s", async (_why, traits, reason) => {
    const run = await recover(traits);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain(reason);
    expect(run.endpoints).toEqual([]);
    expect(run.on).toEqual(["primary"]);
  });

  it("says that nothing was proven where the estate names no address for it", async () => {
    const { proof: _none, ...containerApp } = production.containerApp;
    const run = await recover({}, { estate: { ...production, containerApp } });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.record.findings.join()).toContain("the estate names no containerApp.proof");
  });

  it("disables nothing where the new endpoint does not come online", async () => {
    const run = await recover({ onlineAfter: Infinity });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("did not come online");
    expect(run.endpoints).toEqual(["enableEndpoint"]);
    expect(run.on).toEqual(["primary", "secondary"]);
  });

  it("says how users are led there by hand where the role for it is missing", async () => {
    const { record } = await recover({ failing: { enableEndpoint: lag } });

    expect(record.outcome).toBe("needs-operator");
    expect(record.nextSteps[0]).toContain("Disaster recovery: Traffic Manager");
    expect(record.nextSteps[1]).toContain(`enable westus of ${profile}, wait until it is Online`);
  });

  it.each(["observeTraffic", "startSideChange"])(
    "names the roles where %s is not allowed",
    async (name) => {
      const { record } = await recover({ failing: { [name]: lag } });

      expect(record.outcome).toBe("needs-operator");
      expect(record.nextSteps[0]).toContain("Give this service the role that it lacks");
    },
  );

  it("goes on where an earlier run has stopped", async () => {
    const enabled = await recover({ on: ["primary", "secondary"], onlineAfter: 0 });
    const unlinked = await recover({
      cache: { standby: "none", standbyKeys: 2_000 },
      secretWritten: false,
    });

    expect(enabled.record.outcome).toBe("failed-over");
    expect(enabled.least).toBe(1);
    expect(enabled.on).toEqual(["secondary"]);
    expect(unlinked.record.outcome).toBe("failed-over");
    expect(unlinked.changes).not.toContain("startUnlink");
  });

  it("plans all of it and changes nothing, also while the region is well", async () => {
    for (const traits of [{}, { verdicts: ["up" as const] }, { told: "anew" as const }]) {
      const run = await recover(traits, { ...trusted, mode: "plan" });
      // An app that is told already is restarted; what would change nothing is no part of a plan.
      const app = "told" in traits ? "tell-app" : "restart-app";

      expect(run.record.outcome).toBe("planned");
      expect(run.record.plan?.changes.map(({ step }) => step)).toEqual(
        expect.arrayContaining([
          ...["move-region", "unlink", "restore", "move-origin", "write-secret"],
          ...[app, "purge-edge", "enable-endpoint", "disable-endpoint"],
        ]),
      );
      expect(run.calls.every(({ caller }) => caller.mode === "plan")).toBe(true);
      expect(run.names).not.toContain("copyBlobsBack");
      expect(run.on).toEqual(["primary"]);
    }
  });

  it("shows in a plan who has to approve", async () => {
    const run = await recover({}, { trigger: byOrder, mode: "plan" });

    const [first] = run.record.plan?.changes ?? [];
    expect(first).toMatchObject({
      step: "move-region",
      approval: "an approver other than olga",
    });
  });

  it("waits for nothing that the lost region would have to say", async () => {
    const gone = { observeLostSide: transient, observeLostAccount: transient };
    const [run, usual] = [await recover({ failing: gone }), await recover()];

    expect(run.record.outcome).toBe("failed-over");
    expect(run.endedAt - usual.endedAt).toBeLessThan(minutes(1));
  });

  it("forecasts what is left, not what it will never do", async () => {
    const { customStatuses } = await recover();

    for (const beyond of forecasts(customStatuses)) expect(beyond).toBeLessThan(0);
    const left = forecasts(customStatuses);
    const jumps = left.slice(1).map((each, index) => each - left[index]!);
    expect(Math.max(...jumps)).toBeLessThan(minutes(3));
  });

  it("always ends, with a record and a closed incident, and never without an endpoint", async () => {
    const failures = fc.constantFrom(transient, lag, terminal);
    const names = [
      ...["observeTraffic", "witnessRegion", "observeSide", "findVerifiedSets", "chooseAccount"],
      ...["findStorageUsers", "grantStorageRole", "observeAccount", "findRestorableAccount"],
      ...["compareBlobs", "copyBlobsBack", "observeEdge", "startOriginMove", "startEdgePurge"],
      ...["startSideChange", "observeApp", "probeHealth", "proveSide", "enableEndpoint"],
      ...["disableEndpoint", "observeLostSide", "observeLostAccount"],
    ];
    const traits = fc.record({
      cache: fc.record({ standby: fc.constantFrom("replica", "none", "unusable") }),
      told: fc.constantFrom("already", "anew"),
      failing: fc.dictionary(
        fc.constantFrom(...names),
        fc.oneof(failures, fc.array(failures, { maxLength: 4 })),
      ),
    });

    await fc.assert(
      fc.asyncProperty(traits as fc.Arbitrary<Partial<RegionTraits>>, async (given) => {
        const run = await recover(given);

        expect(run.error).toBeUndefined();
        expect(run.closedWith).toBe(run.record.outcome);
        expect(run.record.restoredAt !== undefined).toBe(run.record.outcome === "failed-over");
        expect(run.least).toBe(1);
        const proofAt = run.names.indexOf("proveSide");
        if (run.endpoints.length > 0) {
          expect(proofAt).toBeGreaterThanOrEqual(0);
          expect(proofAt).toBeLessThan(run.names.indexOf("enableEndpoint"));
        }
        if (run.record.outcome === "needs-operator") expect(run.record.nextSteps).not.toEqual([]);
        const waited = run.record.decisions.length * hours(4);
        expect(run.endedAt - startAt - waited).toBeLessThan(hours(4));
      }),
      { numRuns: 15 },
    );
  });

  it("reaches every step that the scenario declares on its main path", async () => {
    const runs = [
      await recover({ vault: { standbyEmpty: true, missing: 3 } }),
      await recover({ told: "anew" }),
    ];

    const reached = new Set(runs.flatMap(({ record }) => stepsOf(record)));
    const main = Object.entries(regionOutage.steps).flatMap(([id, { path: way }]) =>
      way === "main" && !["move-region", "bring-newer"].includes(id) ? [id] : [],
    );
    expect([...reached]).toEqual(expect.arrayContaining(main));
  });
});

describe("recorded histories", () => {
  const paths: Record<string, readonly [Partial<RegionTraits>, Partial<RecoveryOrder>?, People?]> =
    {
      "failed-over": [{}],
      "by-order": [{}, trusted],
      "not-needed": [{ verdicts: ["up"] }],
      unclear: [{ verdicts: ["unclear"] }],
      "not-approved": [{}, {}, nobody],
      "already-moved": [{ on: ["secondary"] }],
      "not-ready": [{ answers: false }],
      "standby-cache": [{ cache: { standby: "none", standbyKeys: 0, set: "snapshot" } }],
      "new-cache": [{ cache: { standby: "unusable" } }],
      "empty-vault": [{ vault: { standbyEmpty: true, missing: 3 } }],
      "new-revision": [{ told: "anew" }],
      "edge-stuck": [{ edgeSpreads: false }],
      "not-proven": [{ holds: false }],
      "not-online": [{ onlineAfter: Infinity }],
    };

  it.each(Object.entries(paths))("%s is what runs in flight depend on", async (name, given) => {
    await keepsToHistory(`region-outage.${name}`, () => recover(...given));
  });
});
