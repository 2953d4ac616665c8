import { Environment } from "../../src/domain/estate.js";
import type { DurableRuns, RunState } from "../../src/triggers/durable-runs.js";
import { startRun, type StartRequest } from "../../src/triggers/start-run.js";
import { incidentName } from "../../src/state/incidents.js";
import { stateStore } from "../../src/state/state-store.js";
import { sampleEstate } from "../support/estates.js";
import { MemoryContainer } from "../support/memory-container.js";

const estate = sampleEstate();
const production = Environment.parse(estate.environments.production);
const now = "2026-11-22T14:00:00.000Z";
const request: StartRequest = {
  scenario: "container-app-failure",
  environment: "production",
  resource: production.containerApp.primary,
  trigger: { kind: "operator", who: "operator", source: "key", reason: "x" },
  detectedAt: now,
  distinction: "one",
};
const name = incidentName("production", "container-app-failure", request.resource);

/** The durable side: what was started, and how each run stands unless a test says otherwise. */
class FakeRuns implements DurableRuns {
  readonly started: string[] = [];
  readonly states = new Map<string, RunState>();

  start(_orchestrator: string, id: string): Promise<void> {
    if (!this.started.includes(id)) this.started.push(id);
    this.states.set(id, { kind: "active", checkpoint: undefined, createdAt: now });
    return Promise.resolve();
  }

  state(id: string): Promise<RunState> {
    return Promise.resolve(this.states.get(id) ?? { kind: "unknown" });
  }

  say(): Promise<void> {
    return Promise.resolve();
  }

  active() {
    return Promise.resolve([]);
  }
}

function world() {
  const blobs = new MemoryContainer();
  const store = stateStore(blobs);
  const runs = new FakeRuns();
  const start = async (more: Partial<StartRequest> = {}) => {
    const begun = await startRun({ store, runs, estate, now: () => now }, { ...request, ...more });
    if (begun.kind === "held-back") throw new Error(begun.reason);
    return begun;
  };
  return { blobs, store, runs, start };
}

describe("start run", () => {
  it("lets one of many triggers at once start the run", async () => {
    const { runs, start } = world();

    const starts = await Promise.all(
      Array.from({ length: 50 }, (_, index) => start({ distinction: String(index) })),
    );

    expect(starts.filter(({ kind }) => kind === "started")).toHaveLength(1);
    expect(new Set(starts.map(({ run }) => run)).size).toBe(1);
    expect(runs.started).toHaveLength(1);
  });

  it("completes what a trigger that died had begun, under the same id", async () => {
    const { runs, start, store } = world();
    const { run } = await start();
    runs.started.length = 0;
    runs.states.clear();

    const again = await start({ distinction: "two" });

    expect(again).toEqual({ kind: "attached", run });
    expect(runs.started).toEqual([run]);
    expect((await store.incidents.read(name))?.value.run).toBe(run);
  });

  it("opens a new incident when the last one is closed", async () => {
    const { start, store } = world();
    const { run } = await start();
    await store.incidents.close(name, run, "restored", now);

    const next = await start({ distinction: "two" });

    expect(next.kind).toBe("started");
    expect(next.run).not.toBe(run);
  });

  it("says that a request's own run has ended instead of starting it again", async () => {
    const { runs, start, store } = world();
    const { run } = await start();
    await store.incidents.close(name, run, "restored", now);
    runs.started.length = 0;

    expect(await start({ run })).toEqual({ kind: "ended", run });
    expect(runs.started).toEqual([]);
  });

  it("never starts an ended run again, whatever has run since", async () => {
    const { runs, start, store } = world();
    const end = async (run: string): Promise<void> => {
      runs.states.set(run, { kind: "ended", how: "completed", checkpoint: undefined });
      await store.incidents.close(name, run, "restored", now);
    };
    const { run: first } = await start({ distinction: "one" });
    await end(first);
    const { run: second } = await start({ distinction: "two" });
    await end(second);
    runs.started.length = 0;

    expect(await start({ distinction: "one", run: first })).toEqual({ kind: "ended", run: first });
    expect(runs.started).toEqual([]);
    expect((await store.incidents.read(name))?.value.run).toBe(second);
  });

  it("knows the alert that opened the last incident, though its trigger died before noting it", async () => {
    const { start, store } = world();
    const { run } = await start({ distinction: "alert" });
    await store.incidents.close(name, run, "restored", now);

    expect(await start({ distinction: "alert" })).toEqual({ kind: "ended", run });
  });

  it.each(["failed", "terminated", "completed"] as const)(
    "takes over from a run that %s without closing its incident",
    async (how) => {
      const { runs, start } = world();
      const { run } = await start();
      runs.states.set(run, { kind: "ended", how, checkpoint: undefined });

      const next = await start({ distinction: "two" });

      expect(next.kind).toBe("started");
      expect(next.run).not.toBe(run);
    },
  );

  it("fails as unavailable when the incident changes hands again and again", async () => {
    const { blobs, start } = world();
    blobs.create = () => Promise.resolve(undefined);

    await expect(start()).rejects.toMatchObject({ statusCode: 503 });
  });

  it("refuses an environment that the estate does not have", async () => {
    const { blobs } = world();
    const small = { ...estate, environments: {} };
    const starting = startRun(
      { store: stateStore(blobs), runs: new FakeRuns(), estate: small, now: () => now },
      request,
    );

    await expect(starting).rejects.toThrow("no environment production");
  });
});
