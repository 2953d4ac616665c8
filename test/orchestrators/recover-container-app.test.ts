import fc from "fast-check";
import { Checkpoint } from "../../src/domain/checkpoint.js";
import type { Failure } from "../../src/domain/failure.js";
import { elapsed } from "../../src/domain/instant.js";
import { hours, milliseconds, minutes } from "../../src/domain/duration.js";
import { recoverContainerApp } from "../../src/orchestrators/recover-container-app.js";
import { containerAppFailure } from "../../src/scenarios/container-app-failure.js";
import { RecoveryOrder } from "../../src/domain/recovery-order.js";
import { framed } from "../../src/recovery/framed.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { detectedAt, orderOf, runOf } from "../support/estates.js";
import { patient, type PatientTraits } from "../support/patient.js";
import { replay, replayRecorded, type Replayed } from "../support/replay-driver.js";

const startAt = Date.parse(detectedAt) + 6_000;
const instanceId = runOf("container-app-failure");
const terminal: Failure = { class: "terminal", code: "Forbidden", message: "no" };
const transient: Failure = { class: "transient", code: "http-500", message: "later" };
const busy: Failure = { class: "busy", code: "ContainerAppOperationInProgress", message: "busy" };

async function recover(traits: Partial<PatientTraits>) {
  const subject = patient(traits);
  const replayed = await replay(recoverContainerApp, {
    instanceId,
    input: orderOf(),
    stubs: subject.stubs,
    startAt,
  });
  return { ...replayed, record: subject.record(), closedWith: subject.closedWith() };
}

const fine = (count: number): undefined[] => Array.from({ length: count }, () => undefined);
const away = (count: number): Failure[] => Array.from({ length: count }, () => transient);
const stepsOf = (record: { steps: readonly { id: string }[] }) => record.steps.map(({ id }) => id);
const changes = (run: Replayed) =>
  run.calls
    .map(({ name }) => name)
    .filter((name) => /^(restart|activate|startTraffic|startRoll)/.test(name));

describe("recover container app", () => {
  it("changes nothing when the app answers its probes", async () => {
    const run = await recover({ heals: "already" });

    expect(run.output).toEqual({ run: instanceId, outcome: "not-needed" });
    expect(stepsOf(run.record)).toEqual(["confirm"]);
    expect(changes(run)).toEqual([]);
    expect(run.calls.map(({ name }) => name)).not.toContain("takeLease");
    expect(run.closedWith).toBe("not-needed");
  });

  it("plans the main path without a change, whatever the probes say", async () => {
    for (const heals of ["already", "restart"] as const) {
      const subject = patient({ heals });
      const { incident: _none, ...order } = orderOf({ mode: "plan" });
      const run = await replay(recoverContainerApp, {
        instanceId,
        input: order,
        stubs: subject.stubs,
        startAt,
      });

      expect(subject.record()).toMatchObject({
        outcome: "planned",
        plan: { changes: [{ step: "restart-revision" }], fallbacks: [{}, {}] },
      });
      expect(run.calls.every(({ caller }) => caller.mode === "plan")).toBe(true);
      expect(run.calls.map(({ name }) => name)).not.toContain("captureAppLogs");
    }
  });

  it("says that a plan is incomplete when nothing can be seen", async () => {
    const subject = patient({ failing: { observeApp: terminal } });
    const { incident: _none, ...order } = orderOf({ mode: "plan" });
    await replay(recoverContainerApp, { instanceId, input: order, stubs: subject.stubs, startAt });

    expect(subject.record()).toMatchObject({
      outcome: "planned",
      reason: "the plan is incomplete: the app cannot be looked at (Forbidden: no)",
    });
  });

  it("restarts the serving revision and verifies", async () => {
    const run = await recover({});

    expect(run.record.outcome).toBe("restored");
    expect(stepsOf(run.record)).toEqual([
      "confirm",
      "gather-evidence",
      "recheck",
      "restart-revision",
      "await-restart",
      "verify",
    ]);
    expect(changes(run)).toEqual(["restartRevision"]);
    expect(run.record.withinRto).toEqual({ scenario: true, environment: true });
    expect(elapsed(detectedAt, run.record.restoredAt ?? "")).toBeLessThan(minutes(3));
  });

  it("rolls back when a restart does not help, and forward with the good template", async () => {
    const run = await recover({ heals: "activation" });

    expect(run.record.outcome).toBe("restored");
    expect(changes(run)).toEqual(["restartRevision", "activateRevision", "startRollForward"]);
    expect(run.record.steps.find(({ id }) => id === "await-restart")?.status).toBe("failed");
    expect(elapsed(detectedAt, run.record.restoredAt ?? "")).toBeLessThan(minutes(8));
  });

  it("moves traffic instead of rolling forward in multiple-revision mode", async () => {
    const run = await recover({ heals: "activation", mode: "multiple" });

    expect(run.record.outcome).toBe("restored");
    expect(changes(run)).toEqual(["restartRevision", "activateRevision", "startTrafficShift"]);
  });

  it("touches nothing when the app heals itself before the first change", async () => {
    const run = await recover({ heals: "itself" });

    expect(run.record.outcome).toBe("not-needed");
    expect(changes(run)).toEqual([]);
    expect(run.calls.filter(({ name }) => name === "probeHealth").length).toBeGreaterThan(5);
  });

  it("restarts only what fails of revisions that share the traffic", async () => {
    const run = await recover({ mode: "multiple", split: true });

    expect(run.record.outcome).toBe("restored");
    expect(run.calls.find(({ name }) => name === "restartRevision")?.input).toMatchObject({
      revision: "mcp-server-prod--bad",
    });
    expect(changes(run)).toEqual(["restartRevision"]);
  });

  it("sends all traffic to the healthy one of two that share it when a restart does not help", async () => {
    const run = await recover({ mode: "multiple", split: true, heals: "shift" });

    expect(run.record.outcome).toBe("restored");
    expect(changes(run)).toEqual(["restartRevision", "startTrafficShift"]);
    expect(run.calls.find(({ name }) => name === "startTrafficShift")?.input).toMatchObject({
      revision: "mcp-server-prod--well",
    });
  });

  it("restarts all that serve when they cannot be told apart", async () => {
    const run = await recover({
      mode: "multiple",
      split: true,
      failing: { probeRevisions: terminal },
    });

    expect(changes(run)).toEqual(["restartRevision", "restartRevision"]);
  });

  it("takes the next good revision when the last one is gone", async () => {
    const run = await recover({
      heals: "activation",
      failing: { activateRevision: [terminal], startRollForward: [terminal] },
    });

    expect(run.record.outcome).toBe("restored");
    expect(run.record.reason).toContain("mcp-server-prod--older");
  });

  it("stops at once where it may not change the app, and names the role", async () => {
    const forbidden: Failure = {
      class: "permission-lag",
      code: "AuthorizationFailed",
      message: "the client does not have authorization",
    };
    const never = await recover({ heals: "never", failing: { restartRevision: forbidden } });
    const later = await recover({ heals: "never", failing: { activateRevision: forbidden } });
    const shift = await recover({
      heals: "never",
      mode: "multiple",
      failing: { startTrafficShift: forbidden },
    });

    for (const run of [never, later, shift]) {
      expect(run.record.outcome).toBe("needs-operator");
      expect(run.record.nextSteps[0]).toContain("Disaster recovery: container apps");
    }
    expect(changes(never)).toEqual(["restartRevision"]);
  });

  it("rolls forward at once when the good revision cannot be activated", async () => {
    const run = await recover({ heals: "roll-forward", failing: { activateRevision: terminal } });

    expect(run.record.outcome).toBe("restored");
    expect(run.record.reason).toContain("rolled forward");
  });

  it("reports a finding when the app is up but its template stays bad", async () => {
    const run = await recover({ heals: "activation", failing: { startRollForward: terminal } });

    expect(run.record.outcome).toBe("restored-with-findings");
    expect(run.record.findings).toHaveLength(1);
    expect(run.record.nextSteps).toHaveLength(1);
    expect(run.record.restoredAt).toBeDefined();
  });

  it("needs an operator when nothing helps", async () => {
    const run = await recover({ heals: "never" });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.restoredAt).toBeUndefined();
    expect(run.record.nextSteps.length).toBeGreaterThan(0);
    expect(run.closedWith).toBe("needs-operator");
  });

  it("needs an operator when there is no earlier revision", async () => {
    const run = await recover({ heals: "never", knownGood: false });

    expect(run.record.outcome).toBe("needs-operator");
    expect(changes(run)).toEqual(["restartRevision"]);
  });

  it("needs an operator when the app cannot be read", async () => {
    const run = await recover({ failing: { observeApp: terminal } });

    expect(run.record.outcome).toBe("needs-operator");
    expect(changes(run)).toEqual([]);
  });

  it("goes on without evidence when none can be had", async () => {
    const run = await recover({
      failing: {
        captureAppState: terminal,
        captureAppLogs: transient,
        captureErrorRates: terminal,
      },
    });

    expect(run.record.outcome).toBe("restored");
    const step = run.record.steps.find(({ id }) => id === "gather-evidence");
    expect(step?.detail).toContain("not to be had");
    expect(step?.evidence).toEqual([]);
  });

  it("repeats what is transient or busy on durable timers, and counts the attempts", async () => {
    const run = await recover({ failing: { restartRevision: [transient, busy] } });

    expect(run.record.outcome).toBe("restored");
    const step = run.record.steps.find(({ id }) => id === "restart-revision");
    expect(step?.attempts).toBe(3);
    expect(changes(run)).toHaveLength(3);
  });

  it("waits for a resource that another run holds", async () => {
    const run = await recover({ leaseHeldFor: 60_000 });

    expect(run.record.outcome).toBe("restored");
    expect(run.calls.filter(({ name }) => name === "takeLease").length).toBeGreaterThan(3);
  });

  it("gives up on a resource that another run does not let go", async () => {
    const run = await recover({ leaseHeldFor: 3_600_000 });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toContain("resource-held");
    expect(changes(run)).toEqual([]);
  });

  it("shows the lease to every activity that changes something, and gives it back", async () => {
    const run = await recover({ heals: "activation" });

    const mutating = run.calls.filter(({ name }) => changes(run).includes(name));
    expect(mutating.every(({ caller }) => caller.leases.length === 1)).toBe(true);
    const names = run.calls.map(({ name }) => name);
    expect(names.lastIndexOf("releaseLease")).toBeGreaterThan(
      names.lastIndexOf("startRollForward"),
    );
  });

  it("keeps trying to write its record while the state store is away", async () => {
    const run = await recover({
      failing: { saveRecord: Array.from({ length: 20 }, () => transient) },
    });

    expect(run.record.outcome).toBe("restored");
    expect(run.closedWith).toBe("restored");
  });

  it("takes a crashed activity for a transient failure", async () => {
    const crash = new Error("Activity function 'x' failed: node exited with code 1");
    const run = await recover({ failing: { restartRevision: [crash], captureAppLogs: crash } });

    expect(run.record.outcome).toBe("restored");
    expect(run.record.steps.find(({ id }) => id === "restart-revision")?.attempts).toBe(2);
  });

  it("needs an operator when the service itself is at fault, and still reports", async () => {
    const subject = patient();
    const broken = framed(containerAppFailure, RecoveryOrder, function* (recovery) {
      yield* recovery.sleep(milliseconds(1));
      throw new Error("undefined is not a function");
    });
    await replay(broken, { instanceId, input: orderOf(), stubs: subject.stubs, startAt });

    expect(subject.record()).toMatchObject({
      outcome: "needs-operator",
      reason: "this service failed itself: undefined is not a function; nobody decided in time",
    });
    expect(subject.closedWith()).toBe("needs-operator");
  });

  it("follows a long operation past failing looks, and believes the resource at its end", async () => {
    const traits = { heals: "activation", mode: "multiple" } as const;

    const away = await recover({
      ...traits,
      failing: { pollAppOperation: [transient, transient] },
    });
    const gone = await recover({ ...traits, failing: { pollAppOperation: terminal } });
    const never = await recover({ ...traits, failing: { pollAppOperation: transient } });

    for (const run of [away, gone, never]) expect(run.record.outcome).toBe("restored");
  });

  it("touches nothing when not one of its own probes could be made", async () => {
    const run = await recover({ failing: { probeHealth: new Error("out of memory") } });

    expect(run.record.outcome).toBe("needs-operator");
    expect(changes(run)).toEqual([]);
  });

  it("comes back from a roll-forward that turned out badly, and never calls it restored", async () => {
    const back = await recover({ heals: "activation", rollForwardHarms: "until-back" });
    const lost = await recover({ heals: "activation", rollForwardHarms: "for-good" });

    expect(back.record.outcome).toBe("restored-with-findings");
    expect(changes(back).at(-1)).toBe("activateRevision");
    expect(lost.record.outcome).toBe("needs-operator");
    expect(lost.record.restoredAt).toBeUndefined();
  });

  it("does not roll back for one lost probe after a good restart", async () => {
    const run = await recover({ failing: { probeHealth: [...fine(4), transient] } });

    expect(run.record.outcome).toBe("restored");
    expect(changes(run)).toEqual(["restartRevision"]);
  });

  it("tries to renew its lease once a pause while the state store is away", async () => {
    const run = await recover({
      heals: "never",
      failing: { observeRestart: transient, takeLease: [...fine(1), ...away(500)] },
    });

    const renewals = run.calls.filter(({ name }) => name === "takeLease").length;
    expect(renewals).toBeGreaterThan(2);
    expect(renewals).toBeLessThan(60);
    expect(run.record.outcome).toBe("needs-operator");
  });

  it("ends as superseded when another run has taken its resource", async () => {
    const run = await recover({
      heals: "never",
      leaseLostAfter: 60_000,
      failing: { observeRestart: transient },
    });

    expect(run.record.outcome).toBe("superseded");
    expect(run.closedWith).toBe("superseded");
  });

  it("says in its last checkpoint why there is no record", async () => {
    const subject = patient({ failing: { saveRecord: terminal } });
    const run = await replay(recoverContainerApp, {
      instanceId,
      input: orderOf(),
      stubs: subject.stubs,
      startAt,
    });

    expect(Checkpoint.parse(run.customStatus).reason).toContain("no record: Forbidden");
  });

  it("renews its lease while it waits", async () => {
    const run = await recover({
      heals: "never",
      failing: { observeRestart: transient, observeRevision: transient, chooseKnownGood: busy },
    });

    expect(run.calls.filter(({ name }) => name === "takeLease").length).toBeGreaterThan(1);
  });

  it("does nothing when an ended instance is started again", async () => {
    const subject = patient({ mandated: false });
    const run = await replay(recoverContainerApp, {
      instanceId,
      input: orderOf(),
      stubs: subject.stubs,
      startAt,
    });

    expect(run.output).toEqual({ run: instanceId, outcome: "superseded" });
    expect(run.calls.map(({ name }) => name)).toEqual(["confirmMandate"]);
  });

  it("publishes a checkpoint with both deadlines and a forecast at each change", async () => {
    const run = await recover({ heals: "activation" });

    const checkpoints = run.customStatuses.map((status) => Checkpoint.parse(status));
    for (const { clock } of checkpoints) {
      expect(clock.deadlines.scenarioAt).toBe("2026-11-22T14:13:24.371Z");
      expect(clock.deadlines.environmentAt).toBe("2026-11-22T14:58:24.371Z");
      expect(Date.parse(clock.forecastAt)).toBeGreaterThanOrEqual(Date.parse(detectedAt));
    }
    expect(checkpoints.at(-1)?.outcome).toBe("restored");
    const sizes = run.customStatuses.map((status) => JSON.stringify(status).length * 2);
    expect(Math.max(...sizes)).toBeLessThan(16 * 1024);
  });

  it("reaches every step that the scenario declares", async () => {
    const runs = [
      await recover({ heals: "activation" }),
      await recover({ heals: "activation", mode: "multiple", split: true }),
    ];

    const reached = new Set(runs.flatMap(({ record }) => stepsOf(record)));
    expect([...reached].sort()).toEqual(Object.keys(containerAppFailure.steps).sort());
  });

  it("always ends, with a record and a closed incident, whatever fails", async () => {
    const failures = fc.constantFrom(transient, busy, terminal);
    const planned = fc.dictionary(
      fc.constantFrom(
        "observeApp",
        "restartRevision",
        "chooseKnownGood",
        "activateRevision",
        "observeRevision",
        "startTrafficShift",
        "startRollForward",
        "pollAppOperation",
        "captureAppLogs",
        "probeHealth",
        "observeRestart",
        "probeRevisions",
      ),
      fc.oneof(failures, fc.array(failures, { maxLength: 6 })),
    );
    const traits = fc.record({
      heals: fc.constantFrom(
        "already",
        "itself",
        "restart",
        "activation",
        "shift",
        "roll-forward",
        "never",
      ),
      split: fc.boolean(),
      mode: fc.constantFrom("single", "multiple"),
      knownGood: fc.boolean(),
      failing: planned,
    });

    await fc.assert(
      fc.asyncProperty(traits as fc.Arbitrary<Partial<PatientTraits>>, async (given) => {
        const run = await recover(given);

        expect(run.error).toBeUndefined();
        expect(run.closedWith).toBe(run.record.outcome);
        const restored = ["restored", "restored-with-findings"].includes(run.record.outcome);
        expect(run.record.restoredAt !== undefined).toBe(restored);
        if (run.record.outcome === "not-needed") expect(changes(run)).toEqual([]);
        // Less than an hour of simulated time, however things fail; people are waited for besides.
        const waited = run.record.decisions.length * hours(4);
        expect(run.endedAt - startAt - waited).toBeLessThan(minutes(60));
      }),
      { numRuns: 40 },
    );
  });
});

describe("recorded histories", () => {
  const paths: Record<string, Partial<PatientTraits>> = {
    "not-needed": { heals: "already" },
    restart: {},
    "roll-back": { heals: "activation" },
    "roll-back-multiple": { heals: "activation", mode: "multiple" },
    "roll-forward": { heals: "roll-forward", failing: { activateRevision: terminal } },
    "healed-itself": { heals: "itself" },
    "split-traffic": { heals: "shift", mode: "multiple", split: true },
    "second-candidate": {
      heals: "activation",
      failing: { activateRevision: [terminal], startRollForward: [terminal] },
    },
    "roll-back-with-findings": { heals: "activation", failing: { startRollForward: terminal } },
    "no-way-back": { heals: "never", knownGood: false },
    "nothing-helps": { heals: "never" },
    blind: { failing: { observeApp: terminal } },
  };

  it.each(Object.entries(paths))("%s is what runs in flight depend on", async (name, traits) => {
    await keepsToHistory(`container-app-failure.${name}`, () => recover(traits));
  });

  it("accepts its own history and refuses an altered one", async () => {
    const { events } = await recover({});
    const altered = structuredClone([...events]);
    const restart = altered.find(({ Name }) => Name === "restartRevision");
    if (restart === undefined) throw new Error("the history has no restart");
    restart.Name = "activateRevision";

    const replaying = replayRecorded(recoverContainerApp, instanceId, orderOf(), events);
    await expect(replaying).resolves.toMatchObject({ isDone: true });
    const refused = replayRecorded(recoverContainerApp, instanceId, orderOf(), altered);
    await expect(refused).rejects.toThrow("non-deterministic");
  });
});
