import type { InvocationContext } from "@azure/functions";
import * as contract from "../../src/activities/readiness.contract.js";
import { checked, looked } from "../../src/activities/readiness/checked.js";
import { readinessActivities } from "../../src/activities/readiness/readiness.js";
import * as run from "../../src/activities/run.contract.js";
import { runActivities } from "../../src/activities/run.js";
import { milliseconds } from "../../src/domain/duration.js";
import type { CheckResult } from "../../src/domain/readiness/readiness.js";
import { readinessChecks } from "../../src/domain/readiness/catalogue.js";
import type { ActivityContract, Answer } from "../../src/durable/activity-contract.js";
import { backups } from "../../src/state/backups.js";
import { incidentName } from "../../src/state/incidents.js";
import { stateStore } from "../../src/state/state-store.js";
import { memoryTelemetry } from "../support/memory-telemetry.js";
import { sampleEstate } from "../support/estates.js";
import { MemoryContainer, restError } from "../support/memory-container.js";
import { runRecords } from "../support/run-records.js";

const estate = sampleEstate().environments.production!;
const environment = "production";
const runId = "redis-failure-production-20261122T140000Z-ab12cd";
const found = {
  ...{ about: "/x", level: "not-ready" as const, what: "it is broken", remedy: "mend it" },
  scenarios: ["redis-failure" as const],
};
const all = (check: string): CheckResult[] =>
  readinessChecks.map(({ id }) => ({ check: id, found: id === check ? [found] : [] }));

function world() {
  const blobs = new MemoryContainer();
  const store = stateStore(blobs);
  const sets = new MemoryContainer();
  const { telemetry, ...told } = memoryTelemetry();
  const activities = [
    ...readinessActivities({ store, telemetry } as never),
    ...runActivities(
      store,
      backups(sets, () => sets),
      telemetry,
    ),
  ];
  const call = async <Input, Output>(
    declared: ActivityContract<Input, Output>,
    input: Input,
  ): Promise<Answer<Output>> => {
    const { handler } = activities.find(({ name }) => name === declared.name)!;
    const caller = { run: runId, step: "step", attempt: 1, leases: [], mode: "execute" };
    const context = { log: () => undefined } as unknown as InvocationContext;
    return declared.read(await handler({ caller, input }, context));
  };
  const conclude = (results: CheckResult[]) =>
    call(contract.concludeReadiness, { environment, estate, results });
  return { blobs, store, call, conclude, told };
}

describe("the end of an evaluation", () => {
  it("writes the record, and hands out one notice until it was remembered", async () => {
    const { conclude, call, store } = world();

    const first = await conclude(all("recovery-resources"));
    const second = await conclude(all("recovery-resources"));
    if (!first.ok || !second.ok) throw new Error("not concluded");
    const pending = first.value.tell?.pending;
    await call(contract.rememberTold, { environment, pending: pending! });
    const third = await conclude(all("recovery-resources"));

    expect(first.value.tell?.notice.subject).toContain("not-ready");
    expect(second.value.tell?.notice.id).toBe(first.value.tell?.notice.id);
    expect(third).toMatchObject({
      ok: true,
      value: { detail: expect.stringContaining("1 findings in all") as unknown },
    });
    expect(third.ok && third.value.tell).toBeUndefined();
    const record = await store.readiness.read(environment);
    expect(record?.checks).toHaveLength(readinessChecks.length);
    expect(record?.told?.["redis-failure"]).toBe("not-ready");
  });

  it("takes in what another evaluation wrote at the same moment", async () => {
    const { blobs, conclude, store } = world();
    await conclude([{ check: "clock", found: [] }]);
    let turns = 0;
    blobs.beforeWrite = (name) => {
      blobs.beforeWrite = undefined;
      turns += 1;
      const standing = blobs.blobs.get(name)!;
      blobs.blobs.set(name, { ...standing, etag: "another" });
    };

    await conclude([{ check: "traffic-ttl", found: [] }]);

    const record = await store.readiness.read(environment);
    expect(record?.checks.map(({ check }) => check)).toEqual(["traffic-ttl", "clock"]);
    expect(turns).toBe(1);
  });

  it("gives up on a record that changes hands again and again", async () => {
    const { blobs, conclude } = world();
    await conclude([{ check: "clock", found: [] }]);
    let writes = 0;
    blobs.beforeWrite = (name) => {
      blobs.blobs.set(name, { ...blobs.blobs.get(name)!, etag: String((writes += 1)) });
    };

    expect(await conclude([])).toMatchObject({ ok: false, failure: { code: "readiness-race" } });
  });

  it("is no end without a record", async () => {
    const { call } = world();
    const pending = { at: "2026-11-22T14:00:00.000Z", verdicts: {} as never };

    await expect(call(contract.rememberTold, { environment, pending })).rejects.toThrow();
  });
});

describe("a probe of the state store", () => {
  it("writes and reads, and says so where what was written is not there", async () => {
    const { blobs, store } = world();
    await store.readiness.probe("some text");

    expect(blobs.blobs.get("readiness/probe.txt")?.text).toBe("some text");
    const lossy = stateStore(
      Object.assign(new MemoryContainer(), { put: () => Promise.resolve() }),
    );
    await expect(lossy.readiness.probe("x")).rejects.toThrow("could not be read");
  });
});

describe("a look", () => {
  it("that fails leaves each of its checks unknown, with the reason and no secret", async () => {
    const lost = await checked(["clock", "state-store"], () =>
      Promise.reject(restError(503, "ServerBusy")),
    );
    const defect = await checked(["clock"], () => {
      throw new Error("sig=hush&AccountKey=hush==");
    });

    expect(lost.map(({ check }) => check)).toEqual(["clock", "state-store"]);
    expect(lost[0]?.found[0]).toMatchObject({ level: "unknown", about: "clock" });
    expect(lost[0]?.found[0]?.what).toContain("ServerBusy");
    expect(defect[0]?.found[0]?.what).toContain("a defect of this service");
    expect(JSON.stringify(defect)).not.toContain("AccountKey=hush");
  });

  it("that is refused for want of a role says where to look", async () => {
    const [refused] = await looked("/a/b", () => Promise.reject(restError(403, "Forbidden")), [
      "redis-failure",
    ]);

    expect(refused).toMatchObject({ level: "unknown", scenarios: ["redis-failure"] });
    expect(refused?.remedy).toContain("findings about rights");
  });

  it("takes no longer than its limit", async () => {
    const never = new Promise<readonly CheckResult[]>(() => undefined);
    const [late] = await checked(["clock"], () => never, milliseconds(5));

    expect(late?.found[0]?.what).toContain("time-limit");
  });
});

describe("a recovery's record", () => {
  const name = incidentName(environment, "redis-failure", estate.redis.primary);
  const open = async (store: ReturnType<typeof stateStore>, more: object = {}) =>
    store.incidents.open(name, {
      ...{ version: 1, environment, scenario: "redis-failure", resource: estate.redis.primary },
      ...{ run: runId, distinction: "0", status: "open", openedAt: "2026-11-22T14:00:00.000Z" },
      ...{ detectedAt: "2026-11-22T14:00:00.000Z", automatic: true, order: {}, earlier: [] },
      ...more,
    });

  it("warns of what was known when the run began", async () => {
    const { call, conclude, store } = world();
    await conclude(all("recovery-resources"));
    await open(store);

    expect(await call(run.confirmMandate, { incident: name })).toMatchObject({
      ok: true,
      value: { mandated: true, readiness: ["readiness: not-ready: it is broken"] },
    });
  });

  it("warns where nothing is known, and of a record that cannot be read", async () => {
    const { call, store, blobs } = world();
    await open(store);
    const never = await call(run.confirmMandate, { incident: name });
    blobs.blobs.set("readiness/production.json", { text: "{", etag: "1", metadata: {} });
    const unreadable = await call(run.confirmMandate, { incident: name });

    expect(never).toMatchObject({
      value: { readiness: [expect.stringContaining("never evaluated")] as unknown },
    });
    expect(unreadable).toMatchObject({
      value: {
        mandated: true,
        readiness: [expect.stringContaining("could not be read")] as unknown,
      },
    });
  });

  it("warns of nothing where a procedure holds the incident", async () => {
    const { call, store } = world();
    await open(store, { procedure: "redis-failback" });

    const answer = await call(run.confirmMandate, { incident: name });
    expect(answer.ok && answer.value.readiness).toBeUndefined();
  });

  it("has at its end what was evaluated beside the run, where what stood before was too old", async () => {
    const { call, conclude, store } = world();
    const record = runRecords.restored;
    const startedAt = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 2));
    await conclude(all("recovery-resources"));
    const save = async (id: string, findings: string[]) => {
      const written = { ...record, id, findings, startedAt, scenario: "redis-failure" };
      await call(run.saveRecord, { record: written });
      return (await store.runs.read(id))?.findings;
    };

    const [old, never] = [
      "readiness: last evaluated 2 h 00 min before this run, which is too long ago",
      "readiness: never evaluated",
    ];
    expect(await save("one", [old])).toEqual([old, "readiness: not-ready: it is broken"]);
    expect(await save("other", [never])).toEqual([never]);
  });
});
