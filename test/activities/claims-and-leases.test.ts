import type { InvocationContext } from "@azure/functions";
import * as app from "../../src/activities/container-app.contract.js";
import { containerAppActivities } from "../../src/activities/container-app.js";
import * as evidence from "../../src/activities/evidence.contract.js";
import { evidenceActivities } from "../../src/activities/evidence.js";
import * as run from "../../src/activities/run.contract.js";
import { runActivities } from "../../src/activities/run.js";
import type { LogAnswer } from "../../src/azure/log-queries.js";
import { milliseconds } from "../../src/domain/duration.js";
import { noTelemetry } from "../../src/domain/telemetry.js";
import type { ActivityContract, Answer, Caller } from "../../src/durable/activity-contract.js";
import { stateStore } from "../../src/state/state-store.js";
import { memorySets } from "../support/backup-sets.js";
import { sampleEstate } from "../support/estates.js";
import { FakeContainerApps, revision } from "../support/fake-container-apps.js";
import { MemoryContainer, restError } from "../support/memory-container.js";
import { runRecords } from "../support/run-records.js";

const id = sampleEstate().environments.production!.containerApp.primary;
const startedAt = Date.parse("2026-11-22T14:00:00.000Z");
const runId = "container-app-failure-production-20261122T140000Z-ab12cd";

function world() {
  const apps = new FakeContainerApps();
  const blobs = new MemoryContainer();
  const store = stateStore(blobs);
  const logs = { answer: { rows: [], partial: false } as LogAnswer, failing: false };
  const probe = {
    ill: new Set<string>(),
    words: "answered",
    probe: (fqdn: string) =>
      Promise.resolve({
        healthy: !probe.ill.has(fqdn),
        status: 200,
        latency: milliseconds(5),
        checks: {},
        detail: probe.words,
      }),
  };
  const activities = new Map(
    [
      ...containerAppActivities(apps, probe, store),
      ...evidenceActivities(
        apps,
        {
          query: () =>
            logs.failing ? Promise.reject(restError(503, "x")) : Promise.resolve(logs.answer),
        },
        store,
      ),
      ...runActivities(store, memorySets().store, noTelemetry),
    ].map((activity) => [activity.name, activity] as const),
  );
  const call = async <Input, Output>(
    contract: ActivityContract<Input, Output>,
    input: Input,
    caller: Partial<Caller> = {},
  ): Promise<Answer<Output>> => {
    const context = { log: () => undefined } as unknown as InvocationContext;
    const full: Caller = {
      run: runId,
      step: "step",
      attempt: 1,
      leases: [],
      mode: "execute",
      ...caller,
    };
    const raw = await activities.get(contract.name)!.handler({ caller: full, input }, context);
    return contract.read(JSON.parse(JSON.stringify(raw)));
  };
  const lease = async (
    by = runId,
  ): Promise<{ leases: [{ resource: string; fencing: number }] }> => {
    const taken = await call(
      run.takeLease,
      { resource: id, scenario: "container-app-failure" },
      { run: by },
    );
    if (!taken.ok || taken.value.kind !== "taken") throw new Error("not taken");
    return { leases: [{ resource: id, fencing: taken.value.fencing }] };
  };
  return { apps, blobs, store, logs, probe, call, lease };
}

const later = (seconds: number): void => {
  jest.setSystemTime(Date.now() + seconds * 1_000);
};
const restart = { app: id, revision: "mcp--new" };
const newReplica = {
  name: "r",
  createdAt: "2026-11-22T14:00:10.000Z",
  runningState: "Running",
  ready: true,
  restartCount: 0,
};

beforeEach(() => {
  jest.useFakeTimers({ now: startedAt, doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
});
afterEach(() => {
  jest.useRealTimers();
});

describe("a mutating activity", () => {
  it("acts once, and gives its recorded answer to every repeat", async () => {
    const { call, lease, apps } = world();
    const by = await lease();

    const first = await call(app.restartRevision, restart, by);
    later(600);
    const again = await call(app.restartRevision, restart, by);

    expect(first).toMatchObject({ ok: true, value: { changed: true } });
    expect(again).toEqual(first);
    expect(apps.acts).toEqual(["restart mcp--new"]);
  });

  it("looks again before it repeats an act whose answer was lost", async () => {
    const { call, lease, apps } = world();
    const by = await lease();
    apps.refusal = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });

    const lost = await call(app.restartRevision, restart, by);
    apps.refusal = undefined;
    later(5);
    const early = await call(app.restartRevision, restart, by);
    later(11);
    apps.replicasNow = [newReplica];
    const seen = await call(app.restartRevision, restart, by);

    expect(lost).toMatchObject({ ok: false, failure: { class: "transient", code: "ECONNRESET" } });
    expect(early).toMatchObject({
      ok: false,
      failure: { class: "busy", code: "outcome-not-yet-visible", retryAfter: 10_000 },
    });
    expect(seen).toMatchObject({ ok: true, value: { changed: true } });
    expect(apps.acts).toEqual([]);
  });

  it("repeats a restart that left no trace in time", async () => {
    const { call, lease, apps } = world();
    const by = await lease();
    apps.refusal = restError(500, "InternalServerError");

    await call(app.restartRevision, restart, by);
    apps.refusal = undefined;
    later(16);
    const repeated = await call(app.restartRevision, restart, by);

    expect(repeated).toMatchObject({ ok: true, value: { changed: true } });
    expect(apps.acts).toEqual(["restart mcp--new"]);
  });

  it("acts again at once after a clear refusal", async () => {
    const { call, lease, apps } = world();
    const by = await lease();
    apps.refusal = restError(429, "TooManyRequests");

    const refused = await call(app.restartRevision, restart, by);
    apps.refusal = undefined;
    const again = await call(app.restartRevision, restart, by);

    expect(refused).toMatchObject({ ok: false, failure: { class: "transient" } });
    expect(again).toMatchObject({ ok: true, value: { changed: true } });
  });

  it.each([
    ["activateRevision", app.activateRevision, { app: id, revision: "mcp--new" }],
    ["startTrafficShift", app.startTrafficShift, { app: id, revision: "mcp--new" }],
    ["startRollForward", app.startRollForward, { app: id, from: "mcp--old", suffix: "new" }],
  ])("%s reports a goal that held before as unchanged", async (_name, contract, input) => {
    const { call, lease, apps } = world();
    apps.view = {
      ...apps.view,
      name: "mcp",
      traffic: [{ revision: "mcp--new", latest: false, weight: 100 }],
    };
    apps.all.push(revision({ name: "mcp-server-prod--new" }));

    const answer = await call(contract as never, input as never, await lease());

    expect(answer).toMatchObject({ ok: true, value: { changed: false } });
    expect(apps.acts).toEqual([]);
  });

  it("starts what Azure finishes, and hands out the poller", async () => {
    const { call, lease, apps } = world();
    const by = await lease();

    const shift = await call(
      app.startTrafficShift,
      { app: id, revision: "mcp--old" },
      { ...by, step: "a" },
    );
    const roll = await call(
      app.startRollForward,
      { app: id, from: "mcp--old", suffix: "dr-1" },
      { ...by, step: "b" },
    );
    const activated = await call(
      app.activateRevision,
      { app: id, revision: "mcp--old" },
      { ...by, step: "c" },
    );

    expect(shift).toMatchObject({ ok: true, value: { changed: true, operation: "poller" } });
    expect(roll).toMatchObject({ ok: true, value: { revision: "mcp-server-prod--dr-1" } });
    expect(activated).toMatchObject({ ok: true, value: { changed: true } });
    expect(apps.acts).toEqual(["shift mcp--old", "roll mcp--old dr-1", "activate mcp--old"]);
  });

  it("changes nothing once its lease has run out or gone to another run", async () => {
    const { call, lease, apps } = world();
    const by = await lease();

    later(560);
    const old = await call(app.restartRevision, restart, by);
    later(60);
    await lease("another-run");
    const taken = await call(app.restartRevision, restart, by);
    const none = await call(app.restartRevision, restart);

    for (const answer of [old, taken, none]) {
      expect(answer).toMatchObject({ ok: false, failure: { code: "lease-lost" } });
    }
    expect(apps.acts).toEqual([]);
  });

  it("lets one of two executions at the same moment act", async () => {
    const { call, lease, apps, blobs } = world();
    const by = await lease();
    blobs.beforeWrite = (name) => {
      if (!name.startsWith("claims/")) return;
      blobs.beforeWrite = undefined;
      blobs.blobs.set(name, { text: "{}", etag: '"other"', metadata: {} });
    };

    const answer = await call(app.restartRevision, restart, by);

    expect(answer).toMatchObject({ ok: false, failure: { class: "busy", code: "claim-race" } });
    expect(apps.acts).toEqual([]);
  });

  it("says which blob it cannot read", async () => {
    const { call, lease, blobs } = world();
    const by = await lease();
    blobs.blobs.set(`claims/${runId}/step.json`, { text: "{", etag: '"x"', metadata: {} });

    const answer = await call(app.restartRevision, restart, by);

    expect(answer).toMatchObject({
      ok: false,
      failure: { class: "terminal", code: "unreadable-state" },
    });
  });

  it("throws on a defect of ours instead of calling it an answer", async () => {
    const { call, lease, apps } = world();
    apps.refusal = new TypeError("undefined is not a function");

    await expect(call(app.restartRevision, restart, await lease())).rejects.toThrow(
      "TypeError: undefined is not a function",
    );
  });
});

describe("observing activities", () => {
  it("tell what serves in both modes", async () => {
    const { call, apps } = world();

    const single = await call(app.observeApp, { app: id });
    apps.view = {
      ...apps.view,
      mode: "Multiple",
      fqdn: undefined,
      latestRevision: undefined,
      latestReadyRevision: undefined,
    };
    apps.all = [
      revision({ name: "a", trafficWeight: 20 }),
      revision({ name: "b", trafficWeight: 80, createdAt: "2026-11-21T00:00:00.000Z" }),
      revision({ name: "c", trafficWeight: 0 }),
    ];
    const multiple = await call(app.observeApp, { app: id });

    expect(single).toMatchObject({ ok: true, value: { mode: "single", serving: ["mcp--new"] } });
    expect(multiple).toMatchObject({ ok: true, value: { mode: "multiple", serving: ["b", "a"] } });
    expect(multiple.ok && "fqdn" in multiple.value).toBe(false);
  });

  it("probe revisions that share the traffic, each at its own address", async () => {
    const { call, apps, probe } = world();
    const rule = sampleEstate().environments.production!.containerApp.health;
    apps.all = [
      revision({ name: "a" }),
      revision({ name: "b", createdAt: "2026-11-21T00:00:00.000Z" }),
      revision({ name: "c", fqdn: undefined }),
      revision({ name: "idle" }),
    ];
    probe.ill.add("a.example.azurecontainerapps.io");

    const seen = await call(app.probeRevisions, { app: id, revisions: ["a", "b", "c"], rule });

    expect(seen).toMatchObject({ ok: true, value: { well: ["b"], failing: ["a", "c"] } });
  });

  it("choose the newest revision that ran well, never by position", async () => {
    const { call, apps } = world();
    apps.all = [
      revision({
        name: "failed",
        createdAt: "2026-11-19T00:00:00.000Z",
        provisioningState: "Failed",
      }),
      revision({ name: "ill", createdAt: "2026-11-18T00:00:00.000Z", healthState: "Unhealthy" }),
      revision({
        name: "degraded",
        createdAt: "2026-11-18T00:00:00.000Z",
        runningState: "Degraded",
      }),
      revision({ name: "older", createdAt: "2026-11-10T00:00:00.000Z" }),
      revision({ name: "good", createdAt: "2026-11-15T00:00:00.000Z" }),
      revision({ name: "serving" }),
      revision({ name: "undated", createdAt: undefined }),
    ];

    const found = await call(app.chooseKnownGood, { app: id, failing: ["serving"] });
    apps.all = [revision({ name: "serving" })];
    const none = await call(app.chooseKnownGood, { app: id, failing: ["serving"] });
    apps.all = [
      revision({ name: "serving" }),
      revision({ name: "canary", createdAt: "2026-11-21T00:00:00.000Z" }),
    ];
    const newer = await call(app.chooseKnownGood, { app: id, failing: ["serving"] });

    expect(newer).toMatchObject({ ok: true, value: { kind: "none" } });
    expect(found).toMatchObject({ ok: true, value: { kind: "found", revision: "good" } });
    expect(none).toMatchObject({ ok: true, value: { kind: "none" } });
  });

  it("tell a running revision from one that has failed and one that is not there", async () => {
    const { call, apps } = world();

    const running = await call(app.observeRevision, { app: id, revision: "mcp--new" });
    apps.all = [revision({ name: "mcp--new", runningState: "Failed" })];
    const failed = await call(app.observeRevision, { app: id, revision: "mcp--new" });
    const absent = await call(app.observeRevision, { app: id, revision: "mcp--none" });

    expect(running).toMatchObject({ ok: true, value: { running: true, failed: false } });
    expect(failed).toMatchObject({ ok: true, value: { running: false, failed: true } });
    expect(absent).toMatchObject({ ok: true, value: { running: false, failed: false } });
  });

  it("tell how far a restart has come, also when ARM does not answer", async () => {
    const { call, apps } = world();
    const rule = sampleEstate().environments.production!.containerApp.health;
    const look = () =>
      call(app.observeRestart, {
        app: id,
        revisions: ["mcp--new"],
        since: "2026-11-22T14:00:00.000Z",
        fqdn: "x",
        rule,
      });

    apps.replicasNow = [newReplica, { ...newReplica, createdAt: "2026-11-20T00:00:00.000Z" }];
    const half = await look();
    apps.replicasNow = [newReplica];
    const whole = await look();
    apps.replicas = () => Promise.reject(restError(503, "x"));
    const blind = await look();

    expect(half).toMatchObject({ ok: true, value: { replaced: false } });
    expect(whole).toMatchObject({ ok: true, value: { replaced: true } });
    expect(blind).toMatchObject({ ok: true, value: { replaced: false, healthy: true } });
  });

  it("follow an operation of Azure to its end", async () => {
    const { call, apps } = world();
    const poll = () => call(app.pollAppOperation, { app: id, operation: "poller" });

    apps.state = { state: "running", token: "next" };
    expect(await poll()).toMatchObject({
      ok: true,
      value: { state: "running", operation: "next" },
    });
    apps.state = { state: "failed", message: "no" };
    expect(await poll()).toMatchObject({ ok: true, value: { state: "failed" } });
    apps.state = { state: "succeeded" };
    expect(await poll()).toMatchObject({ ok: true, value: { state: "succeeded" } });
  });

  it("probe and keep the status that was answered", async () => {
    const { call } = world();
    const rule = sampleEstate().environments.production!.containerApp.health;

    expect(await call(app.probeHealth, { fqdn: "x", rule })).toMatchObject({
      ok: true,
      value: { healthy: true, status: 200 },
    });
  });
});

it("lets no credential of the app's own words into an answer", async () => {
  const { call, probe } = world();
  const rule = sampleEstate().environments.production!.containerApp.health;
  probe.words = `redis://:hunter2hunter2@cache:6380 password=hunter2hunter2 ${"long ".repeat(500)}`;

  const seen = await call(app.probeHealth, { fqdn: "x", rule });

  expect(JSON.stringify(seen)).not.toContain("hunter2");
  expect(seen.ok && seen.value.detail.length).toBeLessThanOrEqual(400);
});

describe("evidence", () => {
  it("is scrubbed before it is kept", async () => {
    const { call, apps, blobs } = world();
    apps.logTail = () => Promise.resolve("connecting with password=hunter2hunter2");

    await call(evidence.captureAppLogs, { app: id, serving: ["mcp--new"], workspaceId: "w" });

    const kept = blobs.blobs.get(`evidence/${runId}/app-logs.txt`)?.text;
    expect(kept).toContain("[hidden]");
    expect(kept).not.toContain("hunter2");
  });

  it("takes ingested logs where the stream is away, and fails as a value where both are", async () => {
    const { call, apps, logs } = world();
    apps.logTail = () => Promise.reject(restError(404, "NoReplica"));
    logs.answer = { rows: [{ TimeGenerated: new Date(startedAt), Log_s: "boom" }], partial: false };
    const capture = () =>
      call(evidence.captureAppLogs, { app: id, serving: ["a"], workspaceId: "w" });

    expect(await capture()).toMatchObject({
      ok: true,
      value: { detail: "1 log lines kept from Log Analytics" },
    });
    logs.failing = true;
    expect(await capture()).toMatchObject({ ok: false, failure: { class: "transient" } });
  });

  it("counts server errors, and says when the service cut the answer short", async () => {
    const { call, logs } = world();
    const capture = () => call(evidence.captureErrorRates, { workspaceId: "w", component: id });

    expect(await capture()).toMatchObject({
      ok: true,
      value: { detail: "last 15 minutes: no requests" },
    });
    logs.answer = {
      rows: [
        { ResultCode: "200", Requests: 30 },
        { ResultCode: "503", Requests: 10 },
      ],
      partial: true,
    };
    expect(await capture()).toMatchObject({
      ok: true,
      value: {
        detail: "last 15 minutes: 25 % of 40 requests ended in 5xx (cut short by the service)",
      },
    });
  });

  it("keeps the state of app, revisions and replicas", async () => {
    const { call, apps } = world();
    apps.replicasNow = [newReplica];

    expect(await call(evidence.captureAppState, { app: id, serving: ["mcp--new"] })).toMatchObject({
      ok: true,
      value: { detail: "state kept: 2 revisions, 1 of 1 serving replicas ready" },
    });
  });
});

describe("a run's own papers", () => {
  const name = "incidents/production/container-app-failure/0.json";
  const incident = {
    version: 1 as const,
    environment: "production" as const,
    scenario: "container-app-failure" as const,
    resource: id,
    run: runId,
    distinction: "0",
    status: "open" as const,
    openedAt: "2026-11-22T14:00:00.000Z",
    detectedAt: "2026-11-22T14:00:00.000Z",
    automatic: true,
    order: {},
    earlier: [],
  };

  it("confirm a mandate only while the incident is open and this run's", async () => {
    const { call, store } = world();
    const confirm = (by = runId) => call(run.confirmMandate, { incident: name }, { run: by });

    expect(await confirm()).toMatchObject({ ok: true, value: { mandated: false } });
    await store.incidents.open(name, incident);
    expect(await confirm()).toMatchObject({ ok: true, value: { mandated: true } });
    expect(await confirm("another")).toMatchObject({ ok: true, value: { mandated: false } });
    const close = { incident: name, outcome: "restored" as const, at: incident.openedAt };
    await call(run.closeIncident, close, { run: "another" });
    expect(await confirm()).toMatchObject({ ok: true, value: { mandated: true } });
    await call(run.closeIncident, close);
    await call(run.closeIncident, close);
    expect(await confirm()).toMatchObject({ ok: true, value: { mandated: false } });
  });

  it("hold a resource for one run at a time, and give it back twice without harm", async () => {
    const { call, lease } = world();
    const {
      leases: [first],
    } = await lease();

    const held = await call(
      run.takeLease,
      { resource: id, scenario: "container-app-failure" },
      { run: "two" },
    );
    await call(run.releaseLease, { resource: id }, { run: "two" });
    await call(run.releaseLease, { resource: id });
    await call(run.releaseLease, { resource: id });
    const {
      leases: [second],
    } = await lease("two");

    expect(held).toMatchObject({ ok: true, value: { kind: "held" } });
    expect(second.fencing).toBe(first.fencing + 1);
  });

  it.each(["redis-key-rotation", "redis-backup", "redis-restore", "redis-failback"] as const)(
    "have a %s that holds a cache give way to the cache's recovery when it renews its lease",
    async (scenario) => {
      const { call } = world();
      const [holder, recovery] = [{ run: "holder" }, { run: "recovery" }];
      const wanted = { resource: "cache", scenario: "redis-failure" } as const;
      await call(run.takeLease, { resource: "cache", scenario }, holder);
      const asked = await call(run.takeLease, wanted, recovery);
      const renewed = await call(run.takeLease, { resource: "cache", scenario }, holder);
      await call(run.releaseLease, { resource: "cache" }, holder);
      const after = await call(run.takeLease, wanted, recovery);

      expect(asked).toMatchObject({ ok: true, value: { kind: "held" } });
      expect(renewed).toMatchObject({ ok: true, value: { kind: "held" } });
      expect(JSON.stringify(renewed)).toContain("held by recovery");
      expect(after).toMatchObject({ ok: true, value: { kind: "taken" } });
    },
  );

  it("say busy when two runs write the lease at the same moment", async () => {
    const { call, blobs } = world();
    blobs.beforeWrite = (at) => {
      blobs.beforeWrite = undefined;
      blobs.blobs.set(at, { text: "{}", etag: '"other"', metadata: {} });
    };

    expect(
      await call(run.takeLease, { resource: id, scenario: "container-app-failure" }),
    ).toMatchObject({
      ok: false,
      failure: { class: "busy", code: "lease-race" },
    });
  });

  it("write record and reports, which can be listed and read", async () => {
    const { call, store, blobs } = world();
    const { restored } = runRecords;

    for (const entry of restored.audit) await store.audit.add(entry);

    await call(run.saveRecord, { record: { ...restored, audit: [] } });
    await call(run.saveRecord, { record: { ...restored, audit: [] } });
    blobs.blobs.set("runs/foreign.json", { text: "{}", etag: '"x"', metadata: {} });

    // Its receipts are read from the outbox, and none was posted here.
    expect(await store.runs.read(restored.id)).toEqual({ ...restored, notifications: [] });
    expect(await store.runs.report(restored.id, "md")).toContain("# Container app failure");
    expect(await store.runs.report(restored.id, "html")).toContain("<!doctype html>");
    expect(await store.runs.list()).toMatchObject([{ id: restored.id, outcome: "restored" }]);
  });
});
