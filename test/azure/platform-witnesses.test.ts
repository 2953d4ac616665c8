import { instantOf } from "../../src/domain/instant.js";
import { minutes } from "../../src/domain/duration.js";
import { smallSeed } from "../../simulator/seeds/small.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";
import { APP_ID, SUBSCRIPTION } from "../simulator/names.js";
import { PROFILE_ID, STANDBY_APP_ID, twoRegions } from "../simulator/two-regions.js";

let azure: SimulatedAzure;
let ports: AzurePorts;

const seed = () => {
  const all = twoRegions();
  const { principalId } = smallSeed.identities[0]!;
  const reader = {
    scope: `/subscriptions/${SUBSCRIPTION}`,
    principalId,
    roleDefinitionId: "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
  };
  return { ...all, roleAssignments: [...all.roleAssignments, reader] };
};

beforeAll(async () => {
  azure = await simulatedAzure(seed());
  ports = await azure.ports();
});

afterAll(() => azure.stop());

beforeEach(() => azure.control.reset(seed()));

describe("the platform's own word", () => {
  it("is that a resource is available, or nothing where there is none", async () => {
    expect(await ports.platformHealth.availability(APP_ID)).toMatchObject({ state: "available" });
    expect(await ports.platformHealth.availability(PROFILE_ID)).toMatchObject({
      state: "available",
    });
    expect(await ports.platformHealth.availability(`${APP_ID}-x`)).toMatchObject({
      state: "unknown",
    });
    expect(await ports.platformHealth.serviceIssues(SUBSCRIPTION, "eastus")).toEqual([]);
  });

  it("is heard while a region is down, about that region", async () => {
    await azure.control.fault({ name: "region-down", region: "eastus" });
    await azure.control.advance(610);

    expect(await ports.platformHealth.availability(APP_ID)).toEqual({
      state: "unavailable",
      summary: "Customers may be unable to reach resources in East US.",
    });
    expect(await ports.platformHealth.serviceIssues(SUBSCRIPTION, "westus")).toEqual([]);
    const [issue] = await ports.platformHealth.serviceIssues(SUBSCRIPTION, "eastus");
    expect(issue?.services).toContain("Azure Container Apps");
    expect(issue?.title).toBe("ACTIVE: Multiple services in East US");
  });

  it("is no longer about what has been resolved", async () => {
    await azure.control.fault({ name: "region-down", region: "eastus", forSeconds: 700 });
    await azure.control.advance(1_400);

    expect(await ports.platformHealth.serviceIssues(SUBSCRIPTION, "eastus")).toEqual([]);
  });
});

describe("requests of an app", () => {
  it("are counted over the last minutes, where there are any", async () => {
    await azure.control.advance(600);
    const now = instantOf(await azure.control.now());

    const served = await ports.requestMetrics.total(APP_ID, now, minutes(5));

    expect(served).toBeGreaterThanOrEqual(25);
    expect(served).toBeLessThanOrEqual(36);
  });

  it("are unknown, not none, where nothing was measured", async () => {
    const now = instantOf(await azure.control.now());

    expect(await ports.requestMetrics.total(STANDBY_APP_ID, now, minutes(5))).toBeUndefined();
    await azure.control.fault({ name: "control-plane-down", region: "eastus" });
    await expect(ports.requestMetrics.total(APP_ID, now, minutes(5))).rejects.toMatchObject({
      failure: { class: "transient" },
    });
  });
});
