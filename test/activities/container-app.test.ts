import * as app from "../../src/activities/container-app.contract.js";
import * as evidence from "../../src/activities/evidence.contract.js";
import { takeLease } from "../../src/activities/run.contract.js";
import type { ActivityContract, Answer, Caller } from "../../src/durable/activity-contract.js";
import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { sampleEstate } from "../support/estates.js";
import {
  simulatedAzure,
  type ActivityRunner,
  type SimulatedAzure,
} from "../support/simulated-azure.js";

const production = sampleEstate().environments.production!;
const id = production.containerApp.primary;
const [good, serving] = ["mcp-server-prod--v40", "mcp-server-prod--v41"];
const run = "container-app-failure-production-20261122T135830Z-ab12cd";

interface Change {
  readonly name: string;
  readonly perform: (
    runner: ActivityRunner,
    caller: Caller,
  ) => Promise<Answer<{ changed: boolean }>>;
  /** The request that Azure gets. */
  readonly operation: string;
  readonly mode: "Single" | "Multiple";
  readonly goodIsActive?: boolean;
}

function change<Input, Output extends { changed: boolean }>(
  contract: ActivityContract<Input, Output>,
  input: Input,
  more: Omit<Change, "name" | "perform">,
): Change {
  return {
    name: contract.name,
    perform: (runner, caller) => runner.run(contract, caller, input),
    ...more,
  };
}

const changes: readonly Change[] = [
  change(
    app.restartRevision,
    { app: id, revision: serving },
    { operation: "containerAppsRevisions.restart", mode: "Single" },
  ),
  change(
    app.activateRevision,
    { app: id, revision: good },
    { operation: "containerAppsRevisions.activate", mode: "Multiple" },
  ),
  change(
    app.startTrafficShift,
    { app: id, revision: good },
    { operation: "containerApps.update", mode: "Multiple", goodIsActive: true },
  ),
  change(
    app.startRollForward,
    { app: id, from: good, suffix: "dr-ab12cd-1" },
    { operation: "containerApps.update", mode: "Single" },
  ),
];

/** The estate's Azure with an app in one mode, its earlier revision at rest or running idle. */
function seed(mode: "Single" | "Multiple", goodIsActive: boolean): unknown {
  const all = seedFromEstate(sampleEstate()) as {
    containerApps: { revisions: Record<string, unknown>[] }[];
  };
  return {
    ...all,
    containerApps: all.containerApps.map((each) => ({
      ...each,
      activeRevisionsMode: mode,
      revisions: each.revisions.map((revision) =>
        revision["suffix"] === "v40" && goodIsActive
          ? { ...revision, active: true, weight: 0 }
          : revision,
      ),
    })),
  };
}

describe("container app activities", () => {
  let azure: SimulatedAzure;
  let runner: ActivityRunner;

  beforeAll(async () => {
    azure = await simulatedAzure();
    runner = await azure.runner();
  });
  afterAll(() => azure.stop());

  async function begin(change: Partial<Change> = {}): Promise<Caller> {
    await azure.control.reset(seed(change.mode ?? "Single", change.goodIsActive ?? false));
    const caller: Caller = { run, step: "step", attempt: 1, leases: [], mode: "execute" };
    const lease = await runner.run(takeLease, caller, {
      resource: id,
      scenario: "container-app-failure",
    });
    if (!lease.ok || lease.value.kind !== "taken") throw new Error("no lease");
    return { ...caller, leases: [{ resource: id, fencing: lease.value.fencing }] };
  }
  const perform = (of: Change, caller: Caller, by = runner) => of.perform(by, caller);
  const requests = async (operation: string) =>
    (await azure.control.log()).filter((entry) => entry.operation === operation && entry.mutating);

  describe.each(changes)("$name", (subject) => {
    it("changes once when it is run twice", async () => {
      const caller = await begin(subject);

      const first = await perform(subject, caller);
      const again = await perform(subject, { ...caller, attempt: 2 });

      expect(first).toMatchObject({ ok: true, value: { changed: true } });
      expect(again).toEqual(first);
      expect(await requests(subject.operation)).toHaveLength(1);
    });

    it.each([
      ["lost-answer", {}, "transient"],
      ["server-error", { status: 500 }, "transient"],
      ["throttle", { retryAfterSeconds: 7 }, "transient"],
    ])("sends exactly one request under %s", async (name, more, expected) => {
      const caller = await begin(subject);
      await azure.control.fault({
        name,
        times: 1,
        match: { operation: subject.operation },
        ...more,
      });

      const answer = await perform(subject, caller);

      expect(answer).toMatchObject({ ok: false, failure: { class: expected } });
      expect(await requests(subject.operation)).toHaveLength(1);
    });

    it("finds its own act when the answer was lost, and does not repeat it", async () => {
      const caller = await begin(subject);
      await azure.control.fault({
        name: "lost-answer",
        times: 1,
        match: { operation: subject.operation },
      });

      await perform(subject, caller);
      await azure.control.advance(30);
      const again = await perform(subject, { ...caller, attempt: 2 });

      expect(again).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(subject.operation)).toHaveLength(1);
    });

    it("acts again after a clear refusal", async () => {
      const caller = await begin(subject);
      await azure.control.fault({
        name: "throttle",
        times: 1,
        match: { operation: subject.operation },
      });

      await perform(subject, caller);
      const again = await perform(subject, { ...caller, attempt: 2 });

      expect(again).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(subject.operation)).toHaveLength(2);
    });

    it("is safe to be killed between the act and its answer", async () => {
      const caller = await begin(subject);
      await azure.control.fault({
        name: "hold-answer",
        times: 1,
        match: { operation: subject.operation },
      });
      const doomed = await azure.runner();

      const dying = perform(subject, caller, doomed);
      dying.catch(() => undefined);
      const [held] = await azure.control.held(5_000);
      await doomed.kill();
      expect(held?.entry.operation).toBe(subject.operation);
      const atOnce = await perform(subject, caller);
      await azure.control.advance(30);
      const later = await perform(subject, { ...caller, attempt: 2 });

      // At once it either sees its act or says that it has to look again; it never acts blindly.
      if (!atOnce.ok) expect(atOnce.failure.class).toBe("busy");
      expect(later).toMatchObject({ ok: true, value: { changed: true } });
      expect(await requests(subject.operation)).toHaveLength(1);
    });

    it("changes nothing without the lease, or with one that another run has taken", async () => {
      const caller = await begin(subject);
      const old = caller.leases.map((lease) => ({ ...lease, fencing: 99 }));

      const none = await perform(subject, { ...caller, leases: [] });
      const foreign = await perform(subject, { ...caller, run: `${run.slice(0, -1)}e` });
      const outdated = await perform(subject, { ...caller, leases: old });

      for (const answer of [none, foreign, outdated]) {
        expect(answer).toMatchObject({
          ok: false,
          failure: { class: "terminal", code: "lease-lost" },
        });
      }
      expect(await requests(subject.operation)).toHaveLength(0);
    });
  });

  it("reports what was so before as unchanged", async () => {
    const caller = await begin();

    const answer = await runner.run(app.activateRevision, caller, { app: id, revision: serving });

    expect(answer).toMatchObject({ ok: true, value: { changed: false } });
    expect(await requests("containerAppsRevisions.activate")).toHaveLength(0);
  });

  it("sees the app, what serves it, and the last revision that ran well", async () => {
    const caller = await begin();

    const seen = await runner.run(app.observeApp, caller, { app: id });
    const choice = await runner.run(app.chooseKnownGood, caller, { app: id, failing: [serving] });
    const none = await runner.run(app.chooseKnownGood, caller, {
      app: id,
      failing: [serving, good],
    });

    expect(seen).toMatchObject({ ok: true, value: { mode: "single", serving: [serving] } });
    expect(choice).toMatchObject({ ok: true, value: { kind: "found", revision: good } });
    expect(none).toMatchObject({ ok: true, value: { kind: "none" } });
  });

  it("takes an answer of the app for what it is, and no answer for unhealthy", async () => {
    const caller = await begin();
    const { fqdn } = await azure.control.app(id);
    const rule = production.containerApp.health;

    const well = await runner.run(app.probeHealth, caller, { fqdn, rule });
    await azure.control.fault({ name: "app-unhealthy", resource: id });
    const ill = await runner.run(app.probeHealth, caller, { fqdn, rule });
    const nowhere = await runner.run(app.probeHealth, caller, { fqdn: `x${fqdn}`, rule });

    expect(well).toMatchObject({ ok: true, value: { healthy: true, status: 200 } });
    expect(ill).toMatchObject({ ok: true, value: { healthy: false, status: 503 } });
    expect(nowhere).toMatchObject({ ok: true, value: { healthy: false } });
  });

  it("keeps evidence as blobs and hands out references", async () => {
    const caller = await begin();
    await azure.control.fault({ name: "app-unhealthy", resource: id });
    await azure.control.advance(120);
    const { workspaceId, component } = production.applicationInsights;

    const state = await runner.run(evidence.captureAppState, caller, {
      app: id,
      serving: [serving],
    });
    const logs = await runner.run(evidence.captureAppLogs, caller, {
      app: id,
      serving: [serving],
      workspaceId,
    });
    const rates = await runner.run(evidence.captureErrorRates, caller, { workspaceId, component });

    for (const kept of [state, logs, rates]) {
      expect(kept).toMatchObject({ ok: true });
      if (kept.ok) expect(kept.value.evidence?.[0]?.blob).toContain(`evidence/${run}/`);
    }
    expect(logs.ok && logs.value.detail).toContain("the log stream");
    expect(rates.ok && rates.value.detail).toMatch(/[1-9]\d* % of [1-9]\d* requests ended in 5xx/);
  });

  it("falls back to ingested logs when the log stream is away", async () => {
    const caller = await begin();
    await azure.control.advance(120);
    await azure.control.fault({
      name: "server-error",
      status: 503,
      match: { operation: "logStream.read" },
    });
    const { workspaceId } = production.applicationInsights;

    const logs = await runner.run(evidence.captureAppLogs, caller, {
      app: id,
      serving: [serving],
      workspaceId,
    });

    expect(logs.ok && logs.value.detail).toContain("Log Analytics");
  });
});
