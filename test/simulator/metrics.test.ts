import { smallSeed } from "../../simulator/seeds/small.js";
import { APP_ID, ARM } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

interface Metrics {
  readonly value: {
    readonly timeseries: {
      readonly metadatavalues: { readonly value: string }[];
      readonly data: { readonly total?: number; readonly maximum?: number }[];
    }[];
  }[];
}

let azure: SimulatorProcess;
let token: string;

const MONITORING_READER = "43d0d8ad-25c7-4714-9337-8ba259a9fe05";

beforeAll(async () => {
  azure = await startSimulatorProcess();
  const [first] = smallSeed.roleAssignments;
  const reader = { ...first!, roleDefinitionId: MONITORING_READER };
  const roleAssignments = [...smallSeed.roleAssignments, reader];
  await azure.steer("POST", "/reset", { seed: { ...smallSeed, roleAssignments } });
  token = await azure.tokenFor(ARM);
});

afterAll(async () => {
  await azure.stop();
});

const ask = (query: string): Promise<Reply> =>
  azure.call(
    "GET",
    `${ARM}${APP_ID}/providers/microsoft.insights/metrics?api-version=2024-02-01&${query}`,
    { token },
  );
const seriesOf = async (query: string): Promise<Metrics["value"][number]["timeseries"]> => {
  const answer = await ask(query);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json<Metrics>().value[0]?.timeseries ?? [];
};

it("requests are counted by minute and told apart by their outcome", async () => {
  await azure.steer("POST", "/faults", {
    name: "restart-does-not-help",
    resource: APP_ID,
    forSeconds: 300,
  });
  await azure.advance(600);

  const [all] = await seriesOf("metricnames=Requests&timespan=PT5M&aggregation=Total");
  const split = await seriesOf(
    "metricnames=Requests&timespan=PT15M&interval=PT15M&$filter=statusCodeCategory eq '*'",
  );
  const [failed] = await seriesOf(
    "metricnames=Requests&timespan=PT15M&interval=PT1H&$filter=statusCodeCategory eq '5xx'",
  );

  expect(all?.data.some(({ total }) => total === 6)).toBe(true);
  expect(split.map(({ metadatavalues }) => metadatavalues[0]?.value).sort()).toEqual([
    "2xx",
    "5xx",
  ]);
  expect(failed?.data.reduce((sum, { total = 0 }) => sum + total, 0)).toBe(30);
});

it("replicas are those that are ready", async () => {
  const [series] = await seriesOf("metricnames=Replicas&timespan=PT5M&aggregation=Maximum");

  expect(series?.data.map(({ maximum }) => maximum)).toContain(2);
});

it.each([
  ["metricnames=Sunshine", 400, "Sunshine"],
  ["metricnames=Requests&aggregation=Median", 400, "aggregation"],
  ["metricnames=Requests&interval=PT7M", 400, "interval"],
  ["metricnames=Requests&$filter=replicaName eq 'x'", 400, "replicaName"],
  ["metricnames=Requests&top=5", 501, "top"],
  ["timespan=PT1H", 400, "metricnames"],
])("%s is refused with %i", async (query, status, name) => {
  const refused = await ask(query);

  expect(refused.status).toBe(status);
  expect(refused.text).toContain(name);
});
