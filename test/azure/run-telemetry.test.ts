import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { telemetryWorkspaceId } from "../../local/stack/seeded-telemetry.js";
import { traceIdsOf } from "../../src/azure/telemetry-ids.js";
import { days } from "../../src/domain/duration.js";
import { instantOf } from "../../src/domain/instant.js";
import type { RunTelemetry, TelemetryLoss } from "../../src/domain/telemetry.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { sampleEstate } from "../support/estates.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";

const run = "redis-failure-production-20261122T140000Z-ab12cd";
const ingestion = { service: "ingestion" };
let azure: SimulatedAzure;
let ports: AzurePorts;

beforeAll(async () => {
  const seed = seedFromEstate(sampleEstate()) as {
    roleAssignments: object[];
    identities: { principalId: string }[];
    workspaces: { id: string; customerId: string }[];
  };
  const { id: scope } = seed.workspaces.find((one) => one.customerId === telemetryWorkspaceId)!;
  const { principalId } = seed.identities[0]!;
  const roleDefinitionId = "73c42c96-874c-492b-b04d-ab87d138a893";
  seed.roleAssignments.push({ scope, principalId, roleDefinitionId });
  azure = await simulatedAzure(seed);
  ports = await azure.ports();
});
afterAll(() => azure.stop());
beforeEach(() => azure.control.reset());

const rowsOf = async (table: string) => {
  await azure.control.advance(300);
  return (await ports.logs.query(telemetryWorkspaceId, table, days(1))).rows;
};
const timeIn = ({ TimeGenerated: at }: Readonly<Record<string, unknown>>): string =>
  instantOf(new Date(at as string));
/** A remote port answers later, whatever it answers here. */
const telemetry = (): { [Each in keyof RunTelemetry]: (...given: unknown[]) => Promise<unknown> } =>
  ports.runTelemetry as never;

async function tell(names: readonly string[], attributes: object = {}): Promise<void> {
  const at = instantOf(await azure.control.now());
  for (const name of names) {
    const place = { run, path: [name] };
    await telemetry().span({ place, name, startedAt: at, endedAt: at, attributes });
  }
}

describe("telemetry of a run", () => {
  it("arrives whole, with the ids that its place gives it and no credential", async () => {
    const names = Array.from({ length: 120 }, (_, index) => `step ${index}`);
    const at = instantOf(await azure.control.now());
    const secret = { note: "AccountKey=abcdefgh12345678;", "dr.run.id": run };

    await tell(names, secret);
    const place = { run, path: ["step 7"] };
    const message = "used Bearer abcdefgh.12345678";
    await telemetry().log({ place, at, level: "warning", message, attributes: secret });
    const measure = { instrument: "dr.recovery.rto_margin", value: -3, attributes: secret };
    await telemetry().measure(measure);
    await telemetry().flush();
    const spans = await rowsOf("AppDependencies");
    const [[line], [margin]] = [await rowsOf("AppTraces"), await rowsOf("AppMetrics")];

    const { traceId, spanId, parentId } = traceIdsOf(place);
    expect(spans.map(({ Name }) => Name)).toEqual(names);
    expect(spans[7]).toMatchObject({ Id: spanId, OperationId: traceId, ParentId: parentId });
    expect(line).toMatchObject({ OperationId: traceId, ParentId: spanId, SeverityLevel: 2 });
    expect(margin).toMatchObject({ Name: "dr.recovery.rto_margin", Sum: -3 });
    const all = JSON.stringify([spans, line, margin]);
    expect(all).toContain("[hidden]");
    expect(all).not.toMatch(/abcdefgh/);
    expect(await telemetry().loss()).toBeUndefined();
  });

  it("keeps its times to the millisecond", async () => {
    const now = (await azure.control.now()).getTime();
    const instants = Array.from({ length: 100 }, (_, nth) => instantOf(new Date(now - nth * 7)));

    for (const at of instants) {
      const place = { run, path: [at] };
      await telemetry().span({ place, name: at, startedAt: at, endedAt: at, attributes: {} });
    }
    await telemetry().flush();
    const rows = await rowsOf("AppDependencies");

    expect(rows).toHaveLength(100);
    expect(rows.filter((row) => String(row["Name"]) !== timeIn(row))).toEqual([]);
  });

  it.each([
    ["throttle", { match: ingestion }, { class: "transient", code: "http-429" }],
    ["server-error", { match: ingestion, status: 503 }, { class: "transient", code: "http-503" }],
    ["a missing role", {}, { class: "terminal", code: "http-403" }],
  ])("under %s is sent once, lost, counted, and missed by nobody", async (name, more, said) => {
    if (name === "a missing role") {
      const seed = seedFromEstate(sampleEstate()) as { roleAssignments: object[] };
      const roleAssignments = seed.roleAssignments.filter(
        (each) => !JSON.stringify(each).includes("3913510d"),
      );
      await azure.control.reset({ ...seed, roleAssignments });
    } else await azure.control.fault({ name, ...more });

    await tell(["one", "two"]);
    await telemetry().flush();
    const loss = (await telemetry().loss()) as TelemetryLoss;
    const sent = (await azure.control.log()).filter(({ service }) => service === "ingestion");

    expect(loss).toMatchObject({ ...said, lost: 2 });
    expect(sent).toHaveLength(1);
    // It works again: nothing of the old is repeated, and there is nothing to tell.
    await azure.control.reset();
    await tell(["three"]);
    await telemetry().flush();
    expect(await telemetry().loss()).toBeUndefined();
    expect(
      (await azure.control.log()).filter(({ service }) => service === "ingestion"),
    ).toHaveLength(1);
  });

  it("holds up nobody for long where Azure Monitor does not answer", async () => {
    await azure.control.fault({ name: "hang", match: ingestion });
    await tell(["one"]);

    const begun = performance.now();
    await telemetry().flush();

    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
