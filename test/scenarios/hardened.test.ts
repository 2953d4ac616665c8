import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { sampleEstate } from "../support/estates.js";
import {
  actsOn,
  appIsHealthy,
  ended,
  freshAlert,
  productionOf,
  recoverFrom,
} from "../support/recovery-run.js";

/** Azure and the app at their worst: what goes wrong while a recovery tries to help. */
describe("container app failure under further trouble", () => {
  let stack: Stack;
  let id: string;

  beforeAll(async () => {
    // Calls that hang cost real time, so their limit is kept short.
    stack = await startStack({ settings: { CALL_TIME_LIMIT_SECONDS: "2" } });
    id = productionOf(stack).containerApp.primary;
  });
  afterAll(() => stack.stop());
  beforeEach(() => stack.simulator.reset(seedFromEstate(stack.estate)));

  const fault = (name: string, more: Readonly<Record<string, unknown>> = {}) =>
    stack.simulator.fault({ name, ...more });
  const attempts = (record: { steps: readonly { id: string; attempts: number }[] }, step: string) =>
    record.steps.find((one) => one.id === step)?.attempts;

  it("waits for somebody else's operation on the app to end", async () => {
    await fault("operation-in-progress", { resource: id, forSeconds: 150 });

    const { record, effects } = await recoverFrom(stack, "app-unhealthy");

    expect(record.outcome).toBe("restored");
    expect(attempts(record, "restart-revision")).toBeGreaterThan(2);
    expect(actsOn(effects)).toEqual(["containerAppsRevisions.restart"]);
  });

  it("recovers without evidence when log stream and Log Analytics are down", async () => {
    await fault("server-error", { status: 503, match: { service: "log-stream" } });
    await fault("server-error", { status: 503, match: { service: "log-analytics" } });

    const { record } = await recoverFrom(stack, "app-unhealthy");

    expect(record.outcome).toBe("restored");
    const gathered = record.steps.find((step) => step.id === "gather-evidence");
    expect(gathered?.detail).toContain("not to be had");
    expect(gathered?.evidence.map(({ title }) => title)).toEqual(["App state"]);
  });

  it("does not restart twice when the restart happened and its answer was lost", async () => {
    await fault("lost-answer", {
      times: 1,
      match: { operation: "containerAppsRevisions.restart" },
    });

    const { record, effects } = await recoverFrom(stack, "app-unhealthy");

    expect(record.outcome).toBe("restored");
    expect(actsOn(effects)).toEqual(["containerAppsRevisions.restart"]);
  });

  it("rolls back when a restart is accepted and never takes effect", async () => {
    await fault("restart-has-no-effect", {
      match: { operation: "containerAppsRevisions.restart" },
    });

    const { record } = await recoverFrom(stack, "app-unhealthy");

    expect(record.outcome).toBe("restored");
    expect(record.steps.find((step) => step.id === "await-restart")?.status).toBe("failed");
    expect(await appIsHealthy(stack)).toBe(true);
  });

  it("needs an operator when the registry is dead and no earlier revision can start", async () => {
    await fault("registry-down", { resource: id });

    const { record } = await recoverFrom(stack, "bad-revision");

    expect(record.outcome).toBe("needs-operator");
    expect(record.nextSteps.join(" ")).toContain("container registry");
  });

  it("finishes with findings when the registry dies after the way back", async () => {
    await fault("operation-failed", { match: { operation: "containerApps.update" } });

    const { record } = await recoverFrom(stack, "bad-revision");

    expect(record.outcome).toBe("restored-with-findings");
    expect(record.findings[0]).toContain("template");
  });

  it("recovers an app whose health flaps", async () => {
    await fault("health-flapping", { resource: id, periodSeconds: 7, forSeconds: 70 });

    const { record } = await recoverFrom(stack, "app-unhealthy");

    expect(record.outcome).toBe("restored");
    expect(await appIsHealthy(stack)).toBe(true);
  });

  it("leaves an app alone that heals itself while the failure is confirmed", async () => {
    await stack.simulator.fault({ name: "app-unhealthy", resource: id, forSeconds: 9 });
    const service = new ServiceClient(stack.host);

    const { run } = await service.postAlert(await freshAlert(stack));
    const record = await ended(stack, run ?? "");

    expect(record.outcome).toBe("not-needed");
    expect(actsOn(await stack.simulator.log(0, true))).toEqual([]);
  });

  it("stops and names the role when it may not change the app", async () => {
    await fault("role-missing", { resource: id, role: "Container Apps Contributor" });
    await fault("role-missing", { resource: id, role: "Container Apps Operator" });

    const { record, effects } = await recoverFrom(stack, "app-unhealthy");

    expect(record.outcome).toBe("needs-operator");
    expect(record.nextSteps.join(" ")).toMatch(/role|read it/);
    expect(actsOn(effects)).toEqual([]);
  });

  it.each(["throttle", "server-error", "hang"])(
    "gets through when ARM answers with %s now and then",
    async (name) => {
      await fault(name, { nth: 3, times: 2, match: { service: "arm" } });

      const { record } = await recoverFrom(stack, "app-unhealthy");

      expect(record.outcome).toBe("restored");
    },
  );

  it("moves all traffic to the healthy one of two revisions that share it", async () => {
    const seed = seedFromEstate(sampleEstate()) as {
      containerApps: { revisions: { suffix: string }[] }[];
    };
    await stack.simulator.reset({
      ...seed,
      containerApps: seed.containerApps.map((app) => ({
        ...app,
        activeRevisionsMode: "Multiple",
        revisions: app.revisions.map((revision) => ({ ...revision, active: true, weight: 50 })),
      })),
    });
    await fault("restart-has-no-effect", {
      match: { operation: "containerAppsRevisions.restart" },
    });

    const { record, effects } = await recoverFrom(stack, "app-unhealthy");

    expect(record.outcome).toBe("restored");
    expect(actsOn(effects)).toContain("containerApps.update");
    expect(record.steps.map((step) => step.id)).toContain("tell-apart");
  });
});
