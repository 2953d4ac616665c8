import { accountId, storageSeed } from "../simulator/storage-seed.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";

let azure: SimulatedAzure;
let ports: AzurePorts;

const MAIN = accountId("mcpstorage");
const LOCAL = accountId("mcplocal");

const seed = {
  ...storageSeed,
  storageAccounts: [
    ...storageSeed.storageAccounts,
    {
      id: LOCAL,
      location: "eastus",
      sku: "Standard_LRS",
      blobService: {
        deleteRetentionPolicy: { enabled: true, days: 365 },
        changeFeed: { enabled: true },
      },
    },
  ],
};

beforeAll(async () => {
  azure = await simulatedAzure(seed);
  ports = await azure.ports();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(() => azure.control.reset(seed));

describe("storage accounts", () => {
  it("are seen with their regions, their addresses and the state of the other copy", async () => {
    expect(await ports.storageAccounts.account(MAIN)).toEqual({
      id: MAIN,
      name: "mcpstorage",
      sku: "Standard_RAGRS",
      location: "eastus",
      primaryLocation: "eastus",
      secondaryLocation: "westus",
      blobEndpoint: "https://mcpstorage.blob.core.windows.net",
      secondaryEndpoint: "https://mcpstorage-secondary.blob.core.windows.net",
      provisioningState: "Succeeded",
      primaryIsAvailable: true,
      failoverInProgress: false,
      conversionInProgress: false,
      geo: {
        status: "Live",
        lastSyncAt: expect.any(String) as string,
        canFailover: true,
        canPlannedFailover: expect.any(Boolean) as boolean,
      },
      tags: {},
    });
  });

  it("of one region have no other copy, and a missing one is none", async () => {
    const local = await ports.storageAccounts.account(LOCAL);

    expect(local).toMatchObject({ sku: "Standard_LRS", name: "mcplocal" });
    expect(local?.geo).toBeUndefined();
    expect(await ports.storageAccounts.account(accountId("mcpnowhere"))).toBeUndefined();
  });

  it("keep longer what is deleted, and everything else as it is", async () => {
    const before = await ports.storageAccounts.dataProtection(LOCAL);
    const after = await ports.storageAccounts.protect(LOCAL, 90);

    expect(before).toEqual({
      versioning: false,
      blobRetentionDays: 365,
      containerRetentionDays: 0,
    });
    expect(after).toEqual({ versioning: true, blobRetentionDays: 365, containerRetentionDays: 90 });
    expect(await ports.storageAccounts.dataProtection(LOCAL)).toEqual(after);
    const service = await ports.arm.get(`${LOCAL}/blobServices/default`, "2026-09-01");
    expect(service).toMatchObject({ properties: { changeFeed: { enabled: true } } });
  });
});
