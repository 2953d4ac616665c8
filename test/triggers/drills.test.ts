import type { InvocationContext } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { readFileSync } from "node:fs";
import path from "node:path";
import { RestoreOrder } from "../../src/domain/backup-order.js";
import { UndoOrder, type DrillInHand } from "../../src/domain/drill.js";
import { Estate } from "../../src/domain/estate.js";
import type { WantedRun } from "../../src/domain/practice-run.js";
import { receiveAlert } from "../../src/triggers/alerts/alerts.js";
import { drillRunsIn } from "../../src/triggers/drill-runs.js";
import { startDueDrills, undoForsakenDrills } from "../../src/triggers/drill-timers.js";
import { orderDrill, showDrills } from "../../src/triggers/drills.js";
import { durableRuns } from "../../src/triggers/durable-runs.js";
import { endpoint } from "../../src/triggers/endpoint.js";
import { sampleEstate, sampleJson } from "../support/estates.js";
import { serviceInMemory } from "../support/service-calls.js";

const alert = readFileSync(path.join(__dirname, "../fixtures/alerts/metric.json"), "utf8");
const run = "drill-q1-production-20261122T135500Z-ab12cd";
const app = sampleEstate().environments.production!.containerApp.primary;
const inHand: DrillInHand = {
  version: 1,
  environment: "production",
  drill: "q1",
  run,
  resource: app,
  scenario: "container-app-failure",
  status: "broken",
  begunAt: "2026-11-22T13:50:00.000Z",
  brokenAt: "2026-11-22T13:55:00.000Z",
  undoBy: "2026-11-22T14:25:00.000Z",
};

function service(more: Parameters<typeof serviceInMemory>[0] = {}) {
  const made = serviceInMemory(more);
  const { store } = made.dependencies;
  const timer = async (handler: typeof startDueDrills) => {
    const log = (): undefined => undefined;
    const context = { log, warn: log, error: log } as unknown as InvocationContext;
    await handler(made.dependencies)({} as never, made.client as never, context);
  };
  return {
    ...made,
    timer,
    post: (body: unknown) =>
      made.send(
        endpoint(made.dependencies, orderDrill, { permission: "operate", action: "start-drill" }),
        { path: "drills", body },
      ),
    alert: () =>
      made.send(
        endpoint(made.dependencies, receiveAlert, { permission: "operate", action: "alert" }),
        { path: "alerts", body: alert },
      ),
    hold: (more: Partial<DrillInHand> = {}) =>
      store.drills.change("production", () => ({ ...inHand, ...more })),
  };
}

const wish = { environment: "production", drill: "q1", reason: "practice" };

describe("POST /api/drills", () => {
  it("starts the drill that is wanted", async () => {
    const { post, client } = service();

    const { status, json } = await post(wish);

    expect(status).toBe(202);
    expect(client.started).toEqual([json["id"]]);
    expect(json["id"]).toMatch(/^drill-q1-production-20261122T140000Z-[0-9a-f]{6}$/);
  });

  it.each<[string, unknown, number, string]>([
    ["an unknown drill", { ...wish, drill: "q5" }, 400, "drill"],
    ["nodes of what has none", { ...wish, nodes: "all" }, 400, "only q3 reboots nodes"],
    ["nodes that nobody knows", { ...wish, drill: "q3", nodes: "some" }, 400, "nodes"],
    ["an environment that is not there", { ...wish, environment: "moon" }, 400, "environment"],
    [
      "a region where there is one only",
      { ...wish, environment: "development", drill: "q4" },
      409,
      "single-region",
    ],
  ])("refuses %s", async (_what, body, status, says) => {
    const answer = await service().post(body);

    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.json)).toContain(says);
  });

  it("takes the nodes that q3 reboots into the order", async () => {
    const { post, client } = service();
    const startNew = jest.spyOn(client, "startNew");

    await post({ ...wish, drill: "q3", nodes: "all" });
    await post({ ...wish, drill: "q3" });

    const inputs = startNew.mock.calls.map(([, options]) => (options as { input?: unknown }).input);
    expect(inputs).toMatchObject([{ drill: "q3", nodes: "all" }, { drill: "q3" }]);
    expect(inputs[1]).not.toHaveProperty("nodes");
  });

  it("has the ordinary restore fill a cache that it has emptied, once", async () => {
    const { client, dependencies } = service();
    const startNew = jest.spyOn(client, "startNew");
    const runs = drillRunsIn(dependencies, durableRuns(client as unknown as DurableClient));
    const cache = sampleEstate().environments.production!.redis.primary;
    const set = "redis/mcp-server-prod-redis/20261122T133000Z-backup/";
    const at = "2026-11-22T14:00:00.000Z";
    const wanted: WantedRun = {
      ...{ drill: "drill-1", environment: "production", at, detectedAt: at, reason: "emptied" },
      order: { kind: "restore", of: "redis", cache, set, items: [], overwrite: true },
    };

    const first = await runs.start(wanted);
    const again = await runs.start(wanted);

    expect(first).toMatch(/^restore-redis-production-20261122T140000Z-[0-9a-f]{6}$/);
    expect(again).toBe(first);
    expect(startNew).toHaveBeenCalledTimes(1);
    const [orchestrator, options] = startNew.mock.calls[0]!;
    expect(orchestrator).toBe("restoreRedis");
    expect(RestoreOrder.parse((options as { input?: unknown }).input)).toMatchObject({
      ...{ resource: cache, source: cache, set, items: [], overwrite: true },
      trigger: { kind: "drill", drill: "drill-1" },
    });
  });

  it("refuses while a run is under way, and in a blocked window", async () => {
    const busy = service();
    const other = "redis-failure-production-20261122T135800Z-ab12cd";
    busy.client.getStatusBy = () => Promise.resolve([{ instanceId: other, customStatus: null }]);
    expect(await busy.post(wish)).toMatchObject({ status: 409, json: { run: other } });

    const { environments, ...rest } = sampleJson();
    const blocked = [
      { from: "2026-11-22T00:00:00Z", until: "2026-11-23T00:00:00Z", reason: "freeze" },
    ];
    const production = { ...environments.production, drills: { blocked } };
    const estate = Estate.parse({ ...rest, environments: { ...environments, production } });
    const answer = await service({ estate: { ok: true, estate } }).post(wish);
    expect(answer.status).toBe(409);
    expect(JSON.stringify(answer.json)).toContain("freeze");
  });
});

describe("an alert of an environment that practises", () => {
  it("starts the ordinary recovery, marked as the drill's", async () => {
    const { hold, alert: post, dependencies } = service();
    await hold();

    const { json } = await post();

    expect(json["status"]).toBe("started");
    const drill = await dependencies.store.drills.read("production");
    expect(drill?.recovery).toBe(json["run"]);
    expect(drill?.rule).toBeDefined();
  });

  it("of something else is real: it starts its own run and cancels the drill", async () => {
    const said: unknown[] = [];
    const { hold, alert: post, client } = service();
    await client.startNew("drillContainerApp", { instanceId: run });
    Object.assign(client, {
      raiseEvent: (id: string, _name: string, verb: unknown) => {
        said.push({ id, verb });
        return Promise.resolve();
      },
    });
    await hold({ resource: "/subscriptions/s/other" });

    const { json } = await post();

    expect(json["status"]).toBe("started");
    expect(said).toMatchObject([{ id: run, verb: { verb: "cancel" } }]);
  });

  it.each<[string, (of: ReturnType<typeof service>) => unknown]>([
    ["a drill whose run is dead and hears nothing", ({ hold }) => hold({ status: "begun" })],
    [
      "a drill whose run cannot be reached",
      async ({ hold, client }) => {
        await client.startNew("drillContainerApp", { instanceId: run });
        Object.assign(client, { raiseEvent: () => Promise.reject(new Error("410 Gone")) });
        await hold({ status: "begun" });
      },
    ],
    ["a paper that nobody can read", ({ blobs }) => blobs.put("drills/production.json", "{ torn")],
  ])("is answered all the same beside %s", async (_what, leave) => {
    const made = service();
    await leave(made);

    const { status, json } = await made.alert();

    expect({ status, answer: json["status"] }).toEqual({ status: 202, answer: "started" });
  });

  it("that speaks of a fault that is undone is ignored, with the reason", async () => {
    const { hold, alert: post, client } = service();
    await hold({ status: "ended", undoneAt: "2026-11-22T14:05:00.000Z" });

    expect((await post()).json).toMatchObject({ status: "ignored", run });
    expect(client.started).toEqual([]);
  });
});

describe("the calendar's timer", () => {
  const planned = (hour: number) => {
    const { environments, ...rest } = sampleJson();
    const drills = { quarterly: { month: 2, day: 22, hour } };
    const production = { ...environments.production, drills };
    return Estate.parse({ ...rest, environments: { ...environments, production } });
  };

  it("starts the drill of the quarter once, at its hour", async () => {
    const { timer, client } = service({ estate: { ok: true, estate: planned(14) } });

    await timer(startDueDrills);
    await timer(startDueDrills);

    expect(client.started).toEqual(["drill-q4-production-20261122T140000Z"]);
  });

  it("starts none at another hour, and none that the estate does not plan", async () => {
    const later = service({ estate: { ok: true, estate: planned(15) } });
    await later.timer(startDueDrills);
    expect(later.client.started).toEqual([]);
    const without = service();
    await without.timer(startDueDrills);
    expect(without.client.started).toEqual([]);
  });
});

describe("the dead man's switch", () => {
  it("undoes what a drill has left whose run is over, once at a time", async () => {
    const orders: unknown[] = [];
    const { hold, timer, client } = service();
    const start = client.startNew.bind(client);
    client.startNew = (name, given) => {
      orders.push((given as unknown as { input: unknown }).input);
      return start(name, given);
    };
    await hold();

    await timer(undoForsakenDrills);

    expect(client.started).toEqual(["drill-undo-production-20261122T140000Z-ab12cd"]);
    expect(UndoOrder.parse(orders[0])).toMatchObject({ of: run, resource: app, drill: "q1" });
  });

  it("leaves alone what is under way and has time, and what is undone", async () => {
    const { hold, timer, client } = service();
    await hold();
    await client.startNew("drillContainerApp", { instanceId: run });
    await timer(undoForsakenDrills);
    await hold({ status: "ended" });
    client.end(run);
    await timer(undoForsakenDrills);

    expect(client.started).toEqual([run]);
  });
});

it("GET /api/drills shows the last drill and what is planned", async () => {
  const { hold, send, dependencies } = service();
  await hold();

  const { json } = await send(endpoint(dependencies, showDrills, { permission: "read" }), {
    method: "GET",
    path: "drills",
  });

  expect(json["environments"]).toContainEqual({
    environment: "production",
    last: { drill: "q1", run, status: "broken", begunAt: inHand.begunAt },
    planned: { drill: "q1", quarter: "2027-Q1", at: "2027-02-10T09:00:00.000Z" },
    blocked: [expect.objectContaining({ reason: "year-end freeze" })],
  });
  expect(json["environments"]).toContainEqual({ environment: "development", blocked: [] });
});
