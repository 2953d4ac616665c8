import type { InvocationContext, Timer } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { hours, minutes } from "../../src/domain/duration.js";
import { earlierBy, plus } from "../../src/domain/instant.js";
import { readinessChecks } from "../../src/domain/readiness/catalogue.js";
import { concluded } from "../../src/domain/readiness/readiness.js";
import { endpoint } from "../../src/triggers/endpoint.js";
import { orderEvaluation, ReadinessView, showReadiness } from "../../src/triggers/readiness.js";
import { readinessTimers, startEvaluations } from "../../src/triggers/readiness-timers.js";
import { startRun } from "../../src/triggers/start-run.js";
import { durableRuns } from "../../src/triggers/durable-runs.js";
import { sampleEstate } from "../support/estates.js";
import { principal, serviceInMemory } from "../support/service-calls.js";

const now = "2026-11-22T14:00:00.000Z";
const production = sampleEstate().environments.production!;

function world(more: Parameters<typeof serviceInMemory>[0] = {}) {
  const service = serviceInMemory(more);
  const { dependencies } = service;
  const show = endpoint(dependencies, showReadiness, { permission: "read" });
  const order = endpoint(dependencies, orderEvaluation, {
    ...{ permission: "operate", action: "evaluate-readiness" },
  });
  return {
    ...service,
    look: async () => {
      const { status, json } = await service.send(show, { method: "GET", path: "readiness" });
      return { status, view: status === 200 ? ReadinessView.parse(json) : undefined };
    },
    order: (body: unknown, headers: Record<string, string> = {}) =>
      service.send(order, { path: "readiness", body, headers }),
    /** As if every check had been made then, and found nothing. */
    evaluatedAt: (at: string) =>
      dependencies.store.readiness.change("production", () =>
        concluded(
          undefined,
          readinessChecks.map(({ id }) => ({ check: id, found: [] })),
          { environment: "production", estate: production, at },
        ),
      ),
  };
}

describe("GET readiness", () => {
  it("answers from the last evaluation, and says how old it is", async () => {
    const { look, evaluatedAt } = world();
    await evaluatedAt(earlierBy(now, minutes(4)));

    const { status, view } = await look();

    expect(status).toBe(200);
    expect(view?.environments.map(({ environment }) => environment)).toEqual([
      ...["development", "staging", "production"],
    ]);
    expect(view?.environments[2]).toMatchObject({
      ...{ verdict: "ready", age: minutes(4), findings: [] },
    });
    // Nobody has looked at the others.
    expect(view?.environments[0]).toMatchObject({ verdict: "degraded" });
  });

  it("answers also while the state store is away: then nothing is ready", async () => {
    const { look, blobs, log } = world();
    blobs.failures.push(...Array.from({ length: 3 }, () => new Error("away")));

    const { status, view } = await look();

    expect(status).toBe(200);
    expect(view?.environments.every(({ verdict }) => verdict === "not-ready")).toBe(true);
    expect(view?.environments[2]?.findings[0]).toMatchObject({ check: "state-store" });
    expect(log.join()).toContain("cannot be read");
  });
});

describe("POST readiness", () => {
  it("starts an evaluation of all checks, of one environment or of all", async () => {
    const { order, client, entries } = world();

    const one = await order({ environment: "production", reason: "a change" });
    await order({ reason: "a change" });

    expect(one).toMatchObject({
      status: 202,
      json: { at: now, evaluations: [{ environment: "production" }] },
    });
    expect(one.json["links"]).toEqual({ readiness: "https://dr.example.com/api/readiness" });
    expect(client.started.map((id) => id.replace(/-all-.*/, ""))).toEqual([
      ...["readiness-production", "readiness-development"],
      ...["readiness-staging", "readiness-production"],
    ]);
    expect(entries().map(({ result, detail }) => [result, detail])).toEqual([
      ["accepted", "evaluates the readiness of production"],
      ["accepted", "evaluates the readiness of development, staging, production"],
    ]);
  });

  it("is for operators, with a reason, about environments that there are", async () => {
    const estate = sampleEstate();
    delete estate.environments.staging;
    const { order, client } = world({
      ...{ platformAuthentication: "entra", estate: { ok: true, estate } },
    });
    const olga = principal("olga", ["operator"]);

    expect((await order({ reason: "x" }, principal("eve", ["reader"]))).status).toBe(403);
    expect((await order({ environment: "production" }, olga)).status).toBe(400);
    expect((await order({ environment: "staging", reason: "x" }, olga)).status).toBe(400);
    expect(client.started).toEqual([]);
  });
});

describe("the timers of readiness", () => {
  const tick = async (
    weight: "light" | "heavy",
    more: Parameters<typeof serviceInMemory>[0] = {},
    failing = "",
  ) => {
    const { dependencies, client } = serviceInMemory(more);
    const purged: string[] = [];
    const errors: unknown[][] = [];
    const host = Object.assign(client, {
      purgeInstanceHistory: (id: string) => {
        purged.push(id);
        return id.includes(failing) && failing !== ""
          ? Promise.reject(new Error("away"))
          : Promise.resolve();
      },
    });
    const context = { error: (...said: unknown[]) => errors.push(said) };
    const done = startEvaluations(dependencies, weight)(
      ...([{} as Timer, host as unknown as DurableClient] as const),
      context as unknown as InvocationContext,
    );
    const failed = await done.then(
      () => false,
      () => true,
    );
    return { started: client.started, purged, errors, failed };
  };

  it("start an evaluation of each environment for each period, and forget yesterday's", async () => {
    const light = await tick("light", { now: () => plus(now, minutes(9)) });
    const heavy = await tick("heavy", { now: () => plus(now, hours(1)) });

    expect(light.started).toEqual([
      "readiness-development-light-20261122T140000Z",
      "readiness-staging-light-20261122T140000Z",
      "readiness-production-light-20261122T140000Z",
    ]);
    expect(light.purged[2]).toBe("readiness-production-light-20261121T140000Z");
    expect(heavy.started[0]).toBe("readiness-development-heavy-20261122T150000Z");
    expect(readinessTimers.map(({ weight }) => weight)).toEqual(["light", "heavy"]);
  });

  it("let no environment wait for another, and say what failed", async () => {
    const { started, errors, failed } = await tick("light", {}, "staging");

    expect(started).toHaveLength(3);
    expect(errors[0]?.[0]).toBe("the readiness of staging could not be evaluated");
    expect(failed).toBe(true);
  });

  it("evaluate nothing that is not there, nor without a configuration", async () => {
    const estate = sampleEstate();
    delete estate.environments.staging;
    const two = await tick("light", { estate: { ok: true, estate } });
    const none = await tick("light", { estate: { ok: false, findings: ["x"] } });

    expect(two.started).toHaveLength(2);
    expect(none.started).toEqual([]);
    expect(none.errors).toHaveLength(1);
  });
});

describe("a recovery that begins", () => {
  const begin = async (evaluated?: string, more: object = {}) => {
    const { dependencies, client, evaluatedAt } = world();
    if (evaluated !== undefined) await evaluatedAt(evaluated);
    const runs = durableRuns(client as unknown as DurableClient);
    const { store } = dependencies;
    const estate = sampleEstate();
    await startRun(
      { store, runs, estate, now: () => now },
      {
        ...{ scenario: "redis-failure", environment: "production" },
        ...{ resource: production.redis.primary, detectedAt: now, distinction: "one" },
        trigger: { kind: "operator", who: "olga", source: "key", reason: "x" },
        ...more,
      },
    );
    return client.started.slice(1);
  };

  it("has readiness evaluated beside it where what is known is too old", async () => {
    expect(await begin(earlierBy(now, hours(2)))).toEqual([
      "readiness-production-light-20261122T140000Z",
    ]);
    expect(await begin(earlierBy(now, minutes(20)))).toEqual([]);
    expect(await begin()).toEqual([]);
    const old = earlierBy(now, hours(2));
    expect(await begin(old, { procedure: "redis-failback" })).toEqual([]);
  });
});
