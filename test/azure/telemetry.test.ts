import type { z } from "zod";
import { smallSeed } from "../../simulator/seeds/small.js";
import type { Seed } from "../../simulator/world/seed.js";
import { days, hours } from "../../src/domain/duration.js";
import { earlierBy, instantOf } from "../../src/domain/instant.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";
import { SUBSCRIPTION, WORKSPACE } from "../simulator/names.js";

let azure: SimulatedAzure;
let ports: AzurePorts;

const workspace = smallSeed.workspaces![0]!.id;
const storage = (name: string): string =>
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/mcp-dr/providers/Microsoft.Storage/storageAccounts/${name}`;
const near = Array.from({ length: 11 }, (_, index) => `mcpexport${index}`);

function seed(limits?: { rows?: number; bytes?: number }): z.input<typeof Seed> {
  const { principalId } = smallSeed.identities[0]!;
  return {
    ...smallSeed,
    ...(limits === undefined ? {} : { logLimits: limits }),
    roleAssignments: [
      ...smallSeed.roleAssignments,
      {
        scope: workspace,
        roleDefinitionId: "92aaf0da-9dab-42b6-94a3-d43ce8ce7293",
        principalId,
      },
    ],
    components: smallSeed.components!.map((component) => ({
      ...component,
      requests: { hours: 48, perHour: 100 },
    })),
    // Only what the history has is of interest here.
    containerApps: smallSeed.containerApps!.map(({ component: _, ...app }) => app),
    storageAccounts: [
      ...smallSeed.storageAccounts!,
      ...near.map((name) => ({ id: storage(name), location: "eastus", sku: "Standard_LRS" })),
    ],
  };
}

beforeAll(async () => {
  azure = await simulatedAzure(seed());
  ports = await azure.ports();
});

afterAll(() => azure.stop());

const lastDays = async () => {
  const end = instantOf(await azure.control.now());
  return { begin: earlierBy(end, days(3)), end };
};

describe("requests of the past", () => {
  beforeEach(() => azure.control.reset(seed()));

  it("are counted by the hour, and are the same however they are asked for", async () => {
    const stretch = await lastDays();
    const counted = await ports.logs.table(
      WORKSPACE,
      "AppRequests | summarize Requests = count() by bin(TimeGenerated, 1h) | order by TimeGenerated asc",
      stretch,
    );
    const all = await ports.logs.table(
      WORKSPACE,
      "AppRequests | order by TimeGenerated asc | project TimeGenerated, OperationId",
      stretch,
    );

    expect(counted.columns).toEqual(["TimeGenerated", "Requests"]);
    expect(counted.rows).toHaveLength(48);
    expect(new Set(counted.rows.map(([, rows]) => rows))).toEqual(new Set([100]));
    expect(all).toMatchObject({ partial: false });
    expect(new Set(all.rows.map(([, operation]) => operation)).size).toBe(4_800);
    const [begin, end] = [counted.rows[1]![0] as string, counted.rows[2]![0] as string];
    const hour = await ports.logs.table(
      WORKSPACE,
      `AppRequests | where TimeGenerated >= datetime(${begin}) and TimeGenerated < datetime(${end}) | project OperationId`,
      { begin, end },
    );
    expect(hour.rows.map(([operation]) => operation)).toEqual(
      all.rows.slice(100, 200).map(([, operation]) => operation),
    );
  });

  it.each([{ rows: 1_000 }, { bytes: 50_000 }])(
    "come in part where they exceed a limit of %o",
    async (limits) => {
      await azure.control.reset(seed(limits));
      const answer = await ports.logs.table(
        WORKSPACE,
        "AppRequests | order by TimeGenerated asc",
        await lastDays(),
      );

      expect(answer.partial).toBe(true);
      expect(answer.rows.length).toBeGreaterThan(100);
      expect(answer.rows.length).toBeLessThanOrEqual(1_000);
      const end = earlierBy((await lastDays()).end, hours(40));
      const few = { begin: earlierBy(end, hours(1)), end };
      expect(await ports.logs.table(WORKSPACE, "AppRequests | take 5", few)).toMatchObject({
        partial: false,
      });
    },
  );
});

describe("export rules of a workspace", () => {
  const rule = (name: string, account: string, tables = ["AppRequests"]) => ({
    name,
    tables,
    destination: storage(account),
    enabled: true,
  });
  beforeEach(() => azure.control.reset(seed()));

  it("are made and shown, and the workspace says where it is", async () => {
    await ports.dataExports.put(workspace, rule("telemetry", near[0]!));
    await ports.dataExports.put(workspace, rule("telemetry", near[0]!, ["AppEvents"]));

    expect(await ports.dataExports.rules(workspace)).toEqual([
      rule("telemetry", near[0]!, ["AppEvents"]),
    ]);
    expect(await ports.dataExports.regionOf(workspace)).toBe("eastus");
    expect((await ports.dataExports.regionOf(`${workspace}-x`)) ?? "none").toBe("none");
  });

  it("lead into the workspace's region, each to an account of its own, and are ten at most", async () => {
    const refusal = { failure: { class: "terminal" } };
    const put = (name: string, account: string, tables?: string[]) =>
      ports.dataExports.put(workspace, rule(name, account, tables));

    await expect(put("far", "mcpdrstate")).rejects.toMatchObject(refusal);
    await expect(put("nowhere", "mcpmissing")).rejects.toMatchObject(refusal);
    await expect(put("strange", near[0]!, ["AppNothing"])).rejects.toMatchObject(refusal);
    for (const name of near.slice(0, 10)) await put(`rule-${name}`, name);
    await expect(put("again", near[0]!)).rejects.toMatchObject(refusal);
    await expect(put("eleventh", near[10]!)).rejects.toMatchObject(refusal);
    expect(await ports.dataExports.rules(workspace)).toHaveLength(10);
  });
});
