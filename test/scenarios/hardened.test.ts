import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { guidOfRole } from "../../local/stack/seeded-grants.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import type { LogEntry } from "../../local/stack/simulator-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { minutes, seconds } from "../../src/domain/duration.js";
import { elapsed } from "../../src/domain/instant.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import {
  actsOn,
  appIsHealthy,
  ended,
  freshAlert,
  productionOf,
  recoverFrom,
} from "../support/recovery-run.js";

/** What a recovery does to Azure, in the words of the simulator's log. */
const restart = "containerAppsRevisions.restart";
const activate = "containerAppsRevisions.activate";
const update = "containerApps.update";

interface LooseSeed {
  readonly containerApps: readonly { readonly revisions: readonly object[] }[];
  readonly roleAssignments: readonly { readonly roleDefinitionId: string }[];
}

/** Azure and the app at their worst: what goes wrong while a recovery tries to help. */
describe("container app failure under further trouble", () => {
  let stack: Stack;
  let id: string;

  beforeAll(async () => {
    // Calls that hang cost real time, so their limit is kept short.
    stack = await startStack({ settings: { CALL_TIME_LIMIT_SECONDS: "4" } });
    id = productionOf(stack).containerApp.primary;
  });
  afterAll(() => stack.stop());
  beforeEach(() => stack.simulator.reset(usual()));

  const usual = (): LooseSeed => seedFromEstate(stack.estate) as LooseSeed;
  const fault = (name: string, more: Readonly<Record<string, unknown>> = {}) =>
    stack.simulator.fault({ name, ...more });
  const onRestart = { match: { operation: restart } };
  const stepOf = (record: RunRecord, step: string) => record.steps.find((one) => one.id === step);
  const took = ({ detectedAt, restoredAt }: RunRecord) => elapsed(detectedAt, restoredAt ?? "");

  /** Well again and in time, and each of these things was done to Azure once, in this order. */
  async function expectRestored(
    run: { readonly record: RunRecord; readonly effects: readonly LogEntry[] },
    acts: readonly string[],
    outcome: RunRecord["outcome"] = "restored",
  ): Promise<void> {
    const { record, effects } = run;
    expect({
      outcome: record.outcome,
      withinRto: record.withinRto,
      restored: record.restoredAt !== undefined,
      acts: actsOn(effects),
      healthy: await appIsHealthy(stack),
    }).toEqual({
      outcome,
      withinRto: { scenario: true, environment: true },
      restored: true,
      acts,
      healthy: true,
    });
  }

  it("waits for somebody else's operation on the app, minutes long, to end", async () => {
    await fault("operation-in-progress", { resource: id, forSeconds: 300 });

    const run = await recoverFrom(stack, "app-unhealthy");

    await expectRestored(run, [restart]);
    expect(stepOf(run.record, "restart-revision")?.attempts).toBeGreaterThan(2);
    expect(took(run.record)).toBeGreaterThan(minutes(5));
  });

  it("recovers without evidence when log stream and Log Analytics are down", async () => {
    await fault("server-error", { status: 503, match: { service: "log-stream" } });
    await fault("server-error", { status: 503, match: { service: "log-analytics" } });

    const run = await recoverFrom(stack, "app-unhealthy");

    // What the checklist asks of the workspace cannot be looked at either.
    await expectRestored(run, [restart], "restored-with-findings");
    const gathered = stepOf(run.record, "gather-evidence");
    expect(gathered?.detail).toContain("not to be had");
    expect(gathered?.evidence.map(({ title }) => title)).toEqual(["App state"]);
  });

  it.each([
    ["its answer was lost", {}],
    ["it was answered with an error", { status: 504 }],
  ])("does not restart twice when the restart happened and %s", async (_what, how) => {
    await fault("lost-answer", { times: 1, ...onRestart, ...how });

    const run = await recoverFrom(stack, "app-unhealthy");

    await expectRestored(run, [restart]);
    const fates = run.effects.flatMap(({ fault: of }) => of ?? []);
    expect(fates).toEqual(["lost-answer"]);
  });

  it("rolls back when a restart is accepted and never takes effect", async () => {
    await fault("restart-has-no-effect", onRestart);

    const run = await recoverFrom(stack, "app-unhealthy");

    await expectRestored(run, [activate, update]);
    expect(stepOf(run.record, "await-restart")?.status).toBe("failed");
  });

  it("waits for a registry that is dead while the known good revision is activated", async () => {
    await fault("registry-down", { resource: id, forSeconds: 150 });

    const run = await recoverFrom(stack, "bad-revision");

    await expectRestored(run, [restart, activate, update]);
  });

  it("needs an operator when the registry is dead and no earlier revision can start", async () => {
    await fault("registry-down", { resource: id });

    const { record, effects } = await recoverFrom(stack, "bad-revision", 60_000);

    expect(record).toMatchObject({ outcome: "needs-operator", withinRto: { environment: true } });
    expect(record.restoredAt).toBeUndefined();
    expect(record.nextSteps.join(" ")).toContain("container registry");
    expect(elapsed(record.detectedAt, record.endedAt)).toBeLessThan(minutes(24));
    // Both earlier revisions were tried, each in both ways and each once.
    expect(actsOn(effects)).toEqual([restart, activate, update, activate, update]);
    const activated = effects.filter(({ operation }) => operation === activate);
    expect(new Set(activated.map(({ path }) => path)).size).toBe(2);
  }, 90_000);

  it("finishes with findings when the new revision of the roll-forward fails", async () => {
    await fault("operation-failed", { match: { operation: update } });

    const run = await recoverFrom(stack, "bad-revision");

    await expectRestored(run, [restart, activate, update], "restored-with-findings");
    expect(run.record.findings[0]).toContain("template");
  });

  it("goes back one revision further when the last known good one is gone", async () => {
    await fault("revision-gone", { match: { operation: activate }, times: 1 });

    const run = await recoverFrom(stack, "bad-revision");

    await expectRestored(run, [restart, activate, update]);
    expect(run.record.reason).toContain("--v40");
    const app = await stack.simulator.app(id);
    expect(app.revisions.find(({ weight }) => weight === 100)?.image).toContain(":1.4.0");
  });

  it("needs an operator when every earlier revision is gone", async () => {
    await fault("revision-gone", { match: { operation: activate } });

    const { record, effects } = await recoverFrom(stack, "bad-revision");

    expect(record).toMatchObject({ outcome: "needs-operator", withinRto: { scenario: true } });
    expect(record.reason).toContain("could not be brought up");
    expect(actsOn(effects)).toEqual([restart]);
  });

  it("recovers an app whose health flaps", async () => {
    await fault("health-flapping", { resource: id, periodSeconds: 7, forSeconds: 70 });

    const run = await recoverFrom(stack, "app-unhealthy");

    await expectRestored(run, [restart]);
  });

  it("leaves an app alone that heals itself while the failure is confirmed", async () => {
    await fault("app-unhealthy", { resource: id, forSeconds: 9 });
    const service = new ServiceClient(stack.host);

    const { run } = await service.postAlert(await freshAlert(stack));
    const record = await ended(stack, run ?? "");

    expect(record.outcome).toBe("not-needed");
    expect(actsOn(await stack.simulator.log(0, true))).toEqual([]);
  });

  it("leaves an app alone that heals itself while the evidence is gathered", async () => {
    // The log stream does not answer, so that gathering takes as long as a call may take.
    await fault("hang", { match: { service: "log-stream" } });
    await fault("app-unhealthy", { resource: id, forSeconds: 13 });
    const service = new ServiceClient(stack.host);

    const { run } = await service.postAlert(await freshAlert(stack));
    const record = await ended(stack, run ?? "");

    expect(record.outcome).toBe("not-needed");
    expect(record.steps.map((step) => step.id)).toContain("recheck");
    expect(actsOn(await stack.simulator.log(0, true))).toEqual([]);
  });

  it("ends well when the app heals itself in the middle of the roll-back", async () => {
    await fault("restart-does-not-help", { resource: id, forSeconds: 120 });

    const run = await recoverFrom(stack, "bad-revision");

    await expectRestored(run, [restart, activate, update]);
  });

  it("asks for the right to look when it may not even read the app", async () => {
    await fault("role-missing", { resource: id });

    const { record, effects } = await recoverFrom(stack, "app-unhealthy");

    expect(record.outcome).toBe("needs-operator");
    expect(record.nextSteps.join(" ")).toContain("may this service read it?");
    expect(actsOn(effects)).toEqual([]);
  });

  it("stops and names the role when it may read the app but not change it", async () => {
    const reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    const changing = [guidOfRole("container-apps")];
    const seed = usual();
    await stack.simulator.reset({
      ...seed,
      roleAssignments: seed.roleAssignments.map((assignment) =>
        changing.includes(assignment.roleDefinitionId)
          ? { ...assignment, roleDefinitionId: reader }
          : assignment,
      ),
    });

    const { record, effects } = await recoverFrom(stack, "app-unhealthy");

    expect(record.outcome).toBe("needs-operator");
    expect(record.reason).toContain("may not change the app");
    expect(record.nextSteps[0]).toContain("Disaster recovery: container apps");
    expect(actsOn(effects)).toEqual([]);
  });

  it.each(["throttle", "server-error", "hang"])(
    "gets through when ARM answers with %s now and then",
    async (name) => {
      await fault(name, { nth: 3, times: 2, match: { service: "arm" } });

      const run = await recoverFrom(stack, "app-unhealthy");

      await expectRestored(run, [restart]);
    },
  );

  it("moves all traffic to the healthy one of two revisions that share it", async () => {
    const seed = usual();
    await stack.simulator.reset({
      ...seed,
      containerApps: seed.containerApps.map((app) => ({
        ...app,
        activeRevisionsMode: "Multiple",
        revisions: app.revisions.map((revision) => ({ ...revision, active: true, weight: 50 })),
      })),
    });
    await fault("restart-has-no-effect", onRestart);

    const run = await recoverFrom(stack, "app-unhealthy");

    await expectRestored(run, [update]);
    expect(run.record.steps.map((step) => step.id)).toContain("tell-apart");
    const app = await stack.simulator.app(id);
    expect(app.revisions.map(({ weight }) => weight).sort()).toEqual([0, 100]);
    expect(took(run.record)).toBeGreaterThan(seconds(10));
  });
});
