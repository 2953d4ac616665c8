import { smallSeed } from "../../simulator/seeds/small.js";
import { APP_ID, ARM, arm, FQDN, SUBSCRIPTION } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let token: string;

const LATEST = `${APP_ID}/revisions/mcp-server--v142`;
const ENVIRONMENT = smallSeed.managedEnvironments![0]!.id;
const MONITORING_READER = "43d0d8ad-25c7-4714-9337-8ba259a9fe05";

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

const startWith = async (coreQuota: number): Promise<void> => {
  const [environment] = smallSeed.managedEnvironments!;
  const [first] = smallSeed.roleAssignments;
  const reader = { ...first!, roleDefinitionId: MONITORING_READER };
  const seed = {
    ...smallSeed,
    managedEnvironments: [{ ...environment!, coreQuota }],
    roleAssignments: [...smallSeed.roleAssignments, reader],
  };
  const answer = await azure.steer("POST", "/reset", { seed });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  token = await azure.tokenFor(ARM);
};
const get = (path: string): Promise<Reply> => azure.call("GET", arm(path), { token });
const propertiesOf = async (path: string): Promise<Record<string, unknown>> =>
  (await get(path)).json<{ properties: Record<string, unknown> }>().properties;
const patch = (template: object, configuration?: object): Promise<Reply> =>
  azure.call("PATCH", arm(APP_ID), {
    token,
    body: { location: "eastus", properties: { template, ...(configuration && { configuration }) } },
  });
const usage = async (): Promise<unknown> => (await get(`${ENVIRONMENT}/usages`)).json();
const health = async (): Promise<number> =>
  (await azure.call("GET", `https://${FQDN}/health`)).status;
const names = async (): Promise<string[]> =>
  (await get(`${APP_ID}/revisions`))
    .json<{ value: { name: string }[] }>()
    .value.map(({ name }) => name);

describe("the quota of cores", () => {
  it("is used by replicas and shown", async () => {
    await startWith(100);

    expect(await usage()).toEqual({
      value: [
        {
          unit: "Count",
          currentValue: 1,
          limit: 100,
          name: {
            value: "ManagedEnvironmentConsumptionCores",
            localizedValue: "Managed Environment Consumption Cores",
          },
        },
      ],
    });
    expect(
      (
        await azure.call(
          "GET",
          arm(`/subscriptions/${SUBSCRIPTION}/providers/Microsoft.App/locations/eastus/usages`),
          { token },
        )
      ).status,
    ).toBe(403);
  });

  it("keeps a revision waiting that asks for more, until it is called failed", async () => {
    await startWith(2);

    const accepted = await patch({ revisionSuffix: "wide", scale: { minReplicas: 4 } });
    await azure.advance(120);
    const waiting = await propertiesOf(`${APP_ID}/revisions/mcp-server--wide`);
    const used = await usage();
    await azure.advance(600);
    const failed = await propertiesOf(`${APP_ID}/revisions/mcp-server--wide`);

    expect(accepted.status).toBe(202);
    expect(waiting).toMatchObject({ replicas: 2, provisioningState: "Provisioning" });
    expect(used).toMatchObject({ value: [{ currentValue: 2, limit: 2 }] });
    expect(failed).toMatchObject({
      provisioningState: "Failed",
      runningState: "Degraded",
      trafficWeight: 0,
      provisioningError: "Deployment Progress Deadline Exceeded. 2/4 replicas ready.",
    });
    expect([(await propertiesOf(LATEST))["trafficWeight"], await health()]).toEqual([100, 200]);
  });

  it("lets the waiting go on when somebody else leaves", async () => {
    await startWith(2);
    await patch(
      { revisionSuffix: "wide", scale: { minReplicas: 4 } },
      {
        activeRevisionsMode: "Multiple",
        ingress: { traffic: [{ revisionName: "mcp-server--v142", weight: 100 }] },
      },
    );
    await azure.advance(120);

    await azure.call("POST", arm(`${LATEST}/deactivate`), { token });
    await azure.advance(90);

    expect(await propertiesOf(`${APP_ID}/revisions/mcp-server--wide`)).toMatchObject({
      replicas: 4,
      provisioningState: "Provisioned",
      healthState: "Healthy",
    });
  });

  it.each([
    [0.5, "2Gi"],
    [0.3, "0.6Gi"],
    [4.25, "8.5Gi"],
  ])("a replica of %d cores and %s is a size that there is not", async (cpu, memory) => {
    await startWith(100);
    const container = { name: "mcp-server", image: "a:1", resources: { cpu, memory } };

    const refused = await patch({ containers: [container], revisionSuffix: "odd" });

    expect([refused.status, refused.json()]).toMatchObject([
      400,
      { error: { code: "ContainerAppInvalidResourceTotal" } },
    ]);
  });
});

describe("a container that crashes", () => {
  const restarts = async (): Promise<number> => {
    const answer = await azure.call(
      "GET",
      `${ARM}${APP_ID}/providers/microsoft.insights/metrics?api-version=2024-02-01&metricnames=RestartCount&timespan=PT5M&aggregation=Maximum`,
      { token },
    );
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    const { value } = answer.json<{
      value: { timeseries: { data: { maximum?: number }[] }[] }[];
    }>();
    const data = value[0]?.timeseries[0]?.data ?? [];
    return Math.max(...data.map(({ maximum }) => maximum ?? 0));
  };

  it("is started again, later each time, and nobody answers meanwhile", async () => {
    await startWith(100);
    await azure.advance(300);
    const before = await restarts();

    const fault = await azure.steer("POST", "/faults", { name: "crash-loop", resource: APP_ID });
    await azure.advance(200);
    const during = await health();
    const replicas = (await get(`${LATEST}/replicas`)).text;
    const counted = await restarts();
    await azure.steer("DELETE", `/faults/${fault.json<{ id: string }>().id}`);
    await azure.advance(200);

    expect([before, during]).toEqual([0, 503]);
    // After 10, 30, 70 and 150 s.
    expect(replicas).toContain('"restartCount":4');
    expect(replicas).toContain("CrashLoopBackOff");
    expect(counted).toBeGreaterThanOrEqual(3);
    expect([await health(), (await get(LATEST)).text]).toEqual([
      200,
      expect.stringContaining('"healthState":"Healthy"') as string,
    ]);
  });

  it("crashes again in replicas of a restart, and not in another revision", async () => {
    await startWith(100);
    await azure.steer("POST", "/faults", { name: "crash-loop", resource: APP_ID });

    await azure.call("POST", arm(`${LATEST}/restart`), { token });
    await azure.advance(120);
    const restarted = [await health(), await propertiesOf(LATEST)];
    await azure.call("POST", arm(`${APP_ID}/revisions/mcp-server--v141/activate`), { token });
    await azure.advance(120);

    expect(restarted).toMatchObject([503, { healthState: "Unhealthy", runningState: "Degraded" }]);
    expect(await health()).toBe(200);
  });
});

it("a revision is got at once and listed a little later", async () => {
  await startWith(100);
  await patch({ revisionSuffix: "v150" });

  const got = await get(`${APP_ID}/revisions/mcp-server--v150`);
  const early = await names();
  await azure.advance(6);

  expect([got.status, early.length]).toEqual([200, 3]);
  expect(await names()).toContain("mcp-server--v150");
});

it("a custom domain is not simulated, and says so", async () => {
  await startWith(100);

  const refused = await patch(
    { revisionSuffix: "v150" },
    { ingress: { customDomains: [{ name: "mcp.example.com" }] } },
  );

  expect([refused.status, refused.json()]).toMatchObject([
    501,
    { error: { code: "NotSimulated" } },
  ]);
});

it.each([
  ["no template", { location: "eastus", properties: {} }, "ContainerAppInvalidTemplate"],
  ["no location", { properties: { template: {} } }, "InvalidRequestContent"],
  [
    "a container without a name",
    { location: "eastus", properties: { template: { containers: [{ image: "a:1" }] } } },
    "InvalidRequestContent",
  ],
  [
    "a container without an image",
    { location: "eastus", properties: { template: { containers: [{ name: "a" }] } } },
    "InvalidRequestContent",
  ],
  [
    "a workload profile that the environment does not have",
    {
      location: "eastus",
      properties: {
        workloadProfileName: "dedicated",
        template: { containers: [{ name: "a", image: "a:1" }] },
      },
    },
    "WorkloadProfileNotFound",
  ],
])(
  "an app with %s is refused",
  async (_what, body: { location?: string; properties: object }, code) => {
    await startWith(100);
    const properties = { environmentId: ENVIRONMENT, ...body.properties };

    const refused = await azure.call("PUT", arm(`${APP_ID}-2`), {
      token,
      body: { ...body, properties },
    });

    expect([refused.status, refused.json()]).toMatchObject([400, { error: { code } }]);
  },
);
