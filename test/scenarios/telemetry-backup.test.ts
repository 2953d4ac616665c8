import { gunzipSync } from "node:zlib";
import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { days } from "../../src/domain/duration.js";
import { startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { sampleEstate } from "../support/estates.js";
import { productionOf } from "../support/recovery-run.js";

const kind = "application-insights";
const perHour = 70;
const hoursOfPast = 80;

/** A machine with much else to do needs more than the usual half minute. */
jest.setTimeout(60_000);

describe("the backup of telemetry", () => {
  let world: BackupStack;

  beforeAll(async () => {
    const seed = seedFromEstate(sampleEstate()) as {
      components: { id: string }[];
      containerApps: { revisions: { active: boolean }[] }[];
    };
    const { component } = sampleEstate().environments.production!.applicationInsights;
    const components = seed.components.map((each) =>
      each.id === component ? { ...each, requests: { hours: hoursOfPast, perHour } } : each,
    );
    // Users have been served for an hour; before that there is the component's own past.
    const containerApps = seed.containerApps.map(({ revisions, ...app }) => ({
      ...app,
      revisions: revisions.map((one) => (one.active ? { ...one, ageMinutes: 60 } : one)),
    }));
    // The service answers in part where a day is asked for at once, so it is asked for in halves.
    const logLimits = { rows: 1_500 };
    world = await startBackupStack({ seed: { ...seed, components, containerApps, logLimits } });
  });
  afterAll(() => world.stop());

  const usable = async () => {
    const found = await world.latest(kind);
    if (found?.kind !== "usable") throw new Error("no usable set");
    return found.manifest;
  };
  const textOf = async (blob: string): Promise<string> => {
    const bytes = await world.azure.sets.readBytes(blob);
    return gunzipSync(bytes!).toString("utf8");
  };
  /** A record begins with an instant; a field with a line break has none there. */
  const rowsOf = (text: string): number => text.match(/^\d{4}-\d\d-\d\dT/gm)?.length ?? 0;

  it("exports every request once, as CSV that nothing runs in, and has telemetry flow from then on", async () => {
    const record = await world.backUp(kind);
    const manifest = await usable();
    const texts = await Promise.all(manifest.items.map(({ blob }) => textOf(blob)));
    const exported = texts.map(rowsOf).reduce((sum, rows) => sum + rows, 0);
    const { from: begin = "", until: end = "" } = manifest.facts;
    const { component, workspaceId, workspace } = productionOf(world.stack).applicationInsights;
    const counted = await world.azure.logs.table(
      workspaceId,
      `AppRequests | where _ResourceId =~ "${component}" and TimeGenerated < datetime(${end}) | count`,
      { begin, end },
    );

    expect(record.findings).toEqual([]);
    expect(record.outcome).toBe("passed");
    expect(manifest.check.level).toBe("verified");
    expect(exported).toBeGreaterThan(hoursOfPast * perHour);
    expect(counted.rows).toEqual([[exported]]);
    expect(manifest.facts).toMatchObject({ rows: `${exported}`, counted: `${exported}` });
    expect(texts[0]?.split("\r\n")[0]).toBe(
      "TimeGenerated,Name,Url,Success,ResultCode,DurationMs,ItemCount,OperationId,AppRoleName,AppRoleInstance",
    );
    const strange = [
      `,"'=HYPERLINK(""http://example.net"",""POST /mcp"")",`,
      ",'@SUM(1+1),",
      ",'-2+3 GET /größe,",
    ];
    expect(strange.filter((field) => !texts.join("").includes(field))).toEqual([]);
    const log = await world.stack.simulator.log();
    const queries = log.filter(({ operation }) => operation === "workspaces.query");
    expect(queries.length).toBeGreaterThan(2 * manifest.items.length);
    const rules = await world.azure.dataExports.rules(workspace!);
    expect(rules).toMatchObject([{ name: "mcp-dr-telemetry", enabled: true }]);
    expect(rules[0]?.tables).toHaveLength(4);
    expect(await world.protection(kind)).toMatchObject({ status: "protected" });
  });

  it("takes the whole days over from the set before, and exports the others", async () => {
    const first = await usable();
    await world.stack.simulator.advance(days(1) / 1_000);
    const record = await world.backUp(kind);
    const second = await usable();
    const old = new Set(first.items.map(({ blob }) => blob));
    const reused = second.items.filter(({ blob }) => old.has(blob));

    expect(record.outcome).toBe("passed");
    expect(reused.length).toBeGreaterThanOrEqual(2);
    expect(reused.length).toBeLessThan(second.items.length);
    expect(second.references).toHaveLength(1);
    expect(Number(second.facts["rows"])).toBeGreaterThan(hoursOfPast * perHour);
  });

  it("is read and not restored", async () => {
    const answer = await world.post("restores", { kind, from: "latest", reason: "a test" });

    expect(answer.status).toBe(400);
    expect(answer.text).toContain("CSV");
  });
});
