import fc from "fast-check";
import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { isDelivery } from "../../src/domain/notice.js";
import { ended, freshAlert, productionOf } from "../support/recovery-run.js";

describe("many alerts and arbitrary bodies", () => {
  let stack: Stack;
  let service: ServiceClient;

  beforeAll(async () => {
    stack = await startStack();
    service = new ServiceClient(stack.host);
  });
  afterAll(() => stack.stop());
  beforeEach(() => stack.simulator.reset());

  const runs = async (): Promise<number> => {
    const { json } = await service.call("GET", "/runtime/webhooks/durabletask/instances");
    return (json as { instanceId: string }[]).filter(({ instanceId }) => !isDelivery(instanceId))
      .length;
  };

  it("starts one run for a hundred identical alerts at once", async () => {
    const app = productionOf(stack).containerApp.primary;
    await stack.simulator.fault({ name: "app-unhealthy", resource: app });
    const alert = await freshAlert(stack);
    const before = await runs();

    const answers = await Promise.all(Array.from({ length: 100 }, () => service.postAlert(alert)));

    expect(answers.filter(({ status }) => status === "started")).toHaveLength(1);
    const named = new Set(answers.map(({ run }) => run));
    expect(named.size).toBe(1);
    for (const { status, reason } of answers) {
      expect(["started", "attached", "ignored"]).toContain(status);
      expect(reason).not.toBe("");
    }
    const [run] = named;
    expect((await ended(stack, run ?? "")).outcome).toBe("restored");
    expect(await runs()).toBe(before + 1);
  });

  it("attaches ten different alerts for the same app to one run", async () => {
    const app = productionOf(stack).containerApp.primary;
    await stack.simulator.fault({ name: "app-unhealthy", resource: app });
    const alerts = await Promise.all(Array.from({ length: 10 }, () => freshAlert(stack)));

    const answers = await Promise.all(alerts.map((alert) => service.postAlert(alert)));

    expect(answers.filter(({ status }) => status === "started")).toHaveLength(1);
    expect(new Set(answers.map(({ run }) => run)).size).toBe(1);
    await ended(stack, answers[0]?.run ?? "");
  });

  it("ignores the same alert after the end, and starts anew for a new one", async () => {
    const alert = await freshAlert(stack);
    const first = await service.postAlert(alert);
    await ended(stack, first.run ?? "");

    const late = await service.postAlert(alert);
    await stack.simulator.advance(16 * 60);
    const fresh = await service.postAlert(await freshAlert(stack));
    await ended(stack, fresh.run ?? "");

    expect(late).toMatchObject({ status: "ignored", reason: `handled by ${first.run ?? ""}` });
    expect(fresh.status).toBe("started");
    expect(fresh.run).not.toBe(first.run);
  });

  it("takes up an incident whose run was terminated from outside", async () => {
    const app = productionOf(stack).containerApp.primary;
    await stack.simulator.fault({ name: "restart-does-not-help", resource: app });
    const first = await service.postAlert(await freshAlert(stack));
    await service.call(
      "POST",
      `/runtime/webhooks/durabletask/instances/${first.run ?? ""}/terminate?reason=test`,
    );

    const second = await service.postAlert(await freshAlert(stack));
    await ended(stack, second.run ?? "");

    expect(second.status).toBe("started");
    expect(second.run).not.toBe(first.run);
  });

  it("asks the state store for little before it answers, since Azure Monitor does not wait", async () => {
    const alert = await freshAlert(stack);
    const last = (await stack.simulator.log()).at(-1)?.n ?? 0;

    const { run } = await service.postAlert(alert);

    const before = (await stack.simulator.log(last)).filter(
      // What the run itself asks by then is its own.
      ({ service: of, path }) =>
        of === "blobs" && !/claims|leases|notices|recovery-records/.test(path),
    );
    expect(before.length).toBeLessThanOrEqual(14);
    await ended(stack, run ?? "");
  });

  it("never answers 5xx to arbitrary JSON, and never starts a run", async () => {
    const before = await runs();
    const paths = fc.constantFrom("/api/alerts", "/api/recoveries");
    const alertLike = fc.record(
      {
        schemaId: fc.oneof(fc.constant("azureMonitorCommonAlertSchema"), fc.jsonValue()),
        data: fc.record(
          {
            essentials: fc.record(
              {
                alertId: fc.oneof(fc.string(), fc.jsonValue()),
                monitorCondition: fc.constantFrom("Fired", "Resolved", "Other"),
                monitoringService: fc.constantFrom(
                  "Platform",
                  "ServiceHealth",
                  "Resource Health",
                  "x",
                ),
                firedDateTime: fc.oneof(fc.constant("2026-11-22T13:58:24Z"), fc.jsonValue()),
                alertTargetIDs: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
              },
              { requiredKeys: [] },
            ),
            alertContext: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    );
    const bodies = fc.oneof(
      fc.json(),
      alertLike.map((alert) => JSON.stringify(alert)),
      fc.string(),
    );

    await fc.assert(
      fc.asyncProperty(paths, bodies, async (path, body) => {
        const answer = await service.call("POST", path, body);
        expect(answer.status).toBeLessThan(500);
        expect(answer.json).toBeDefined();
      }),
      { numRuns: 150 },
    );

    expect(await runs()).toBe(before);
  });

  it.each([
    ["POST", "/api/alerts", "", 400, "not JSON"],
    ["POST", "/api/alerts", "[]", 400, "not what this address takes"],
    [
      "POST",
      "/api/recoveries",
      '{"scenario":"region-outage","environment":"development","reason":"x"}',
      409,
      "single-region estate",
    ],
    [
      "POST",
      "/api/failbacks",
      '{"resource":"region","environment":"development","reason":"x"}',
      409,
      "single-region estate",
    ],
    [
      "POST",
      "/api/recoveries",
      '{"scenario":"container-app-failure","environment":"production"}',
      400,
      "not what this address takes",
    ],
    [
      "POST",
      "/api/recoveries",
      '{"scenario":"container-app-failure","environment":"production","reason":"x","resource":"/x"}',
      400,
      "not one that this scenario recovers",
    ],
    ["GET", "/api/recoveries/nobody-knows-this", undefined, 404, "there is no run"],
    ["GET", "/api/recoveries/..%2f..%2fx", undefined, 404, "there is no such run"],
    ["GET", "/api/recoveries?top=0", undefined, 400, "not what this address takes"],
    ["GET", "/api/reports/nobody-knows-this", undefined, 404, "there is no report"],
    [
      "GET",
      "/api/reports/nobody-knows-this?format=pdf",
      undefined,
      400,
      "not what this address takes",
    ],
  ])(
    "answers %s %s %s with a problem that says what is wrong",
    async (method, path, body, status, detail) => {
      const answer = await service.call(method, path, body);

      expect(answer).toMatchObject({ status, type: "application/problem+json", json: { status } });
      expect(answer.text).toContain(detail);
    },
  );

  it("refuses a body that is too long, and calls without a key", async () => {
    const long = await service.call("POST", "/api/alerts", JSON.stringify("x".repeat(300_000)));
    const { url } = stack.host();
    const keyless = await fetch(`${url}/api/recoveries`);

    expect(long.status).toBe(413);
    expect(keyless.status).toBe(401);
  });

  it("says that it is well, and that it is not when its state store is away", async () => {
    const well = await service.call("GET", "/api/health");
    await stack.simulator.fault({ name: "server-error", match: { service: "blobs" } });
    const ill = await service.call("GET", "/api/health");
    const alert = await service.call(
      "POST",
      "/api/alerts",
      JSON.stringify(await freshAlert(stack)),
    );

    expect(well).toMatchObject({ status: 200, json: { status: "healthy" } });
    expect(ill).toMatchObject({ status: 503, json: { status: "unhealthy" } });
    expect(alert.status).toBe(503);
    expect(alert.headers.get("retry-after")).toBe("5");
  });

  it("hands out an OpenAPI document that knows every route", async () => {
    const { json } = await service.call("GET", "/api/openapi.json");

    const { paths, openapi } = json as { paths: Record<string, unknown>; openapi: string };
    expect(openapi).toBe("3.1.0");
    expect(Object.keys(paths).sort()).toEqual([
      "/alerts",
      "/automation/{environment}",
      "/backups",
      "/drills",
      "/failbacks",
      "/health",
      "/proofs",
      "/readiness",
      "/recoveries",
      "/recoveries/{id}",
      "/recoveries/{id}/approval",
      "/recoveries/{id}/cancel",
      "/recoveries/{id}/decision",
      "/recoveries/{id}/pause",
      "/recoveries/{id}/resume",
      "/reports",
      "/reports/summary",
      "/reports/{id}",
      "/restores",
    ]);
  });
});
