import { smallSeed } from "../../simulator/seeds/small.js";
import { isStruck, outageOf } from "../../simulator/resource-health/outages.js";
import { FaultOrder } from "../../simulator/faults/catalogue.js";
import { APP_ID, ARM, SUBSCRIPTION } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";
import { PROFILE_ID, STANDBY_APP_ID, twoRegions } from "./two-regions.js";

let azure: SimulatorProcess;
let token: string;

const VERSION = "2025-05-01";
const MONITORING_READER = "43d0d8ad-25c7-4714-9337-8ba259a9fe05";
const GROUP_ID = APP_ID.slice(0, APP_ID.indexOf("/providers/"));
const CACHE_ID = `${GROUP_ID}/providers/Microsoft.Cache/redis/mcp-cache`;
const ACCOUNT_ID = `${GROUP_ID}/providers/Microsoft.Storage/storageAccounts/mcpassets`;
const VAULT_ID = `${GROUP_ID}/providers/Microsoft.KeyVault/vaults/mcp-secrets`;

const seed = () => {
  const { principalId } = smallSeed.identities[0]!;
  const all = twoRegions();
  return {
    ...all,
    roleAssignments: [
      ...all.roleAssignments,
      {
        scope: `/subscriptions/${SUBSCRIPTION}`,
        principalId,
        roleDefinitionId: MONITORING_READER,
      },
    ],
    redisCaches: [{ id: CACHE_ID, location: "eastus", sku: "Standard_C1" }],
    storageAccounts: [
      ...(all.storageAccounts ?? []),
      { id: ACCOUNT_ID, location: "eastus", sku: "Standard_RAGRS" },
    ],
    keyVaults: [{ id: VAULT_ID, location: "eastus" }],
  };
};

beforeAll(async () => {
  azure = await startSimulatorProcess();
  token = await azure.tokenFor(ARM);
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  const answer = await azure.steer("POST", "/reset", { seed: seed() });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  token = await azure.tokenFor(ARM);
});

const ask = (path: string, query = ""): Promise<Reply> =>
  azure.call("GET", `${ARM}${path}?api-version=${VERSION}${query}`, { token });
const statusOf = async (id: string): Promise<unknown> => {
  const answer = await ask(`${id}/providers/Microsoft.ResourceHealth/availabilityStatuses/current`);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json<{ properties: { availabilityState: string } }>().properties.availabilityState;
};
const events = async (filter?: string) => {
  const query = filter === undefined ? "" : `&$filter=${encodeURIComponent(filter)}`;
  const path = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.ResourceHealth/events`;
  const answer = await ask(path, query);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json<{
    value: {
      properties: {
        title: string;
        status: string;
        impact: { impactedService: string; impactedRegions: { impactedRegion: string }[] }[];
      };
    }[];
  }>().value;
};
const order = async (fault: object): Promise<string> => {
  const answer = await azure.steer("POST", "/faults", fault);
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return answer.json<{ id: string }>().id;
};

it("on a day like any other everything is available and nothing is announced", async () => {
  for (const id of [APP_ID, STANDBY_APP_ID, PROFILE_ID, CACHE_ID, ACCOUNT_ID, VAULT_ID]) {
    expect([id, await statusOf(id)]).toEqual([id, "Available"]);
  }
  expect(await events()).toEqual([]);
});

it("an outage of a region is found some minutes late, announced later, and remembered after its end", async () => {
  const id = await order({ name: "region-down", region: "eastus" });

  const early = [await statusOf(APP_ID), await events()];
  await azure.advance(200);
  const found = [await statusOf(APP_ID), await statusOf(STANDBY_APP_ID), await events()];
  await azure.advance(420);
  const announced = await events("eventType eq 'ServiceIssue' and status eq 'Active'");
  const elsewhere = await events("region eq 'West US'");
  await azure.steer("DELETE", `/faults/${id}`);
  const still = await statusOf(APP_ID);
  await azure.advance(620);

  expect(early).toEqual(["Available", []]);
  expect(found).toEqual(["Unavailable", "Available", []]);
  expect(announced.map(({ properties }) => properties.title)).toEqual([
    "ACTIVE: Multiple services in East US",
  ]);
  expect(announced[0]?.properties.impact).toMatchObject(
    [
      "Azure Container Apps",
      "Azure Cache for Redis",
      "Key Vault",
      "Storage",
      "Azure Resource Manager",
    ].map((impactedService) => ({
      impactedService,
      impactedRegions: [{ impactedRegion: "East US", status: "Active" }],
    })),
  );
  expect(elsewhere).toEqual([]);
  expect([still, await statusOf(APP_ID)]).toEqual(["Unavailable", "Available"]);
  expect((await events()).map(({ properties: { status } }) => status)).toEqual(["Resolved"]);
});

it("a vault that is served from the paired region is degraded", async () => {
  await order({ name: "region-down", region: "eastus", planes: ["data"] });
  await azure.advance(200);
  const before = await statusOf(VAULT_ID);
  await azure.advance(200);

  expect([before, await statusOf(VAULT_ID), await statusOf(ACCOUNT_ID)]).toEqual([
    "Unavailable",
    "Degraded",
    "Unavailable",
  ]);
});

it.each([
  ["storage-unavailable", ACCOUNT_ID],
  ["vault-unavailable", VAULT_ID],
  ["redis-down", CACHE_ID],
])("%s strikes its resource alone, and nobody announces it", async (name, resource) => {
  await order({ name, resource });
  await azure.advance(700);

  for (const id of [APP_ID, CACHE_ID, ACCOUNT_ID, VAULT_ID]) {
    expect([id, await statusOf(id)]).toEqual([id, id === resource ? "Unavailable" : "Available"]);
  }
  expect(await events()).toEqual([]);
});

it("settings that cannot be changed make no resource unavailable, and an app's own failure neither", async () => {
  await order({ name: "control-plane-down", region: "eastus" });
  await order({ name: "restart-does-not-help", resource: APP_ID });
  await azure.advance(700);

  const [event] = await events();

  expect(await statusOf(APP_ID)).toBe("Available");
  expect(event?.properties.title).toBe("ACTIVE: Azure Resource Manager in East US");
});

it("what was over before anybody found it stays unknown", async () => {
  await order({ name: "region-down", region: "eastus", forSeconds: 60 });
  await azure.advance(700);

  expect([await statusOf(APP_ID), await events()]).toEqual(["Available", []]);
});

it("needs a role at the subscription for events, and names what it does not know", async () => {
  const filtered = await ask(
    `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.ResourceHealth/events`,
    "&$filter=impact eq 'all'",
  );
  const missing = await ask(
    `${APP_ID}x/providers/Microsoft.ResourceHealth/availabilityStatuses/current`,
  );
  await azure.steer("POST", "/reset", { seed: twoRegions() });
  token = await azure.tokenFor(ARM);
  const refused = await ask(
    `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.ResourceHealth/events`,
  );

  expect([filtered.status, missing.status, refused.status]).toEqual([501, 404, 403]);
});

it("an account that has failed over is as well as the region that serves it", () => {
  const order = FaultOrder.parse({
    name: "storage-unavailable",
    resource: ACCOUNT_ID,
    region: "eastus",
  });
  const type = "Microsoft.Storage/storageAccounts";
  const isStruckIn = (region: string): boolean =>
    isStruck({ id: ACCOUNT_ID, type, region }, outageOf(order)!);

  expect([isStruckIn("East US"), isStruckIn("westus")]).toEqual([true, false]);
});

it("only what the platform does is an outage of its own", () => {
  const outage = (order: object) => outageOf(FaultOrder.parse(order));

  expect(outage({ name: "app-unhealthy", resource: APP_ID })).toBeUndefined();
  expect(outage({ name: "vault-unavailable", region: "eastus" })).toMatchObject({
    services: ["Key Vault"],
    region: "eastus",
  });
});
