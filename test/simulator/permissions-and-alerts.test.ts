import { smallSeed } from "../../simulator/seeds/small.js";
import { ROLES, vaultSeed } from "./key-vaults.js";
import { APP_ID, ARM, arm, SUBSCRIPTION } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let token: string;

const subscription = `/subscriptions/${SUBSCRIPTION}`;
const recovery = smallSeed.resourceGroups[1]?.id ?? "";
const provider = `${recovery}/providers/Microsoft.Insights`;
const actionGroup = `${provider}/actionGroups/mcp-dr`;
const rule = `${provider}/metricAlerts/mcp-health`;

const call = (method: string, id: string, version: string, body?: unknown): Promise<Reply> =>
  azure.call(method, arm(id, version), { token, ...(body === undefined ? {} : { body }) });
async function codeOf(reply: Promise<Reply>): Promise<string> {
  const { status, json } = await reply;
  return status < 400
    ? String(status)
    : `${status} ${json<{ error: { code: string } }>().error.code}`;
}
async function seededWith(...roles: (readonly [string, string])[]): Promise<void> {
  await azure.steer("POST", "/reset", { seed: vaultSeed({ roles }) });
  token = await azure.tokenFor(ARM);
}

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

describe("permissions", () => {
  const permissions = (scope: string, version = "2022-04-01") =>
    call("GET", `${scope}/providers/Microsoft.Authorization/permissions`, version);
  const contributor = "358470bc-b998-42bd-ab17-a7e34c199c0f";
  const group = smallSeed.resourceGroups[0]?.id ?? "";

  it("are those of the caller's roles at a scope or above it", async () => {
    await seededWith([contributor, group]);

    const { value } = (await permissions(APP_ID)).json<{ value: { actions: string[] }[] }>();

    expect(value).toHaveLength(1);
    expect(value[0]).toMatchObject({ notActions: [], dataActions: [], notDataActions: [] });
    expect(value[0]?.actions).toContain("Microsoft.App/containerApps/write");
    expect((await permissions(group)).json<{ value: unknown[] }>().value).toHaveLength(1);
  });

  it("are not shown to whoever has no role there, and end with a role that goes missing", async () => {
    await seededWith([contributor, group]);

    expect(await codeOf(permissions(subscription))).toBe("403 AuthorizationFailed");
    const fault = { name: "role-missing", resource: APP_ID, role: "Container Apps Contributor" };
    await azure.steer("POST", "/faults", fault);
    expect(await codeOf(permissions(APP_ID))).toBe("403 AuthorizationFailed");
    expect(await codeOf(permissions(group))).toBe("200");
    await azure.steer("DELETE", "/faults");
  });

  it("ask for a version that there is", async () => {
    await seededWith([contributor, group]);

    expect(await codeOf(permissions(APP_ID, "2020-01-01"))).toBe("400 NoRegisteredProviderFound");
  });
});

describe("alert rules and action groups", () => {
  const metricAlert = (properties: object = {}) => ({
    location: "global",
    properties: {
      ...{ severity: 1, enabled: true, scopes: [APP_ID] },
      ...{ evaluationFrequency: "PT1M", windowSize: "PT5M" },
      criteria: { "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria" },
      actions: [{ actionGroupId: actionGroup }],
      ...properties,
    },
  });
  const group = (properties: object = {}) => ({
    location: "Global",
    properties: {
      ...{ groupShortName: "mcp-dr", enabled: true },
      webhookReceivers: [
        { name: "dr", serviceUri: "https://dr.example.com/api/alerts", useCommonAlertSchema: true },
      ],
      ...properties,
    },
  });
  const rules = "2018-03-01";
  const groups = "2023-01-01";

  beforeEach(() => seededWith([ROLES.owner, subscription]));

  it("are put, shown, listed, switched and deleted", async () => {
    expect(await codeOf(call("PUT", rule, rules, metricAlert()))).toBe("201");
    expect(await codeOf(call("PUT", rule, rules, metricAlert()))).toBe("200");
    expect(await codeOf(call("PATCH", rule, rules, { properties: { enabled: false } }))).toBe(
      "200",
    );
    expect((await call("GET", rule, rules)).json()).toMatchObject({
      ...{ id: rule, type: "Microsoft.Insights/metricAlerts", name: "mcp-health" },
      properties: { enabled: false, scopes: [APP_ID] },
    });
    const listed = await call("GET", `${provider}/metricAlerts`, rules);
    expect(listed.json<{ value: unknown[] }>().value).toHaveLength(1);
    expect(await codeOf(call("DELETE", rule, rules))).toBe("200");
    expect(await codeOf(call("DELETE", rule, rules))).toBe("204");
    expect(await codeOf(call("GET", rule, rules))).toBe("404 ResourceNotFound");
  });

  it("are checked as their types are", async () => {
    const wrong = "400 InvalidRequestContent";

    expect(await codeOf(call("PUT", rule, groups, metricAlert()))).toBe(
      "400 NoRegisteredProviderFound",
    );
    expect(await codeOf(call("PUT", rule, rules, { ...metricAlert(), location: "eastus" }))).toBe(
      wrong,
    );
    expect(await codeOf(call("PUT", rule, rules, metricAlert({ scopes: [] })))).toBe(wrong);
    expect(await codeOf(call("PUT", rule, rules, metricAlert({ notify: true })))).toBe(wrong);
    expect(
      await codeOf(
        call("PUT", actionGroup, groups, group({ groupShortName: "longer than twelve" })),
      ),
    ).toBe(wrong);
    expect(await codeOf(call("PUT", actionGroup, groups, group()))).toBe("201");
    expect(
      await codeOf(call("PATCH", actionGroup, groups, { properties: { webhookReceivers: [] } })),
    ).toBe(wrong);
    expect(await codeOf(call("PATCH", rule, rules, { properties: { enabled: true } }))).toBe(
      "404 ResourceNotFound",
    );
  });

  it("cannot be changed while their group's region is down, and are shown all the same", async () => {
    await call("PUT", rule, rules, metricAlert());
    await azure.steer("POST", "/faults", { name: "control-plane-down", region: "westus" });

    expect(await codeOf(call("GET", rule, rules))).toBe("200");
    expect((await call("PATCH", rule, rules, { properties: { enabled: false } })).status).toBe(503);
    await azure.steer("DELETE", "/faults");
  });

  it("are for whoever has a role for them", async () => {
    await seededWith(["a4b10055-b0c7-44c2-b00f-c7b5b3550cf7", subscription]);

    expect(await codeOf(call("GET", rule, rules))).toBe("403 AuthorizationFailed");
  });

  it("lie in a group that a test may have made in another region", async () => {
    const place = (id: string) =>
      azure.steer("POST", "/resource-groups", { id, location: "eastus" });

    expect((await place(recovery)).status).toBe(204);
    expect((await call("GET", recovery, "2022-09-01")).json()).toMatchObject({
      location: "eastus",
    });
    expect((await place(`${subscription}/resourceGroups/none`)).status).toBe(404);
  });
});
