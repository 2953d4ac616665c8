import { smallSeed } from "../../simulator/seeds/small.js";
import { MAIN_ID, ROLES, vaultSeed } from "./key-vaults.js";
import { APP_ID, ARM, arm, SUBSCRIPTION } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let token: string;

const VERSION = "2021-05-01-preview";
const WORKSPACE_ID = smallSeed.workspaces?.[0]?.id ?? "";
const ACCOUNT_ID = smallSeed.storageAccounts?.[0]?.id ?? "";

const setting = (name = "", resource = MAIN_ID): string =>
  arm(`${resource}/providers/Microsoft.Insights/diagnosticSettings${name && `/${name}`}`, VERSION);
const put = (name: string, properties: unknown, resource?: string): Promise<Reply> =>
  azure.call("PUT", setting(name, resource), { token, body: { properties } });
const audit = {
  workspaceId: WORKSPACE_ID,
  logs: [{ category: "AuditEvent", enabled: true }],
  metrics: [{ category: "AllMetrics", enabled: true }],
};

async function codeOf(reply: Promise<Reply>): Promise<string> {
  const { status, json } = await reply;
  return status < 400
    ? String(status)
    : `${status} ${json<{ error: { code: string } }>().error.code}`;
}

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  const roles = [[ROLES.owner, `/subscriptions/${SUBSCRIPTION}`]] as const;
  await azure.steer("POST", "/reset", { seed: vaultSeed({ roles }) });
  token = await azure.tokenFor(ARM);
});

describe("diagnostic settings", () => {
  it("are made, shown, listed and deleted, and the same again changes nothing", async () => {
    const made = await put("to-logs", audit);
    const again = await put("to-logs", audit);
    const shown = await azure.call("GET", setting("to-logs"), { token });
    const listed = await azure.call("GET", setting(), { token });
    const removed = await azure.call("DELETE", setting("to-logs"), { token });
    const effects = await azure.steer("GET", "/log?effects=true");

    expect([made, again, shown, listed, removed].map(({ status }) => status)).toEqual([
      200, 200, 200, 200, 200,
    ]);
    expect(shown.json()).toMatchObject({
      name: "to-logs",
      type: "Microsoft.Insights/diagnosticSettings",
      properties: {
        workspaceId: WORKSPACE_ID,
        storageAccountId: null,
        logs: [{ category: "AuditEvent", enabled: true }],
      },
    });
    expect(listed.json<{ value: unknown[] }>().value).toHaveLength(1);
    expect(effects.json<{ entries: { effect: { kind: string } }[] }>().entries).toMatchObject([
      { effect: { kind: "diagnostic-setting-changed" } },
      { effect: { kind: "diagnostic-setting-deleted" } },
    ]);
    expect(await codeOf(azure.call("GET", setting("to-logs"), { token }))).toBe(
      "404 ResourceNotFound",
    );
  });

  it("are checked for where logs go and which there are", async () => {
    const category = (name: string): unknown => ({
      ...audit,
      logs: [{ category: name, enabled: true }],
    });

    expect(await codeOf(put("a", { logs: audit.logs }))).toBe("400 BadRequest");
    expect(await codeOf(put("a", { ...audit, workspaceId: `${WORKSPACE_ID}-2` }))).toBe(
      "400 ResourceNotFound",
    );
    expect(await codeOf(put("a", category("Audit")))).toBe("400 BadRequest");
    expect(await codeOf(put("a", { ...audit, unknown: true }))).toBe("400 InvalidRequestContent");
    expect(await codeOf(put("a", category("X"), APP_ID))).toBe("501 NotSimulated");
    expect(await codeOf(put("a", audit, `${MAIN_ID}-2`))).toBe("404 ResourceNotFound");
  });

  it("do not send the same category to the same place twice", async () => {
    await put("first", audit);
    const group = { logs: [{ categoryGroup: "allLogs", enabled: true }] };

    expect(await codeOf(put("second", { workspaceId: WORKSPACE_ID, ...group }))).toBe(
      "409 Conflict",
    );
    expect(await codeOf(put("second", { storageAccountId: ACCOUNT_ID, ...group }))).toBe("200");
  });

  it("are still there when their resource comes back", async () => {
    await put("to-logs", audit);
    const vault = arm(MAIN_ID, "2026-02-01");
    await azure.call("DELETE", vault, { token });
    const meanwhile = await codeOf(azure.call("GET", setting("to-logs"), { token }));
    await azure.call("PUT", vault, {
      token,
      body: {
        location: "eastus",
        properties: {
          tenantId: smallSeed.subscriptions[0]?.tenantId,
          sku: { family: "A", name: "standard" },
          createMode: "recover",
        },
      },
    });

    expect(meanwhile).toBe("404 ResourceNotFound");
    expect(await codeOf(azure.call("GET", setting("to-logs"), { token }))).toBe("200");
  });
});
