import { TrafficManagerManagementClient } from "@azure/arm-trafficmanager";
import { ARM, APP_ID, arm, FQDN, SUBSCRIPTION } from "./names.js";
import { credentialOf, sdkOptions } from "./sdk-options.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";
import {
  EDGE_GROUP,
  PROFILE,
  PROFILE_ID,
  STANDBY_APP_ID,
  STANDBY_FQDN,
  twoRegions,
} from "./two-regions.js";

let azure: SimulatorProcess;
let client: TrafficManagerManagementClient;
let token: string;

const VERSION = "2022-04-01";

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

const startWith = async (...change: Parameters<typeof twoRegions>): Promise<void> => {
  const answer = await azure.steer("POST", "/reset", { seed: twoRegions(...change) });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  token = await azure.tokenFor(ARM);
};

beforeEach(async () => {
  await startWith();
  const credential = credentialOf(() => token);
  client = new TrafficManagerManagementClient(credential, SUBSCRIPTION, sdkOptions(azure));
});

const order = async (fault: object): Promise<string> => {
  const answer = await azure.steer("POST", "/faults", fault);
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return answer.json<{ id: string }>().id;
};
const withdraw = (id: string): Promise<Reply> => azure.steer("DELETE", `/faults/${id}`);
/** The profile's status and those of its endpoints. */
const statuses = async (): Promise<string> => {
  const { monitorConfig, endpoints = [] } = await client.profiles.get(EDGE_GROUP, PROFILE);
  const each = endpoints.map(({ endpointMonitorStatus }) => endpointMonitorStatus);
  return [monitorConfig?.profileMonitorStatus, ...each].join(" ");
};
const turn = (name: string, endpointStatus: "Enabled" | "Disabled") =>
  client.endpoints.update(EDGE_GROUP, PROFILE, "ExternalEndpoints", name, { endpointStatus });

describe("a profile", () => {
  it("is shown with what the service knows about it", async () => {
    const profile = await client.profiles.get(EDGE_GROUP, PROFILE);
    const listed: string[] = [];
    for await (const { name } of client.profiles.listByResourceGroup(EDGE_GROUP)) {
      listed.push(name ?? "");
    }

    expect(profile).toMatchObject({
      id: PROFILE_ID,
      location: "global",
      profileStatus: "Enabled",
      trafficRoutingMethod: "Priority",
      dnsConfig: { relativeName: "mcp-server", fqdn: "mcp-server.trafficmanager.net", ttl: 30 },
      monitorConfig: { profileMonitorStatus: "Online", timeoutInSeconds: 5 },
      endpoints: [
        {
          id: `${PROFILE_ID}/externalEndpoints/primary`,
          type: "Microsoft.Network/trafficManagerProfiles/externalEndpoints",
          target: FQDN,
          priority: 1,
          weight: 1,
          endpointStatus: "Enabled",
          endpointMonitorStatus: "Online",
        },
        { name: "secondary", target: STANDBY_FQDN, priority: 2, endpointMonitorStatus: "Online" },
      ],
    });
    expect(listed).toEqual([PROFILE]);
  });

  it("is made, changed member by member, and deleted", async () => {
    const body = {
      location: "global",
      trafficRoutingMethod: "Weighted",
      dnsConfig: { relativeName: "mcp-other", ttl: 60 },
      monitorConfig: { protocol: "HTTPS", port: 443, path: "/" },
      endpoints: [
        {
          name: "only",
          type: "Microsoft.Network/trafficManagerProfiles/externalEndpoints",
          target: FQDN,
        },
      ],
    };

    const made = await client.profiles.createOrUpdate(EDGE_GROUP, "other", body);
    const early = made.endpoints?.[0]?.endpointMonitorStatus;
    await azure.advance(11);
    const patched = await client.profiles.update(EDGE_GROUP, "other", { dnsConfig: { ttl: 20 } });
    const gone = await azure.call("DELETE", arm(PROFILE_ID.replace(PROFILE, "other"), VERSION), {
      token,
    });

    expect(made.monitorConfig).toMatchObject({
      intervalInSeconds: 30,
      timeoutInSeconds: 10,
      toleratedNumberOfFailures: 3,
      profileMonitorStatus: "CheckingEndpoints",
    });
    expect(early).toBe("CheckingEndpoint");
    expect(patched).toMatchObject({
      trafficRoutingMethod: "Weighted",
      dnsConfig: { relativeName: "mcp-other", ttl: 20 },
      endpoints: [{ name: "only", endpointMonitorStatus: "Online" }],
    });
    expect(gone.status).toBe(200);
    await expect(client.profiles.get(EDGE_GROUP, "other")).rejects.toMatchObject({
      statusCode: 404,
      code: "ResourceNotFound",
    });
  });

  const change = (properties: object): Promise<Reply> =>
    azure.call("PATCH", arm(PROFILE_ID, VERSION), { token, body: { properties } });

  it.each([
    ["a path without a slash", { monitorConfig: { path: "health" } }, 400, "monitoring path"],
    ["an interval of its own", { monitorConfig: { intervalInSeconds: 20 } }, 400, "interval"],
    ["too long a time limit", { monitorConfig: { timeoutInSeconds: 10 } }, 400, "probe timeout"],
    ["a path for TCP", { monitorConfig: { protocol: "TCP" } }, 400, "path must not be set"],
    ["an unknown protocol", { monitorConfig: { protocol: "FTP" } }, 400, "protocol"],
    ["an unknown member", { monitorConfig: { colour: "red" } }, 400, "colour"],
    ["an unknown method", { trafficRoutingMethod: "Random" }, 400, "trafficRoutingMethod"],
    ["a method that is not simulated", { trafficRoutingMethod: "Subnet" }, 501, "Subnet"],
    [
      "an endpoint without a type",
      { endpoints: [{ name: "a", properties: { target: "a.example" } }] },
      400,
      "The type '<null>' specified for endpoint 'a' is invalid.",
    ],
    [
      "two endpoints of one priority",
      {
        endpoints: ["a", "b"].map((name) => ({
          name,
          type: "Microsoft.Network/trafficManagerProfiles/externalEndpoints",
          properties: { target: `${name}.example`, priority: 1 },
        })),
      },
      400,
      "share the same priority",
    ],
    [
      "the same target twice",
      {
        endpoints: ["a", "b"].map((name) => ({
          name,
          type: "Microsoft.Network/trafficManagerProfiles/externalEndpoints",
          properties: { target: FQDN },
        })),
      },
      400,
      "duplicates",
    ],
    [
      "a container app as an Azure endpoint",
      {
        endpoints: [
          {
            name: "a",
            type: "Microsoft.Network/trafficManagerProfiles/azureEndpoints",
            properties: { targetResourceId: APP_ID },
          },
        ],
      },
      400,
      "Use an external endpoint",
    ],
  ])("with %s is refused", async (_what, properties, status, words) => {
    const refused = await change(properties);

    expect([refused.status, refused.text]).toEqual([
      status,
      expect.stringContaining(words) as string,
    ]);
    expect(await statuses()).toBe("Online Online Online");
  });

  it("cannot have a name that another one has, nor be nested in itself", async () => {
    const twin = await azure.call("PUT", arm(PROFILE_ID.replace(PROFILE, "twin"), VERSION), {
      token,
      body: {
        location: "global",
        properties: {
          trafficRoutingMethod: "Priority",
          dnsConfig: { relativeName: "MCP-Server" },
          monitorConfig: { protocol: "HTTPS", port: 443, path: "/" },
        },
      },
    });
    const loop = await change({
      endpoints: [
        {
          name: "self",
          type: "Microsoft.Network/trafficManagerProfiles/nestedEndpoints",
          properties: { targetResourceId: PROFILE_ID },
        },
      ],
    });

    expect([twin.status, twin.json()]).toMatchObject([409, { error: { code: "Conflict" } }]);
    expect([loop.status, loop.text]).toEqual([400, expect.stringContaining("loop") as string]);
  });

  it("cannot be changed while the region of its group is down, and can where only a target is", async () => {
    await order({ name: "region-down", region: "centralus" });
    await order({ name: "region-down", region: "eastus" });

    await expect(turn("primary", "Disabled")).rejects.toMatchObject({ statusCode: 503 });
    await azure.steer("DELETE", "/faults");
    await order({ name: "region-down", region: "eastus" });
    expect(await turn("primary", "Disabled")).toMatchObject({ endpointMonitorStatus: "Disabled" });
  });
});

describe("an endpoint", () => {
  it("is found under its own type alone", async () => {
    const own = await client.endpoints.get(EDGE_GROUP, PROFILE, "ExternalEndpoints", "primary");

    expect(own).toMatchObject({ name: "primary", target: FQDN });
    await expect(
      client.endpoints.get(EDGE_GROUP, PROFILE, "AzureEndpoints", "primary"),
    ).rejects.toMatchObject({ statusCode: 404 });
  });

  it("is degraded after one failure more than is tolerated, and online with the first success", async () => {
    const seen: string[] = [];
    const look = async (seconds: number): Promise<void> => {
      await azure.advance(seconds);
      seen.push(`${seconds}: ${await statuses()}`);
    };
    const fault = await order({ name: "restart-does-not-help", resource: APP_ID });

    // Three probes at intervals of 10 s: after 20 to 30 s.
    await look(19);
    await look(12);
    await withdraw(fault);
    await look(11);

    expect(seen).toEqual([
      "19: Online Online Online",
      "12: Degraded Degraded Online",
      "11: Online Online Online",
    ]);
  });

  it("whose region is gone is degraded after the time limit, too", async () => {
    await order({ name: "region-down", region: "eastus", planes: ["data"] });
    await azure.advance(19);
    const early = await statuses();
    await azure.advance(17);

    expect([early, await statuses()]).toEqual(["Online Online Online", "Degraded Degraded Online"]);
  });

  it("whose failures do not last stays as it is", async () => {
    for (let blips = 0; blips < 6; blips += 1) {
      const fault = await order({ name: "region-down", region: "eastus", planes: ["data"] });
      await azure.advance(12);
      await withdraw(fault);
      await azure.advance(12);
    }

    expect(await statuses()).toBe("Online Online Online");
  });

  it("is not probed while it is disabled, and checked when it is enabled again", async () => {
    await order({ name: "restart-does-not-help", resource: APP_ID });
    await turn("primary", "Disabled");
    await azure.advance(60);
    const off = await statuses();
    await turn("primary", "Enabled");
    const early = await statuses();
    await azure.advance(45);

    expect([off, early, await statuses()]).toEqual([
      "Online Disabled Online",
      "Online CheckingEndpoint Online",
      "Degraded Degraded Online",
    ]);
  });

  it("of a profile that is disabled is inactive, and one that is always served is not monitored", async () => {
    await client.endpoints.update(EDGE_GROUP, PROFILE, "ExternalEndpoints", "secondary", {
      alwaysServe: "Enabled",
    });
    const served = await statuses();
    await client.profiles.update(EDGE_GROUP, PROFILE, { profileStatus: "Disabled" });

    expect([served, await statuses()]).toEqual([
      "Online Online Unmonitored",
      "Disabled Inactive Inactive",
    ]);
  });

  it("is probed with the headers and for the codes that are configured", async () => {
    await client.profiles.update(EDGE_GROUP, PROFILE, {
      monitorConfig: {
        protocol: "HTTPS",
        port: 443,
        path: "/nothing",
        intervalInSeconds: 10,
        timeoutInSeconds: 5,
        toleratedNumberOfFailures: 0,
        expectedStatusCodeRanges: [{ min: 404, max: 404 }],
      },
    });
    await azure.advance(11);
    const expected = await statuses();
    await client.endpoints.update(EDGE_GROUP, PROFILE, "ExternalEndpoints", "primary", {
      customHeaders: [{ name: "Host", value: STANDBY_FQDN }],
    });
    await client.profiles.update(EDGE_GROUP, PROFILE, {
      monitorConfig: { path: "/health", expectedStatusCodeRanges: [] },
    });
    await azure.advance(11);

    // The standby's name means nothing to the ingress in the other region.
    expect([expected, await statuses()]).toEqual([
      "Online Online Online",
      "Degraded Degraded Online",
    ]);
  });

  it("over plain HTTP is a redirect, which is no success", async () => {
    await client.profiles.update(EDGE_GROUP, PROFILE, {
      monitorConfig: { protocol: "HTTP", port: 80, toleratedNumberOfFailures: 0 },
    });
    await azure.advance(11);

    expect(await statuses()).toBe("Degraded Degraded Degraded");
  });

  it("is added and taken away", async () => {
    const added = await client.endpoints.createOrUpdate(
      EDGE_GROUP,
      PROFILE,
      "ExternalEndpoints",
      "third",
      { target: "elsewhere.example.com" },
    );
    await azure.advance(45);
    const unreachable = await statuses();
    await client.endpoints.delete(EDGE_GROUP, PROFILE, "ExternalEndpoints", "third");

    expect(added).toMatchObject({ priority: 3, endpointMonitorStatus: "CheckingEndpoint" });
    expect([unreachable, await statuses()]).toEqual([
      "Degraded Online Online Degraded",
      "Online Online Online",
    ]);
  });

  it("that nests a profile is as well as enough of that one's endpoints", async () => {
    const parent = await client.profiles.createOrUpdate(EDGE_GROUP, "parent", {
      location: "global",
      trafficRoutingMethod: "Priority",
      dnsConfig: { relativeName: "mcp-parent" },
      monitorConfig: { protocol: "HTTPS", port: 443, path: "/" },
      endpoints: [
        {
          name: "nested",
          type: "Microsoft.Network/trafficManagerProfiles/nestedEndpoints",
          targetResourceId: PROFILE_ID,
          minChildEndpoints: 2,
        },
      ],
    });
    const nested = async (): Promise<string | undefined> =>
      (await client.endpoints.get(EDGE_GROUP, "parent", "NestedEndpoints", "nested"))
        .endpointMonitorStatus;
    const before = parent.endpoints?.[0]?.endpointMonitorStatus;
    const fault = await order({ name: "region-down", region: "westus", planes: ["data"] });
    await azure.advance(40);
    const during = await nested();
    await withdraw(fault);
    await client.profiles.update(EDGE_GROUP, PROFILE, { profileStatus: "Disabled" });

    expect([before, during, await nested()]).toEqual(["Online", "Degraded", "Stopped"]);
    expect((await azure.call("DELETE", arm(PROFILE_ID, VERSION), { token })).status).toBe(409);
  });

  it("that is told what it says already changes nothing", async () => {
    await turn("primary", "Enabled");

    expect((await azure.steer("GET", "/log?effects=true")).json()).toMatchObject({ entries: [] });
  });

  it("leaves in the log what is switched on from then on, also where the profile is written whole", async () => {
    await turn("secondary", "Disabled");
    await client.profiles.update(EDGE_GROUP, PROFILE, { tags: { drill: "yes" } });

    expect((await azure.steer("GET", "/log?effects=true")).json()).toMatchObject({
      entries: [
        { effect: { kind: "traffic-endpoint-updated", detail: "Disabled" } },
        {
          effect: {
            kind: "traffic-profile-updated",
            resource: PROFILE_ID,
            detail: "primary Enabled, secondary Disabled",
          },
        },
      ],
    });
  });
});

describe("the users", () => {
  const total = async (id: string, query: string): Promise<number> => {
    const answer = await azure.call(
      "GET",
      `${ARM}${id}/providers/microsoft.insights/metrics?api-version=2024-02-01&interval=PT1M&timespan=PT2M&${query}`,
      { token },
    );
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    const { value } = answer.json<{
      value: { timeseries: { data: { total?: number; maximum?: number }[] }[] }[];
    }>();
    return (value[0]?.timeseries[0]?.data ?? []).reduce(
      (sum, point) => sum + (point.total ?? point.maximum ?? 0),
      0,
    );
  };
  const queries = (endpoint: string): Promise<number> =>
    total(
      PROFILE_ID,
      `metricnames=QpsByEndpoint&aggregation=Total&$filter=EndpointName eq '${endpoint}'`,
    );
  const online = (endpoint: string): Promise<number> =>
    total(
      PROFILE_ID,
      `metricnames=ProbeAgentCurrentEndpointStateByProfileResourceId&aggregation=Maximum&$filter=EndpointName eq '${endpoint}'`,
    );
  const requests = (): Promise<number> => total(APP_ID, "metricnames=Requests&aggregation=Total");

  it("go where the name servers send them, once what they hold has expired", async () => {
    await azure.advance(180);
    const before = [await queries("primary"), await queries("secondary"), await requests()];
    await turn("primary", "Disabled");
    await azure.advance(45);
    const turned = (await azure.steer("GET", "/state")).json();
    await azure.advance(300);

    expect(before[0]).toBeGreaterThan(0);
    expect(before[1]).toBe(0);
    expect(before[2]).toBeGreaterThan(0);
    expect(turned).toMatchObject({
      trafficManagerProfiles: [{ status: "Online", answer: STANDBY_FQDN }],
    });
    expect([await queries("primary"), await requests()]).toEqual([0, 0]);
    expect(await queries("secondary")).toBeGreaterThan(0);
  });

  it("are not sent to what is degraded, and the metrics of probes tell", async () => {
    await order({ name: "restart-does-not-help", resource: APP_ID });
    await azure.advance(300);

    expect([await online("primary"), await queries("primary"), await requests()]).toEqual([
      0, 0, 0,
    ]);
    expect(await online("secondary")).toBeGreaterThan(0);
  });
});

it("whoever has no role may not see a profile", async () => {
  const refused = await azure.call("GET", arm(PROFILE_ID.replace(EDGE_GROUP, "mcp-dr"), VERSION), {
    token,
  });
  const standby = await azure.call("GET", arm(STANDBY_APP_ID), { token });

  expect([refused.status, standby.status]).toEqual([403, 200]);
});
