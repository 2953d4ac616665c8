import * as contract from "../../src/activities/telemetry-backup.contract.js";
import { telemetryProtectionActivities } from "../../src/activities/telemetry-protection.js";
import type { DataExportRule } from "../../src/azure/data-exports.js";
import type { DiagnosticSetting } from "../../src/azure/diagnostic-settings.js";
import type { StorageAccountView } from "../../src/azure/storage-accounts.js";
import { instantOf } from "../../src/domain/instant.js";
import type { Caller } from "../../src/durable/activity-contract.js";
import { stateStore } from "../../src/state/state-store.js";
import { answerOf } from "../support/activity-call.js";
import { MemoryContainer, restError } from "../support/memory-container.js";

const id = (type: string, name: string): string =>
  `/subscriptions/s/resourceGroups/g/providers/${type}/${name}`;
const component = id("Microsoft.Insights/components", "insights");
const workspace = id("Microsoft.OperationalInsights/workspaces", "logs");
const account = id("Microsoft.Storage/storageAccounts", "telemetry");
const all = ["AppRequests", "AppExceptions", "AppMetrics", "AppEvents"];

function world(rules: DataExportRule[] = [], settings: DiagnosticSetting[] = []) {
  const seen = { region: "eastus", accountRegion: "eastus" };
  const puts: DataExportRule[] = [];
  let next: "lost" | "refused" | undefined;
  const store = stateStore(new MemoryContainer());
  const activities = telemetryProtectionActivities({
    store,
    exports: {
      regionOf: (wanted) => Promise.resolve(wanted === workspace ? seen.region : undefined),
      rules: () => Promise.resolve(rules),
      put: (_workspace, rule) => {
        puts.push(rule);
        const end = next;
        next = undefined;
        if (end === "refused") return Promise.reject(restError(400, "BadRequest"));
        const at = rules.findIndex(({ name }) => name === rule.name);
        rules.splice(at === -1 ? rules.length : at, at === -1 ? 0 : 1, rule);
        return end === "lost" ? Promise.reject(restError(503, "x")) : Promise.resolve();
      },
    },
    diagnostics: { of: () => Promise.resolve(settings), put: () => Promise.resolve() },
    accounts: {
      account: (wanted: string) =>
        Promise.resolve(
          wanted === account
            ? ({ name: "telemetry", primaryLocation: seen.accountRegion } as StorageAccountView)
            : undefined,
        ),
    } as never,
  });
  const stream = async (
    wanted: { account?: string } = { account },
    caller: Partial<Caller> = {},
  ) => {
    const claimed = await store.leases.claim(
      { resource: workspace, run: caller.run ?? "run-1", scenario: "application-insights-backup" },
      instantOf(new Date()),
    );
    const leases =
      claimed.kind === "take" ? [{ resource: workspace, fencing: claimed.lease.fencing }] : [];
    const input = { component, workspace, ...wanted };
    return answerOf(activities, contract.streamTelemetry, input, { leases, ...caller });
  };
  return { rules, puts, seen, stream, fail: (how: "lost" | "refused") => (next = how) };
}

const rule = (traits: Partial<DataExportRule>): DataExportRule => ({
  name: "other",
  tables: ["AppTraces"],
  destination: id("Microsoft.Storage/storageAccounts", "other"),
  enabled: true,
  ...traits,
});

describe("the flow of telemetry", () => {
  it("is begun by one rule, once, and found the next time", async () => {
    const azure = world();

    expect(await azure.stream()).toMatchObject({ ok: true, value: { changed: true, drift: [] } });
    expect(await azure.stream({ account }, { step: "later" })).toMatchObject({
      value: { changed: false, drift: [] },
    });
    expect(azure.puts).toEqual([
      { name: "mcp-dr-telemetry", tables: all, destination: account, enabled: true },
    ]);
  });

  it("is not begun twice where the answer was lost, and again after a refusal", async () => {
    const lost = world();
    lost.fail("lost");
    await lost.stream();
    expect(await lost.stream()).toMatchObject({ value: { changed: true } });
    expect(lost.puts).toHaveLength(1);

    const refused = world();
    refused.fail("refused");
    await refused.stream();
    expect(await refused.stream()).toMatchObject({ value: { changed: true } });
    expect(refused.puts).toHaveLength(2);
  });

  it("counts what a diagnostic setting and other rules let flow, and adds what is missing", async () => {
    const azure = world(
      [rule({ tables: ["AppRequests"] }), rule({ name: "off", tables: all, enabled: false })],
      [
        {
          name: "to-storage",
          workspaceId: undefined,
          storageAccountId: id("Microsoft.Storage/storageAccounts", "archive"),
          logs: [{ kind: "category", name: "AppEvents" }],
          metrics: false,
        },
      ],
    );
    await azure.stream();
    expect(azure.puts[0]?.tables).toEqual(["AppExceptions", "AppMetrics"]);

    const whole = world(
      [],
      [
        {
          name: "all",
          workspaceId: undefined,
          storageAccountId: account,
          logs: [{ kind: "group", name: "allLogs" }],
          metrics: false,
        },
      ],
    );
    expect(await whole.stream()).toMatchObject({ value: { changed: false, drift: [] } });
  });

  it("goes by the rule that leads to the account already, since it takes only one", async () => {
    const azure = world([rule({ name: "traces", destination: account.toUpperCase() })]);
    await azure.stream();

    expect(azure.puts).toEqual([
      { name: "traces", tables: ["AppTraces", ...all], destination: account, enabled: true },
    ]);
  });

  it("is reported where it cannot be begun, and nothing is changed", async () => {
    const driftOf = async (azure: ReturnType<typeof world>, wanted?: { account?: string }) => {
      const answer = await azure.stream(wanted);
      expect(azure.puts).toEqual([]);
      return answer.ok ? answer.value.drift.join() : "failed";
    };
    expect(await driftOf(world(), {})).toContain("applicationInsights.export.account");
    const elsewhere = world();
    elsewhere.seen.accountRegion = "westus";
    expect(await driftOf(elsewhere)).toContain("only an account of the workspace's region");
    const none = { account: `${account}x` };
    expect(await driftOf(world(), none)).toContain("there is no storage account");
    const full = Array.from({ length: 10 }, (_, index) =>
      rule({ name: `rule-${index}`, destination: `${account}${index}` }),
    );
    expect(await driftOf(world(full))).toContain("10 active export rules");
  });

  it("is planned without a change", async () => {
    const azure = world();

    expect(await azure.stream({ account }, { mode: "plan" })).toMatchObject({
      value: { changed: true, detail: expect.stringContaining("AppEvents") as string },
    });
    expect(azure.puts).toEqual([]);
  });
});
