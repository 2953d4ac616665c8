import { startStack, type Stack } from "../../local/stack/stack.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { Checkpoint } from "../../src/domain/checkpoint.js";
import { RunRecord } from "../../src/domain/run-record.js";
import { traceIdsOf } from "../../src/azure/telemetry-ids.js";
import { everyBlob } from "../support/every-blob.js";
import {
  actsOn,
  appIsHealthy,
  ended,
  freshAlert,
  productionOf,
  recoverFrom,
} from "../support/recovery-run.js";
import { askWorkspace } from "../support/workspace-rows.js";

describe("container app failure, from alert to report", () => {
  let stack: Stack;
  let service: ServiceClient;
  const log: string[] = [];

  beforeAll(async () => {
    stack = await startStack({ onLog: (_from, line) => log.push(line) });
    service = new ServiceClient(stack.host);
  });
  afterAll(() => stack.stop());
  beforeEach(() => stack.simulator.reset());

  it("restarts the serving revision, and that heals it", async () => {
    const { answer, record, effects } = await recoverFrom(stack, "app-unhealthy");

    expect(answer.status).toBe("started");
    expect(RunRecord.parse(record)).toMatchObject({
      outcome: "restored",
      withinRto: { scenario: true, environment: true },
      trigger: { kind: "alert", rule: "mcp-health-prod" },
    });
    expect(actsOn(effects)).toEqual(["containerAppsRevisions.restart"]);
    expect(await appIsHealthy(stack)).toBe(true);
    const evidence = record.steps.find(({ id }) => id === "gather-evidence")?.evidence ?? [];
    expect(evidence.map(({ title }) => title)).toEqual(["App state", "App logs", "Error rates"]);

    // What Azure Monitor was told of it: one trace, the lines of the log, the measures.
    const { traceId, spanId } = traceIdsOf({ run: record.id, path: [] });
    const ask = askWorkspace(stack);
    await stack.simulator.advance(300);
    const [root] = await ask(`AppRequests | where OperationId == "${traceId}"`);
    const spans = await ask(`AppDependencies | where OperationId == "${traceId}"`);
    const lines = await ask(
      `AppTraces | where tostring(Properties["dr.run.id"]) == "${record.id}"`,
    );
    const measured = await ask(
      `AppMetrics | where tostring(Properties["dr.run.id"]) == "${record.id}" | order by Name asc`,
    );

    expect(root).toMatchObject({
      Name: "run container-app-failure",
      Id: spanId,
      Success: true,
      TimeGenerated: record.startedAt,
      DurationMs: Date.parse(record.endedAt) - Date.parse(record.startedAt),
    });
    const steps = spans.filter(({ ParentId }) => ParentId === spanId);
    expect(steps.map(({ Name }) => Name)).toEqual(
      expect.arrayContaining(record.steps.map(({ title }) => title)),
    );
    // Nothing hangs on a span that was never told of.
    const ids = new Set([spanId, ...spans.map(({ Id }) => Id)]);
    expect(spans.filter(({ ParentId }) => !ids.has(String(ParentId)))).toEqual([]);
    expect(spans.map(({ Name }) => Name)).toContain("restartRevision");
    expect(lines.map(({ Message }) => Message)).toContain("run ended");
    expect(new Set(lines.map(({ OperationId }) => OperationId))).toEqual(new Set([traceId]));
    const took = (Date.parse(record.restoredAt ?? "") - Date.parse(record.detectedAt)) / 1_000;
    expect(measured.map(({ Name, Sum }) => [Name, Sum])).toEqual([
      ["dr.recovery.duration", took],
      ["dr.recovery.rto_margin", expect.closeTo(15 * 60 - took)],
      ["dr.recovery.rto_margin", expect.closeTo(60 * 60 - took)],
    ]);
    // No host is called that Azure has not given, such as one for the exporters' own statistics.
    const refused = (await stack.simulator.log()).filter(({ service }) => service === "proxy");
    expect(refused.map(({ host }) => host)).toEqual([]);
  });

  it("rolls back from a bad revision and forward with the good template", async () => {
    const { record, effects } = await recoverFrom(stack, "bad-revision");

    expect(record.outcome).toBe("restored");
    expect(actsOn(effects)).toEqual([
      "containerAppsRevisions.restart",
      "containerAppsRevisions.activate",
      "containerApps.update",
    ]);
    const app = await stack.simulator.app(productionOf(stack).containerApp.primary);
    const serving = app.revisions.find(({ active }) => active);
    expect(serving?.name).toContain("--dr-");
    expect(serving?.image).toContain(":1.4.1");
    expect(await appIsHealthy(stack)).toBe(true);
  });

  it("needs an operator when nothing helps, and says what to do", async () => {
    const { record } = await recoverFrom(stack, "restart-does-not-help");

    expect(record.outcome).toBe("needs-operator");
    expect(record.nextSteps.length).toBeGreaterThan(1);
    expect(record.restoredAt).toBeUndefined();
    expect(await appIsHealthy(stack)).toBe(false);
  });

  it("touches nothing when the app is well", async () => {
    const answer = await service.postAlert(await freshAlert(stack));
    const record = await ended(stack, answer.run ?? "");

    expect(record.outcome).toBe("not-needed");
    expect(actsOn(await stack.simulator.log(0, true))).toEqual([]);
  });

  it("shows live progress against the RTO, then the record and its reports", async () => {
    const app = productionOf(stack).containerApp.primary;
    await stack.simulator.fault({ name: "app-unhealthy", resource: app });
    const answer = await service.postAlert(await freshAlert(stack));

    const live = await service.run(answer.run ?? "");
    const record = await ended(stack, answer.run ?? "");
    const [html, md, json] = await Promise.all([
      service.report(record.id, "html"),
      service.report(record.id, "md"),
      service.report(record.id, "json"),
    ]);

    expect(Checkpoint.parse(live.checkpoint).clock.deadlines.scenarioAt).toBe(
      record.deadlines.scenarioAt,
    );
    expect(html).toContain("<!doctype html>");
    expect(md).toContain(`| Run | ${record.id.replaceAll("_", "\\_")} |`);
    expect(JSON.parse(json)).toEqual(record);
    const list = (await service.call("GET", "/api/recoveries")).json as { ended: { id: string }[] };
    expect(list.ended[0]?.id).toBe(record.id);
  });

  it("recovers by an operator's order, once for each Idempotency-Key", async () => {
    const app = productionOf(stack).containerApp.primary;
    await stack.simulator.fault({ name: "app-unhealthy", resource: app });
    const order = {
      scenario: "container-app-failure",
      environment: "production",
      reason: "users report errors",
    };
    const send = (body: unknown, key: string) =>
      service.call("POST", "/api/recoveries", JSON.stringify(body), {
        "idempotency-key": key,
        "x-operator": "ada",
      });

    const first = await send(order, "one");
    const again = await send(order, "one");
    const other = await send({ ...order, reason: "another" }, "one");
    const second = await send(order, "two");
    const { id } = first.json as { id: string };
    const live = (await service.call("GET", `/api/recoveries/${id}`)).json;
    const record = await ended(stack, id);
    const late = await send(order, "one");

    expect(first).toMatchObject({ status: 202, json: { status: "started" } });
    expect(again).toMatchObject({ status: 202, json: { id } });
    expect(other).toMatchObject({ status: 422, type: "application/problem+json" });
    expect(second).toMatchObject({ status: 409, json: { run: id } });
    expect(late).toMatchObject({ status: 202, json: { id, status: "ended" } });
    expect(record).toMatchObject({
      outcome: "restored",
      trigger: { who: "ada", source: "claimed", reason: "users report errors" },
    });
    const results = (of: unknown) =>
      (of as { audit: readonly { result: string }[] }).audit.map(({ result }) => result);
    expect(results(live)).toEqual(["accepted", "already-done", "refused"]);
    expect(record.audit).toEqual((live as { audit: unknown }).audit);
    expect(await service.report(id, "md")).toContain("ada (claimed)");
  });

  it("leaves no credential behind: not in logs, blobs, status or reports", async () => {
    const alert = (await freshAlert(stack)) as { data: { essentials: { description: string } } };
    alert.data.essentials.description = "connection failed: password=hunter2hunter2";
    const app = productionOf(stack).containerApp.primary;
    await stack.simulator.fault({ name: "app-unhealthy", resource: app });
    const answer = await service.postAlert(alert);
    const record = await ended(stack, answer.run ?? "");

    const status = await service.call(
      "GET",
      `/runtime/webhooks/durabletask/instances/${record.id}?showHistory=true&showHistoryOutput=true&showInput=true`,
    );
    const left = [log.join("\n"), status.text, JSON.stringify(record), ...everyBlob(stack)];
    for (const text of left) {
      expect(text).not.toContain("hunter2");
      expect(text).not.toMatch(/eyJ[\w-]{10,}\.[\w-]{10,}/);
      expect(text).not.toMatch(/[?&]sig=/);
    }
    expect(left.join("\n")).toContain("[hidden]");
  });
});
