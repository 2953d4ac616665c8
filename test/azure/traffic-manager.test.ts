import type { AzurePorts } from "../support/azure-ports.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";
import { FQDN } from "../simulator/names.js";
import { PROFILE_ID, PUBLIC_NAME, STANDBY_FQDN, twoRegions } from "../simulator/two-regions.js";

let azure: SimulatedAzure;
let ports: AzurePorts;

beforeAll(async () => {
  azure = await simulatedAzure(twoRegions());
  ports = await azure.ports();
});

afterAll(() => azure.stop());

beforeEach(() => azure.control.reset(twoRegions()));

describe("Traffic Manager", () => {
  it("shows a profile with its name, its probes and its endpoints", async () => {
    expect(await ports.trafficManagers.profile(PROFILE_ID)).toEqual({
      id: PROFILE_ID,
      name: "mcp-traffic-manager",
      enabled: true,
      fqdn: PUBLIC_NAME,
      ttl: 30_000,
      routing: "Priority",
      monitor: {
        protocol: "HTTPS",
        port: 443,
        path: "/health",
        interval: 10_000,
        timeout: 5_000,
        toleratedFailures: 2,
      },
      endpoints: [
        {
          name: "primary",
          type: "external",
          target: FQDN,
          enabled: true,
          monitorStatus: "Online",
          priority: 1,
        },
        {
          name: "secondary",
          type: "external",
          target: STANDBY_FQDN,
          enabled: true,
          monitorStatus: "Online",
          priority: 2,
        },
      ],
    });
    expect(await ports.trafficManagers.profile(`${PROFILE_ID}-x`)).toBeUndefined();
  });

  it("switches an endpoint off and on by its status alone, and only under its own type", async () => {
    const set = ports.trafficManagers.setEndpoint;
    const before = await ports.trafficManagers.profile(PROFILE_ID);
    await set(PROFILE_ID, "external", "secondary", "Disabled");
    const off = await ports.trafficManagers.profile(PROFILE_ID);
    await set(PROFILE_ID, "external", "secondary", "Enabled");
    await azure.control.advance(15);

    expect(off?.endpoints[1]).toMatchObject({ enabled: false, monitorStatus: "Disabled" });
    expect(await ports.trafficManagers.profile(PROFILE_ID)).toEqual(before);
    await expect(set(PROFILE_ID, "nested", "secondary", "Disabled")).rejects.toMatchObject({
      failure: { class: "terminal", code: "ResourceNotFound" },
    });
  });

  it("can be changed while a region is down, and sends a change once", async () => {
    await azure.control.fault({ name: "region-down", region: "eastus" });
    await ports.trafficManagers.setEndpoint(PROFILE_ID, "external", "primary", "Disabled");
    await azure.control.fault({ name: "throttle", match: { service: "arm" } });

    await expect(
      ports.trafficManagers.setEndpoint(PROFILE_ID, "external", "primary", "Enabled"),
    ).rejects.toMatchObject({ failure: { class: "transient" } });
    const sent = (await azure.control.log()).filter(
      ({ operation }) => operation === "trafficManagerEndpoints.update",
    );
    expect(sent.map(({ status }) => status)).toEqual([200, 429]);
  });
});
