import type { Permission } from "../../src/domain/identity.js";
import { json, refuse, endpoint, type ActingEndpoint } from "../../src/triggers/endpoint.js";
import { problem } from "../../src/triggers/problem.js";
import { startRecovery } from "../../src/triggers/recoveries.js";
import { principal, serviceInMemory } from "../support/service-calls.js";

const order = {
  scenario: "container-app-failure",
  environment: "production",
  reason: "users report errors",
};
const starting = { permission: "operate", action: "start-recovery" } as const;

/** The service with the address that starts recoveries. */
function recoveries(more: Parameters<typeof serviceInMemory>[0] = {}) {
  const service = serviceInMemory(more);
  const start = endpoint(service.dependencies, startRecovery, starting);
  return {
    ...service,
    order: (headers: Record<string, string> = {}, body: unknown = order) =>
      service.send(start, { headers, body }),
  };
}

describe("who may call", () => {
  const look = (permission: Permission) => {
    const service = serviceInMemory({ platformAuthentication: "entra" });
    const showing = endpoint(service.dependencies, ({ who }) => Promise.resolve(json(200, who)), {
      permission,
    });
    return (headers: Record<string, string>) => service.send(showing, { method: "GET", headers });
  };

  it("is told by the platform, and reaches the handler", async () => {
    const answer = await look("read")(principal("ada@example.com", ["auditor"]));

    expect(answer).toMatchObject({
      status: 200,
      json: { name: "ada@example.com", source: "entra", roles: ["auditor"] },
    });
  });

  it("is asked to sign in where the platform vouches for nobody", async () => {
    const answer = await look("read")({ "x-operator": "ada" });

    expect(answer).toMatchObject({ status: 401, json: { title: "Unauthorized" } });
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
  });

  it.each([
    ["read", [], "operator or approver or reader or auditor"],
    ["report", ["approver"], "reader or auditor or operator"],
    ["operate", ["approver", "reader", "auditor"], "operator"],
    ["approve", ["operator", "reader"], "approver"],
  ] as const)("to %s with %j is told which role is missing", async (permission, roles, wanted) => {
    const answer = await look(permission)(principal("ada@example.com", roles));

    expect(answer.status).toBe(403);
    expect(answer.json["detail"]).toContain(`the role ${wanted};`);
  });

  it("learns nothing about the configuration without a name", async () => {
    const estate = { ok: false as const, findings: ["app setting X: is wrong"] };
    const { order: send } = recoveries({ platformAuthentication: "entra", estate });

    expect((await send()).status).toBe(401);
    expect(JSON.stringify((await send()).json)).not.toContain("app setting");
    expect((await send(principal("ada", ["operator"]))).json["errors"]).toHaveLength(1);
  });
});

describe("the audit of a request", () => {
  it("has one entry for a start, with who asked, why, and the run", async () => {
    const { order: send, entries, client } = recoveries();

    const { json: answer } = await send({ "x-operator": "ada" });

    const run = String(answer["id"]);
    expect(client.started).toEqual([run]);
    expect(entries()).toEqual([
      {
        folder: `audit/runs/${run}`,
        version: 1,
        id: "invocation-1",
        at: "2026-11-22T14:00:00.000Z",
        who: { name: "ada", source: "claimed", roles: [] },
        action: "start-recovery",
        run,
        environment: "production",
        result: "accepted",
        reason: "users report errors",
        detail: `starts ${run}`,
      },
    ]);
  });

  it("has the name in the run's trigger too", async () => {
    const { order: send, blobs } = recoveries({ platformAuthentication: "entra" });

    await send(principal("ada@example.com", ["operator"]));

    const [incident] = [...blobs.blobs].filter(([name]) => name.startsWith("incidents/"));
    expect(JSON.parse(incident?.[1].text ?? "")).toMatchObject({
      order: { trigger: { kind: "operator", who: "ada@example.com", source: "entra" } },
    });
  });

  it("tells a repetition, a conflict and a misused key apart, one entry each", async () => {
    const { order: send, entries, client } = recoveries();
    const key = { "idempotency-key": "one" };

    const { json: first } = await send(key);
    await send(key);
    client.end(String(first["id"]));
    await send(key);
    await send(key, { ...order, reason: "another" });

    expect(entries().map(({ result, detail }) => [result, detail])).toEqual([
      ["accepted", `starts ${String(first["id"])}`],
      ["already-done", "started earlier"],
      ["already-done", "ended earlier"],
      ["refused", "this Idempotency-Key was used with another body; take a new key"],
    ]);
  });

  it("lies with the run that stands in the way of an order", async () => {
    const { order: send, entries } = recoveries();
    const { json: first } = await send();

    const second = await send({ "x-operator": "bob" });

    expect(second.status).toBe(409);
    expect(entries()[1]).toMatchObject({
      folder: `audit/runs/${String(first["id"])}`,
      result: "refused",
      who: { name: "bob" },
      detail: second.json["detail"],
    });
  });

  it("has an entry of who was refused for want of a role, and of what", async () => {
    const { order: send, entries, client } = recoveries({ platformAuthentication: "entra" });

    await send(principal("eve@example.com", ["reader"]));

    expect(client.started).toEqual([]);
    expect(entries()).toMatchObject([
      {
        folder: "audit/service",
        who: { name: "eve@example.com", source: "entra", roles: ["reader"] },
        result: "refused",
        detail: "this takes the role operator; eve@example.com has reader",
      },
    ]);
  });

  it.each([
    ["what is not JSON", "{", {}],
    ["a body without a reason", { ...order, reason: "" }, {}],
    ["a body that is too long", "x".repeat(300_000), {}],
    ["a name that is none", order, { "x-operator": "" }],
  ])("has no entry of %s", async (_what, body, headers) => {
    const { order: send, entries } = recoveries();

    const { status } = await send(headers, body);

    expect([400, 413]).toContain(status);
    expect(entries()).toEqual([]);
  });

  it("has no entry of somebody whom nobody knows, and none of a look", async () => {
    const {
      order: send,
      entries,
      send: call,
      dependencies,
    } = recoveries({
      platformAuthentication: "entra",
    });
    const missing = () => Promise.reject(refuse(problem(404, "there is no run")));
    const showing = endpoint(dependencies, missing, { permission: "read" });

    await send();
    const { status } = await call(showing, {
      method: "GET",
      headers: principal("ada", ["reader"]),
    });

    expect(status).toBe(404);
    expect(entries()).toEqual([]);
  });

  it("lies with the run that the address names", async () => {
    const { send, dependencies, entries } = serviceInMemory();
    const pausing = endpoint(
      dependencies,
      () => Promise.reject(refuse(problem(409, "it has ended"))),
      {
        permission: "operate",
        action: "pause",
      },
    );
    const run = "container-app-failure-production-20261122T135830Z-ab12cd";

    await send(pausing, { params: { id: run } });
    await send(pausing, { params: { id: "../../incidents" } });

    expect(entries().map(({ folder }) => folder)).toEqual([`audit/runs/${run}`, "audit/service"]);
  });

  it("is not left out: an address that can change something must name its action", async () => {
    const { send, dependencies, log } = serviceInMemory();
    let handled = false;
    const nameless = endpoint(
      dependencies,
      () => {
        handled = true;
        return Promise.resolve(json(202, {}));
      },
      { permission: "operate" },
    );

    const answer = await send(nameless, { method: "PUT" });

    expect(answer.status).toBe(503);
    expect(log.join("\n")).toContain("PUT names no action");
    expect(handled).toBe(false);
  });

  it("has an entry of an act whose handler forgot to say so", async () => {
    const { send, dependencies, entries } = serviceInMemory();
    const forgetful = endpoint(dependencies, () => Promise.resolve(json(202, {})), starting);

    await send(forgetful);

    expect(entries()).toMatchObject([{ result: "accepted", detail: "answered 202" }]);
  });

  it("has an entry of what failed, unless it was taken up before", async () => {
    const { send, dependencies, entries } = serviceInMemory();
    const failing = (before: (endpoint: ActingEndpoint) => Promise<void>) =>
      endpoint(
        dependencies,
        async (given) => {
          await before(given);
          throw Object.assign(new Error("the host is away"), { code: "ECONNREFUSED" });
        },
        starting,
      );

    const early = await send(failing(() => Promise.resolve()));
    const late = await send(failing(({ audit }) => audit.enter("accepted", "taken up")));

    expect([early.status, late.status]).toEqual([503, 503]);
    expect(entries().map(({ result, detail }) => [result, detail])).toEqual([
      ["refused", "the host is away; nothing was lost, send it again"],
      ["accepted", "taken up"],
    ]);
  });
});

describe("an audit that cannot be written", () => {
  const brokenFor = (service: ReturnType<typeof serviceInMemory>) => {
    const create = service.blobs.create.bind(service.blobs);
    let tries = 0;
    service.blobs.create = (name, ...rest) => {
      if (!name.startsWith("audit/")) return create(name, ...rest);
      tries += 1;
      return Promise.reject(Object.assign(new Error("away"), { code: "ECONNRESET" }));
    };
    return () => tries;
  };

  it("keeps a run from starting, says so, and is not tried twice", async () => {
    const service = recoveries();
    const tries = brokenFor(service);

    const answer = await service.order();

    expect(service.client.started).toEqual([]);
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBe("5");
    expect(answer.json["detail"]).toContain("no entry of this request could be written");
    expect(tries()).toBe(1);
  });

  it("starts the very same run once it can be written again", async () => {
    const service = recoveries();
    const create = service.blobs.create.bind(service.blobs);
    brokenFor(service);
    const key = { "idempotency-key": "one" };
    await service.order(key);
    service.blobs.create = create;

    const { json: answer } = await service.order(key);

    expect(service.client.started).toEqual([answer["id"]]);
    expect(service.entries()).toMatchObject([{ result: "accepted", run: answer["id"] }]);
  });

  it("leaves a refusal a refusal, and says what is missing", async () => {
    const service = recoveries();
    await service.order();
    brokenFor(service);

    const answer = await service.order();

    expect(answer.status).toBe(409);
    expect(answer.json["detail"]).toMatch(/takes care of it: .*; no entry of this request/);
    expect(answer.json["run"]).toBe(service.client.started[0]);
  });
});
