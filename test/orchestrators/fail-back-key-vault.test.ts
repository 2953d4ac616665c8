import { isDisabled } from "../../src/activities/key-vault-backup.contract.js";
import type { Failure } from "../../src/domain/failure.js";
import type { RunOrder } from "../../src/domain/run-order.js";
import { failBackKeyVault } from "../../src/orchestrators/fail-back-key-vault.js";
import { keyVaultFailback } from "../../src/scenarios/key-vault-failback.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { detectedAt, orderOf } from "../support/estates.js";
import { replay, type Replayed } from "../support/replay-driver.js";
import { original, vaultPatient, type VaultTraits } from "../support/vault-patient.js";

const instanceId = "failback-key-vault-production-20261122T135830Z-ab12cd";
const terminal: Failure = { class: "terminal", code: "Forbidden", message: "no" };
const away = { used: "secondary", condition: "healthy" } as const;

async function failBack(traits: Partial<VaultTraits> = {}, more: Partial<RunOrder> = {}) {
  const subject = vaultPatient({ ...away, ...traits });
  const { scenario: _scenario, ...order } = orderOf({
    resource: original,
    incident: "incidents/production/key-vault-failure/0.json",
    trigger: { kind: "operator", who: "olga", source: "key", reason: "x" },
    ...more,
  });
  const { incident: _none, ...planned } = order;
  const replayed = await replay(failBackKeyVault, {
    instanceId,
    input: order.mode === "plan" ? planned : order,
    stubs: subject.stubs,
    startAt: Date.parse(detectedAt),
  });
  return { ...replayed, record: subject.record(), closedWith: subject.closedWith() };
}

const changes = (run: Replayed): readonly string[] =>
  run.calls
    .map(({ name }) => name)
    .filter((name) => /^(startVault|startTraffic|syncSecrets)/.test(name));

describe("fail back key vault", () => {
  it("brings home what is newer, moves the app and looks for what was written meanwhile", async () => {
    const run = await failBack();

    expect(run.record).toMatchObject({ kind: "failback", outcome: "failed-back", findings: [] });
    expect(changes(run)).toEqual(["syncSecrets", "startVaultMove", "syncSecrets"]);
    expect(run.closedWith).toBe("failed-back");
  });

  it("has nothing to do where the app uses the original vault", async () => {
    const run = await failBack({ used: "primary" });

    expect(run.record.outcome).toBe("not-needed");
    expect(changes(run)).toEqual([]);
  });

  it("recovers the original from soft deletion first", async () => {
    const run = await failBack({ home: "deleted" });

    expect(run.record.outcome).toBe("failed-back");
    expect(changes(run)[0]).toBe("startVaultRecovery");
  });

  it.each<readonly [string, Partial<VaultTraits>, string]>([
    ["the original is gone", { home: "absent" }, "the original vault is gone"],
    ["the app cannot be asked", { hasIngress: false }, "the app has no ingress"],
    ["the vault in use fails", { condition: "unavailable" }, "cannot be read"],
    [
      "a value at home is newer and another one",
      { newerAtHome: ["jwt-signing-key"] },
      "jwt-signing-key",
    ],
    ["the vaults cannot be compared", { failing: { compareVaults: terminal } }, "Forbidden"],
    [
      "a name is in soft deletion at home",
      { refusedAtHome: [{ name: "jwt", reason: "ObjectIsDeletedButRecoverable: deleted" }] },
      "1 secrets could not be brought home: jwt",
    ],
    ["the secrets cannot be brought", { failing: { syncSecrets: terminal } }, "Forbidden"],
  ])("refuses where %s, before the app is touched", async (_why, traits, says) => {
    const run = await failBack(traits);

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain(says);
    expect(changes(run)).not.toContain("startVaultMove");
  });

  it("leaves a disabled secret where it is, and goes home", async () => {
    const run = await failBack({ refusedAtHome: [{ name: "old", reason: isDisabled }] });

    expect(run.record.outcome).toBe("failed-back");
  });

  it("goes back to the vault that the app could read when it cannot read the original", async () => {
    const run = await failBack({ readsAfterMove: [false, true] });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("uses the other vault again, and reads it");
    const moves = run.calls.filter(({ name }) => name === "startVaultMove");
    expect(moves).toHaveLength(2);
    const [there, back] = moves.map(({ input }) => input as { from: string; to: string });
    expect([back?.from, back?.to]).toEqual([there?.to, there?.from]);
  });

  it("sends the traffic back as well in multiple-revision mode, as an act of its own", async () => {
    const run = await failBack({ mode: "multiple", readsAfterMove: [false, true] });

    const shifts = run.calls.filter(({ name }) => name === "startTrafficShift");
    expect(run.record.reason).toContain("uses the other vault again, and reads it");
    expect(new Set(shifts.map(({ caller }) => caller.step)).size).toBe(2);
    expect(new Set(shifts.map(({ input }) => (input as { revision: string }).revision)).size).toBe(
      2,
    );
  });

  it("does not take the word of the revision before for that of the new one", async () => {
    const run = await failBack({ mode: "multiple", shifts: false });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("did not get the traffic");
    expect(run.record.restoredAt).toBeUndefined();
  });

  it("says so when the app reads neither", async () => {
    const run = await failBack({ readsAfterMove: [false, false] });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.restoredAt).toBeUndefined();
    expect(run.record.nextSteps.join()).toContain("key-vault-failure");
  });

  it("says what to do with a vault that a recovery made", async () => {
    const run = await failBack({ used: "elsewhere" });

    expect(run.record.outcome).toBe("failed-back");
    expect(run.record.nextSteps[0]).toContain("out of use");
  });

  it("plans without bringing or moving anything", async () => {
    const run = await failBack({}, { mode: "plan" });

    expect(run.record.outcome).toBe("planned");
    expect(run.record.plan?.changes.map(({ step }) => step)).toEqual([
      "grant-roles",
      "grant-roles",
      "bring-home",
      "move-app",
    ]);
    expect(run.calls.map(({ name }) => name)).not.toContain("syncSecrets");
  });

  it("reaches every step that the procedure declares", async () => {
    const runs = [
      await failBack({ home: "deleted", mode: "multiple" }),
      await failBack({ readsAfterMove: [false, true] }),
    ];

    const reached = new Set(runs.flatMap(({ record }) => record.steps.map(({ id }) => id)));
    expect([...reached].sort()).toEqual(Object.keys(keyVaultFailback.steps).sort());
  });
});

describe("recorded histories", () => {
  const paths: Record<string, Partial<VaultTraits>> = {
    home: {},
    "from-soft-deletion": { home: "deleted" },
    "and-back-again": { readsAfterMove: [false, true] },
    "newer-at-home": { newerAtHome: ["jwt-signing-key"] },
    "not-needed": { used: "primary" },
  };

  it.each(Object.entries(paths))("%s is what runs in flight depend on", async (name, traits) => {
    await keepsToHistory(`key-vault-failback.${name}`, () => failBack(traits));
  });
});
