import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { smallSeed } from "../../simulator/seeds/small.js";
import { ACCOUNT, APP_ID, ARM, arm, FQDN, WORKSPACE } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let token: string;

const REVISION = `${APP_ID}/revisions/mcp-server--v142`;
const OLDER = `${APP_ID}/revisions/mcp-server--v141`;
const STORAGE = "https://storage.azure.com";

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  await azure.steer("POST", "/reset", {});
  token = await azure.tokenFor(ARM);
});

const act = (path: string): Promise<Reply> => azure.call("POST", arm(path), { token });
const get = (path: string): Promise<Reply> => azure.call("GET", arm(path), { token });
const scale = (minReplicas: number): Promise<Reply> =>
  azure.call("PATCH", arm(APP_ID), {
    token,
    body: {
      location: "eastus",
      properties: { template: { revisionSuffix: "wider", scale: { minReplicas } } },
    },
  });
const health = async (): Promise<number> =>
  (await azure.call("GET", `https://${FQDN}/health`)).status;
const order = async (fault: object): Promise<string> => {
  const answer = await azure.steer("POST", "/faults", fault);
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return answer.json<{ id: string }>().id;
};
const withdraw = (id: string): Promise<Reply> => azure.steer("DELETE", `/faults/${id}`);
const stateOf = async (path: string): Promise<Record<string, unknown>> =>
  (await get(path)).json<{ properties: Record<string, unknown> }>().properties;

/** What the proxy answers to whoever wants a connection to a host. */
const connectTo = async (host: string): Promise<number> => {
  const { hostname, port } = new URL(azure.env["HTTPS_PROXY"] ?? "");
  const asked = request({ host: hostname, port, method: "CONNECT", path: `${host}:443` });
  const connected = once(asked, "connect") as Promise<[IncomingMessage, Duplex]>;
  asked.end();
  const [answer, socket] = await connected;
  socket.destroy();
  return answer.statusCode ?? 0;
};

describe("faults of operations", () => {
  it("stuck-operation keeps the app busy until the fault ends, then the change is done", async () => {
    await order({ name: "stuck-operation", resource: APP_ID, nth: 1, forSeconds: 600 });

    const accepted = await scale(3);
    await azure.advance(300);
    const polled = await azure.call("GET", accepted.headers["location"] ?? "", { token });
    const refused = await act(`${REVISION}/restart`);
    await azure.advance(301);
    const done = await azure.call("GET", accepted.headers["location"] ?? "", { token });

    expect([accepted.status, polled.status, refused.status, done.status]).toEqual([
      202, 202, 409, 200,
    ]);
    expect(refused.json()).toMatchObject({ error: { code: "ContainerAppOperationInProgress" } });
    expect((await act(`${APP_ID}/revisions/mcp-server--wider/restart`)).status).toBe(200);
  });

  it("operation-in-progress is somebody else's change", async () => {
    const id = await order({ name: "operation-in-progress", resource: APP_ID });

    const during = await act(`${REVISION}/restart`);
    const state = await stateOf(APP_ID);
    await withdraw(id);

    expect([during.status, state["provisioningState"]]).toEqual([409, "InProgress"]);
    expect((await act(`${REVISION}/restart`)).status).toBe(200);
  });

  it("operation-failed ends the accepted operation in failure, and the old revision serves on", async () => {
    await order({ name: "operation-failed", resource: APP_ID, times: 1 });

    const accepted = await scale(3);
    await azure.advance(120);
    const polled = await azure.call("GET", accepted.headers["location"] ?? "", { token });
    const app = await stateOf(APP_ID);
    const revision = await stateOf(`${APP_ID}/revisions/${String(app["latestRevisionName"])}`);

    expect(polled.json()).toMatchObject({ error: { code: "ContainerAppOperationError" } });
    expect(app).toMatchObject({
      provisioningState: "Failed",
      latestReadyRevisionName: "mcp-server--v142",
    });
    expect(revision).toMatchObject({ provisioningState: "Failed", healthState: "Unhealthy" });
    expect(await health()).toBe(200);
  });

  it("restart-has-no-effect answers 200 and replaces nothing", async () => {
    await order({ name: "app-unhealthy", resource: APP_ID });
    await order({ name: "restart-has-no-effect", resource: APP_ID, times: 1 });

    const first = await act(`${REVISION}/restart`);
    await azure.advance(60);
    const still = await health();
    await act(`${REVISION}/restart`);
    await azure.advance(60);

    expect([first.status, still, await health()]).toEqual([200, 503, 200]);
    const log = await azure.steer("GET", "/log");
    expect(log.text).toContain('"fault":"restart-has-no-effect"');
  });
});

it("revision-gone forgets the inactive revision that a call names, and no other", async () => {
  const operation = "containerAppsRevisions.activate";
  await order({ name: "revision-gone", match: { operation }, times: 2 });

  const [older, active] = [await act(`${OLDER}/activate`), await act(`${REVISION}/activate`)];

  expect([older.status, active.status]).toEqual([404, 200]);
  expect([(await get(OLDER)).status, (await get(REVISION)).status]).toEqual([404, 200]);
});

describe("faults of an app over time", () => {
  it("health-flapping goes up and down until it is taken back", async () => {
    const id = await order({ name: "health-flapping", resource: APP_ID, periodSeconds: 30 });

    const seen = [await health()];
    for (let period = 0; period < 3; period += 1) {
      await azure.advance(30);
      seen.push(await health());
    }
    await withdraw(id);
    await azure.advance(31);
    seen.push(await health());

    expect(seen).toEqual([503, 200, 503, 200, 200]);
  });

  it("app-unhealthy with forSeconds heals itself", async () => {
    await order({ name: "app-unhealthy", resource: APP_ID, forSeconds: 60 });
    const before = await health();
    await azure.advance(61);

    expect([before, await health()]).toEqual([503, 200]);
  });

  it("registry-down keeps a revision from starting until the registry is back", async () => {
    const id = await order({ name: "registry-down", resource: APP_ID });

    await act(`${OLDER}/activate`);
    await azure.advance(90);
    const waiting = await get(`${OLDER}/replicas`);
    await azure.advance(600);
    const failed = await stateOf(OLDER);
    await withdraw(id);
    await azure.advance(61);
    const started = await stateOf(OLDER);

    expect(waiting.text).toContain("ImagePullBackOff");
    expect(failed).toMatchObject({
      active: true,
      provisioningState: "Failed",
      healthState: "Unhealthy",
      provisioningError: "Deployment Progress Deadline Exceeded. 0/2 replicas ready.",
    });
    expect(started).toMatchObject({ provisioningState: "Provisioned", healthState: "Healthy" });
    expect(started["provisioningError"]).toBeUndefined();
  });

  it("registry-down leaves alone what has its image already", async () => {
    await order({ name: "registry-down", region: "East US" });
    await order({ name: "app-unhealthy", resource: APP_ID });

    await act(`${REVISION}/restart`);
    await azure.advance(60);

    expect(await health()).toBe(200);
  });
});

describe("faults of regions", () => {
  const outcome = async (call: Promise<Reply>): Promise<number | string> => {
    try {
      return (await call).status;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  };
  const query = async (): Promise<Reply> =>
    azure.call("POST", `https://api.loganalytics.io/v1/workspaces/${WORKSPACE}/query`, {
      token: await azure.tokenFor("https://api.loganalytics.io"),
      body: { query: "AppRequests | count" },
    });

  it("control-plane-down leaves the application alone", async () => {
    await order({ name: "control-plane-down", region: "eastus" });

    const refused = await get(APP_ID);

    expect([refused.status, await health()]).toEqual([503, 200]);
    expect(refused.json()).toMatchObject({ error: { code: "ServiceUnavailable" } });
  });

  it("region-down takes everything in the region, and nothing elsewhere", async () => {
    const id = await order({ name: "region-down", region: "eastus" });
    const storage = await azure.tokenFor(STORAGE);

    const during = await Promise.all([
      outcome(get(APP_ID)),
      outcome(azure.call("GET", `https://${FQDN}/health`)),
      outcome(query()),
      outcome(azure.call("GET", `${ACCOUNT}/?comp=list`, { token: storage })),
    ]);
    await withdraw(id);

    expect(during).toEqual([503, "ECONNRESET", 503, 200]);
    expect([(await get(APP_ID)).status, await health()]).toEqual([200, 200]);
  });

  it("region-down takes one plane alone where it says so", async () => {
    await order({ name: "region-down", region: "eastus", planes: ["data"] });

    expect(await outcome(get(APP_ID))).toBe(200);
    expect(await outcome(azure.call("GET", `https://${FQDN}/health`))).toBe("ECONNRESET");
  });

  it("region-down of dns lets no new connection find its host", async () => {
    const id = await order({ name: "region-down", region: "eastus", planes: ["dns"] });

    const during = [await connectTo(FQDN), await connectTo("mcpdrstate.blob.core.windows.net")];
    await withdraw(id);

    expect([...during, await connectTo(FQDN)]).toEqual([502, 200, 200]);
  });

  it("nothing can be changed in a group whose own region is down", async () => {
    const [production, ...others] = smallSeed.resourceGroups;
    const resourceGroups = [{ ...production, location: "centralus" }, ...others];
    await azure.steer("POST", "/reset", { seed: { ...smallSeed, resourceGroups } });
    await order({ name: "control-plane-down", region: "centralus" });

    const read = await get(APP_ID);
    const changed = await scale(3);

    expect([read.status, changed.status]).toEqual([200, 503]);
    expect(changed.text).toContain("centralus");
  });
});

describe("faults of access and of time", () => {
  it("role-missing refuses what the role would allow, and only that", async () => {
    const role = "Container Apps Contributor";
    const id = await order({ name: "role-missing", resource: APP_ID, role });

    // The Operator role is still there and may restart; it may not write.
    const [restarted, changed] = [await act(`${REVISION}/restart`), await scale(3)];
    await withdraw(id);
    const after = await scale(3);

    expect([restarted.status, changed.status, after.status]).toEqual([200, 403, 202]);
    expect(changed.json()).toMatchObject({ error: { code: "AuthorizationFailed" } });
  });

  it("role-missing without more refuses everything", async () => {
    await order({ name: "role-missing", forSeconds: 60 });
    const storage = await azure.tokenFor(STORAGE);

    const refused = await get(APP_ID);
    const blobs = await azure.call("GET", `${ACCOUNT}/?comp=list`, { token: storage });
    await azure.advance(61);

    expect([refused.status, blobs.status, (await get(APP_ID)).status]).toEqual([403, 403, 200]);
  });

  it("token-denied keeps back tokens for one audience", async () => {
    await order({ name: "token-denied", audience: STORAGE, times: 1 });

    expect(await azure.tokenFor(ARM)).toEqual(expect.any(String));
    expect(await azure.tokenFor(STORAGE)).toBeUndefined();
    expect(await azure.tokenFor(STORAGE)).toEqual(expect.any(String));
  });

  it("token-denied at a service refuses good tokens", async () => {
    await order({ name: "token-denied", match: { service: "arm" }, nth: 2 });

    const statuses = [await get(APP_ID), await get(APP_ID), await get(APP_ID)];

    expect(statuses.map(({ status }) => status)).toEqual([200, 401, 200]);
  });

  it("clock-of-service-off makes a service see tokens as expired, and shows in its Date", async () => {
    await order({ name: "clock-of-service-off", service: "arm", seconds: 90_000 });

    const refused = await get(APP_ID);

    expect(refused.json()).toMatchObject({ error: { code: "ExpiredAuthenticationToken" } });
    const now = (await azure.steer("GET", "/clock")).json<{ now: string }>().now;
    const ahead = Date.parse(refused.headers["date"] ?? "") - Date.parse(now);
    expect(ahead / 1000).toBeCloseTo(90_000, -2);
  });

  it("hang never answers; the client gives up, or the fault ends", async () => {
    const id = await order({ name: "hang", match: { operation: "containerApps.get" }, times: 1 });

    const stuck = get(APP_ID);
    stuck.catch(() => undefined);
    // Another connection: calls go on meanwhile.
    expect((await get(REVISION)).status).toBe(200);
    for (;;) {
      const log = await azure.steer("GET", "/log");
      if (log.text.includes('"fault":"hang"')) break;
    }
    await withdraw(id);

    await expect(stuck).rejects.toMatchObject({ code: "ECONNRESET" });
    expect((await get(APP_ID)).status).toBe(200);
  });
});

it.each([
  [{ name: "registry-down" }, "resource"],
  [{ name: "registry-down", region: "eastus", nth: 2 }, "nth"],
  [{ name: "role-missing", role: "King" }, "role"],
  [{ name: "region-down" }, "region"],
  [{ name: "region-down", region: "eastus", planes: ["astral"] }, "planes"],
  [{ name: "clock-of-service-off", service: "sundial", seconds: 5 }, "service"],
  [{ name: "clock-of-service-off", service: "arm", seconds: 0 }, "seconds"],
  [{ name: "health-flapping", resource: APP_ID }, "periodSeconds"],
  [{ name: "hang", ms: 5 }, "ms"],
])("refuses %j with the name of what is wrong", async (fault, name) => {
  const refused = await azure.steer("POST", "/faults", fault);

  expect(refused.status).toBe(400);
  expect(refused.json<{ error: string }>().error).toContain(name);
});
