import fc from "fast-check";
import { hours, minutes } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import { elapsed } from "../../src/domain/instant.js";
import { verbEvent } from "../../src/domain/verb.js";
import type { RecoveryOrder } from "../../src/domain/recovery-order.js";
import { recoverKeyVault } from "../../src/orchestrators/recover-key-vault.js";
import { keyVaultFailure } from "../../src/scenarios/key-vault-failure.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { comingBackMeanwhile } from "../support/answering.js";
import { detectedAt, orderOf, runOf } from "../support/estates.js";
import { replay, type People, type Replayed } from "../support/replay-driver.js";
import { original, other, vaultPatient, type VaultTraits } from "../support/vault-patient.js";

const startAt = Date.parse(detectedAt) + 6_000;
const instanceId = runOf("key-vault-failure");
const terminal: Failure = { class: "terminal", code: "Forbidden", message: "no" };
const lag: Failure = { class: "permission-lag", code: "AuthorizationFailed", message: "no role" };
const transient: Failure = { class: "transient", code: "http-500", message: "later" };

const byOrder: RecoveryOrder["trigger"] = {
  kind: "operator",
  who: "olga",
  source: "key",
  reason: "x",
};

/** Approves, or denies, whatever is asked. */
function answering(decision: "approve" | "deny"): People {
  const known = new Set<string>();
  return (status) => {
    const { approvals = [] } = status as {
      approvals?: { nonce: string; status: string }[];
    };
    return approvals
      .filter(({ nonce, status: is }) => is === "open" && known.size !== known.add(nonce).size)
      .map(({ nonce }) => ({
        name: verbEvent,
        data: {
          verb: "approval",
          id: nonce,
          at: detectedAt,
          by: { name: "ada", source: "key" },
          nonce,
          decision,
          reason: "x",
        },
        after: 60_000,
      }));
  };
}

async function recover(
  traits: Partial<VaultTraits> = {},
  more: Partial<RecoveryOrder> = {},
  people?: People,
) {
  const subject = vaultPatient(traits);
  const input = orderOf({
    scenario: "key-vault-failure",
    resource: original,
    incident: "incidents/production/key-vault-failure/0.json",
    ...more,
  });
  const { incident: _none, ...planned } = input;
  const replayed = await replay(recoverKeyVault, {
    instanceId,
    input: input.mode === "plan" ? planned : input,
    stubs: subject.stubs,
    startAt,
    ...(people === undefined ? {} : { people }),
  });
  return { ...replayed, record: subject.record(), closedWith: subject.closedWith() };
}

const stepsOf = (record: { steps: readonly { id: string }[] }) => record.steps.map(({ id }) => id);
const changes = (run: Replayed): readonly string[] =>
  run.calls
    .map(({ name }) => name)
    .filter((name) => /^(grant|setVault|startVault|startTraffic|restoreSecrets)/.test(name));

describe("recover key vault", () => {
  it("changes nothing where the app reads its vault", async () => {
    const run = await recover({ condition: "healthy" });

    expect(run.record.outcome).toBe("not-needed");
    expect(changes(run)).toEqual([]);
    expect(run.calls.map(({ name }) => name)).not.toContain("takeLease");
  });

  it("says that the alert is about the vault that stands by", async () => {
    const run = await recover({ condition: "healthy" }, { resource: other });

    expect(run.record.reason).toContain("which it does not use");
    expect(run.record.nextSteps).toHaveLength(1);
  });

  it("is held back where only the alert says that it failed", async () => {
    const run = await recover({ witnesses: "alone" });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("fewer than two independent sources");
    expect(changes(run)).toEqual([]);
  });

  it("gives the app its lost role again", async () => {
    const run = await recover({ condition: "role-missing" });

    expect(run.record.outcome).toBe("restored");
    expect(changes(run)).toEqual(["grantVaultRole", "grantVaultRole"]);
    expect(elapsed(detectedAt, run.record.restoredAt ?? "")).toBeLessThan(minutes(3));
  });

  it("changes network rules only after approval", async () => {
    const approved = await recover({ condition: "firewall" }, {}, answering("approve"));
    const denied = await recover({ condition: "firewall" }, {}, answering("deny"));
    const silent = await recover({ condition: "firewall" });

    expect(approved.record.outcome).toBe("restored");
    expect(changes(approved)).toEqual(["setVaultNetwork"]);
    for (const run of [denied, silent]) {
      expect(run.record.outcome).toBe("needs-operator");
      expect(changes(run)).toEqual([]);
    }
  });

  it.each([
    ["firewall", "not-needed"],
    ["unavailable", "restored-with-findings"],
  ] as const)(
    "leaves a vault as it is that came back while people were asked: %s",
    async (condition, outcome) => {
      const { people, comesBackOnce } = comingBackMeanwhile();
      const run = await recover({ condition, comesBackOnce }, {}, people);

      expect(run.record.approvals).toHaveLength(1);
      expect(run.record.outcome).toBe(outcome);
      expect(changes(run)).toEqual([]);
    },
  );

  it("leaves network rules alone where the estate does not say which are right", async () => {
    const { estate } = orderOf();
    const { network: _rules, ...keyVault } = estate.keyVault;
    const run = await recover({ condition: "firewall" }, { estate: { ...estate, keyVault } });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.nextSteps.join()).toContain("keyVault.network");
    expect(run.record.approvals).toEqual([]);
  });

  it("recovers a deleted vault, gives roles again and says what does not come back", async () => {
    const run = await recover({ condition: "soft-deleted" });

    expect(run.record.outcome).toBe("restored-with-findings");
    expect(changes(run)).toEqual(["startVaultRecovery", "grantVaultRole", "grantVaultRole"]);
    expect(run.record.findings[0]).toContain("Event Grid");
    expect(run.record.dataLoss).toBe("none: the vault itself came back");
  });

  it("treats what comes to light after the first cause is mended", async () => {
    const run = await recover(
      { condition: "role-missing", beneath: "firewall" },
      {},
      answering("approve"),
    );

    expect(run.record.outcome).toBe("restored");
    expect(changes(run)).toEqual(["grantVaultRole", "grantVaultRole", "setVaultNetwork"]);
  });

  it("asks for a person where what was mended did not help", async () => {
    const run = await recover({ condition: "role-missing", heals: false });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("still cannot read");
  });

  it.each([
    ["another vault", { condition: "role-missing", beneath: "gone" }],
    ["one that has come back", { condition: "role-missing", beneath: "soft-deleted" }],
  ] as const)("gives roles anew at %s, where it has given them before", async (_which, traits) => {
    const run = await recover(traits);

    const grants = run.calls.filter(({ name }) => name === "grantVaultRole");
    expect(grants).toHaveLength(4);
    expect(new Set(grants.map(({ caller }) => caller.step)).size).toBe(4);
  });

  it("waits for the platform and builds nothing", async () => {
    const run = await recover({ condition: "unavailable", comesBackAfter: 600_000 });

    expect(run.record.outcome).toBe("restored-with-findings");
    expect(changes(run)).toEqual([]);
    expect(run.record.withinRto).toEqual({ scenario: true, environment: true });
    expect(run.record.dataLoss).toBe("none: the vault itself came back");
  });

  it("leaves a vault that does not come back only when a person says so", async () => {
    const left = await recover({ condition: "unavailable" }, {}, answering("approve"));
    const stayed = await recover({ condition: "unavailable" }, {}, answering("deny"));
    const alone = await recover(
      { condition: "unavailable", standby: false },
      {},
      answering("approve"),
    );

    expect(left.record.outcome).toBe("failed-over");
    expect(changes(left)).toContain("startVaultMove");
    for (const run of [stayed, alone]) {
      expect(run.record.outcome).toBe("needs-operator");
      expect(changes(run)).toEqual([]);
    }
  });

  it("says in its loss what stays old and what did not come back", async () => {
    const run = await recover({ missing: 2, refused: 1, older: ["jwt-signing-key"] });

    expect(run.record.outcome).toBe("failed-over");
    expect(run.record.dataLoss).toContain("1 secrets are older there than in the newest set");
    expect(run.record.dataLoss).toContain("1 of 3 secrets could not be brought back");
  });

  it("goes on with the standby, which gets what it lacks", async () => {
    const run = await recover({ missing: 1, older: ["jwt-signing-key"] });

    expect(run.record.outcome).toBe("failed-over");
    expect(changes(run)).toEqual([
      "grantVaultRole",
      "grantVaultRole",
      "restoreSecrets",
      "startVaultMove",
    ]);
    expect(run.record.findings[0]).toContain("jwt-signing-key is older here");
    expect(run.record.dataLoss).toContain("written to secrets since 2026-11-22T13:30:00.000Z");
    const leases = run.calls.find(({ name }) => name === "startVaultMove")?.caller.leases;
    expect(leases).toHaveLength(3);
  });

  it("takes the newest set that opens, where a newer one is of another geography", async () => {
    const { record, calls } = await recover({ condition: "gone", newestElsewhere: true });

    expect(record.outcome).toBe("failed-over");
    expect(record.dataLoss).toContain("2026-11-22T13:30:00.000Z");
    expect(record.findings.join()).toContain("a newer set was passed over: key-vault/x/elsewhere/");
    const opened = calls.filter(({ name }) => name === "findRestorableVault");
    expect(new Set(opened.map(({ caller }) => caller.step)).size).toBe(2);
  });

  it("uses a standby that no set can be compared with, and says so", async () => {
    for (const traits of [{ set: false }, { opens: false }]) {
      const run = await recover(traits);

      expect(run.record.outcome).toBe("failed-over");
      expect(run.record.findings[0]).toContain("used as it stands");
    }
  });

  it("never hands the app an empty vault", async () => {
    const standby = await recover({ standbyEmpty: true, set: false });
    const made = await recover({ standby: false, set: false });
    const refused = await recover({
      standby: false,
      missing: 3,
      failing: { restoreSecrets: terminal },
    });

    for (const run of [standby, made, refused]) {
      expect(run.record.outcome).toBe("needs-operator");
      expect(run.record.reason).toContain("holds no secrets");
      expect(changes(run)).not.toContain("startVaultMove");
    }
  });

  it("makes a new vault where none stands by, and says what to write down", async () => {
    const run = await recover({ standby: false, missing: 3 });

    expect(run.record.outcome).toBe("failed-over");
    expect(changes(run)[0]).toBe("startVaultCreation");
    expect(run.record.nextSteps[0]).toContain("keyVault.secondary");
    expect(run.record.findings[0]).toContain("what was written since is lost");
    expect(run.record.dataLoss).toContain("written to secrets since 2026-11-22T13:30:00.000Z");
    const creation = run.calls.find(({ name }) => name === "startVaultCreation");
    expect(creation?.input).toMatchObject({ location: "westus" });
  });

  it("sends the traffic to the new revision in multiple-revision mode", async () => {
    const run = await recover({ mode: "multiple" });

    expect(run.record.outcome).toBe("failed-over");
    expect(changes(run).at(-1)).toBe("startTrafficShift");
  });

  it("names the roles where one of them is missing", async () => {
    for (const failing of [
      { grantVaultRole: lag },
      { startVaultCreation: lag },
      { startVaultMove: lag },
    ]) {
      const run = await recover({ standby: false, missing: 3, failing });

      expect(run.record.outcome).toBe("needs-operator");
      expect(run.record.nextSteps[0]).toContain("Disaster recovery: access to data");
    }
  });

  it("asks for a person where the app does not read the other vault either", async () => {
    const run = await recover({ readsAfterMove: [false, false] });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("does not read");
    expect(run.record.restoredAt).toBeUndefined();
  });

  it("plans the way to another vault, whatever is wrong, and changes nothing", async () => {
    for (const traits of [
      { condition: "healthy" as const },
      { condition: "gone" as const },
      { condition: "gone" as const, standby: false, missing: 3 },
    ]) {
      const run = await recover(traits, { mode: "plan", trigger: byOrder });

      expect(run.record.outcome).toBe("planned");
      expect(run.record.plan?.changes.map(({ step }) => step)).toContain("move-app");
      expect(run.record.plan?.fallbacks).toHaveLength(5);
      expect(run.calls.every(({ caller }) => caller.mode === "plan")).toBe(true);
      expect(run.calls.map(({ name }) => name)).not.toContain("restoreSecrets");
    }
  });

  it.each(["always", "in-the-middle"] as const)(
    "says so where the whole region is down, %s",
    async (regionDown) => {
      const { record } = await recover({
        regionDown,
        failing: { startVaultMove: terminal },
      });

      expect(record.outcome).toBe("needs-operator");
      expect(record.reason).toContain("the region itself seems to be down");
      expect(stepsOf(record).includes("choose-vault")).toBe(regionDown === "in-the-middle");
    },
  );

  it("does not wait for a vault whose whole region is away", async () => {
    const { record, calls } = await recover({ condition: "unavailable", regionDown: "always" });

    expect(record.reason).toContain("the region itself seems to be down");
    expect(calls.filter(({ name }) => name === "diagnoseVault").length).toBeLessThan(6);
  });

  it("names the vault's app, the reason and the role where it cannot look at all", async () => {
    const { record } = await recover({ failing: { diagnoseVault: lag } });

    expect(record.reason).toContain("mcp-server-prod could not be looked at: AuthorizationFailed");
    expect(record.nextSteps[0]).toContain("Disaster recovery: vaults");
  });

  it("says that the region is away where it cannot look at all because of that", async () => {
    const failing = { diagnoseVault: transient };
    const { record } = await recover({ failing, regionDown: "always" });

    expect(record.reason).toContain("the region itself seems to be down");
  });

  it("asks about the step that failed, not about the look at the region that follows", async () => {
    const { record } = await recover({ failing: { startVaultMove: terminal } });

    expect(record.decisions.map(({ step }) => step)).toEqual(["move-app"]);
  });

  it("reaches every step that the scenario declares", async () => {
    const runs = [
      await recover({ condition: "firewall" }, {}, answering("approve")),
      await recover({ condition: "soft-deleted" }),
      await recover({ condition: "unavailable" }, {}, answering("approve")),
      await recover({ standby: false, missing: 3, mode: "multiple" }),
    ];

    const reached = new Set(runs.flatMap(({ record }) => stepsOf(record)));
    expect([...reached].sort()).toEqual(Object.keys(keyVaultFailure.steps).sort());
  });

  it("always ends, with a record and a closed incident, whatever fails", async () => {
    const failures = fc.constantFrom(transient, lag, terminal);
    const names = [
      ...["diagnoseVault", "probeVaultUse", "observeVault", "findVaultUsers", "grantVaultRole"],
      ...["startVaultRecovery", "chooseVault", "startVaultCreation", "pollVaultOperation"],
      ...["startVaultMove", "observeApp", "startTrafficShift", "findVerifiedSets"],
      ...["compareSecrets", "restoreSecrets", "verifySecrets", "setVaultNetwork"],
    ];
    const traits = fc.record({
      condition: fc.constantFrom(
        ...([
          "healthy",
          "firewall",
          "role-missing",
          "unavailable",
          "soft-deleted",
          "gone",
        ] as const),
      ),
      beneath: fc.constantFrom("healthy", "firewall", "unavailable"),
      standby: fc.boolean(),
      set: fc.boolean(),
      mode: fc.constantFrom("single", "multiple"),
      failing: fc.dictionary(
        fc.constantFrom(...names),
        fc.oneof(failures, fc.array(failures, { maxLength: 4 })),
      ),
    });

    await fc.assert(
      fc.asyncProperty(traits as fc.Arbitrary<Partial<VaultTraits>>, async (given) => {
        const run = await recover(given, {}, answering("approve"));

        expect(run.error).toBeUndefined();
        expect(run.closedWith).toBe(run.record.outcome);
        const served = ["restored", "restored-with-findings", "failed-over"];
        expect(run.record.restoredAt !== undefined).toBe(served.includes(run.record.outcome));
        if (run.record.outcome === "not-needed") expect(changes(run)).toEqual([]);
        const waited = run.record.decisions.length * hours(4);
        expect(run.endedAt - startAt - waited).toBeLessThan(hours(3));
      }),
      { numRuns: 12 },
    );
  });
});

describe("recorded histories", () => {
  const paths: Record<string, readonly [Partial<VaultTraits>, ("approve" | "deny")?]> = {
    "not-needed": [{ condition: "healthy" }],
    unconfirmed: [{ witnesses: "alone" }],
    "role-missing": [{ condition: "role-missing" }],
    firewall: [{ condition: "firewall" }, "approve"],
    "firewall-not-approved": [{ condition: "firewall" }],
    "soft-deleted": [{ condition: "soft-deleted" }],
    unavailable: [{ condition: "unavailable", comesBackAfter: 600_000 }],
    "unavailable-left": [{ condition: "unavailable" }, "approve"],
    standby: [{}],
    "standby-complete": [{ missing: 0 }],
    "standby-multiple": [{ mode: "multiple" }],
    "new-vault": [{ standby: false, missing: 3 }],
    "no-secrets": [{ standby: false, set: false }],
    unexplained: [{ condition: "unexplained" }],
  };

  it.each(Object.entries(paths))("%s is what runs in flight depend on", async (name, given) => {
    const [traits, says] = given;
    await keepsToHistory(`key-vault-failure.${name}`, () =>
      recover(traits, {}, says === undefined ? undefined : answering(says)),
    );
  });
});
