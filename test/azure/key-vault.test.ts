import type { NewVault, VaultNetwork } from "../../src/azure/key-vault.js";
import { MAIN, MAIN_ID, ROLES, vaultId, vaultSeed } from "../simulator/key-vaults.js";
import { SUBSCRIPTION } from "../simulator/names.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";

let azure: SimulatedAzure;
let ports: AzurePorts;

const RECOVERY_ID = vaultId(`${MAIN}-dr`, "mcp-dr");
const open: VaultNetwork = {
  publicAccess: true,
  defaultAction: "Allow",
  trustedServices: true,
  addresses: [],
  subnets: [],
};
const wanted: NewVault = {
  location: "westus",
  sku: "standard",
  retentionDays: 90,
  network: { ...open, defaultAction: "Deny", addresses: ["20.1.2.3/32"] },
  tags: { run: "key-vault-failure-production" },
};

beforeAll(async () => {
  azure = await simulatedAzure(vaultSeed());
  ports = await azure.ports();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  await azure.control.reset(vaultSeed());
});

const changesMade = async (): Promise<string[]> => {
  const log = await azure.control.log();
  return log
    .filter(({ mutating, service }) => mutating && service === "arm")
    .map(({ operation, status }) => `${operation} ${status}`);
};

describe("a key vault", () => {
  it("is shown with what a recovery needs to know", async () => {
    expect(await ports.keyVaults.vault(MAIN_ID)).toEqual({
      id: MAIN_ID,
      name: MAIN,
      location: "eastus",
      uri: `https://${MAIN}.vault.azure.net/`,
      provisioningState: "Succeeded",
      sku: "standard",
      rolesDecide: true,
      purgeProtection: false,
      retentionDays: 90,
      network: open,
      tags: {},
    });
    expect(await ports.keyVaults.vault(RECOVERY_ID)).toBeUndefined();
    await expect(ports.keyVaults.vault("/no/id")).rejects.toMatchObject({
      failure: { class: "terminal", code: "invalid-resource-id" },
    });
  });

  it("is created by one request and polled for, in another process too", async () => {
    const token = await ports.keyVaults.startCreation(RECOVERY_ID, wanted);
    const other = await azure.ports();
    const early = await other.keyVaults.operation(RECOVERY_ID, token);
    await azure.control.advance(60);
    const done = await other.keyVaults.operation(RECOVERY_ID, token);

    expect(early).toMatchObject({ state: "running" });
    expect(done).toEqual({ state: "succeeded" });
    expect(await ports.keyVaults.vault(RECOVERY_ID)).toMatchObject({
      location: "westus",
      provisioningState: "Succeeded",
      rolesDecide: true,
      purgeProtection: true,
      network: wanted.network,
      tags: wanted.tags,
    });
    expect(await changesMade()).toEqual(["vaults.createOrUpdate 200"]);
  });

  it("is found among the deleted, recovered, and keeps its name meanwhile", async () => {
    await ports.keyVaults.remove(MAIN_ID);
    const gone = await ports.keyVaults.vault(MAIN_ID);
    const deleted = await ports.keyVaults.deletedVault(MAIN_ID, "eastus");
    const elsewhere = await ports.keyVaults.deletedVault(vaultId(MAIN, "mcp-dr"), "eastus");
    const name = await ports.keyVaults.nameAvailability(SUBSCRIPTION, MAIN);
    await expect(ports.keyVaults.startCreation(MAIN_ID, wanted)).rejects.toMatchObject({
      failure: { class: "terminal", code: "vault-soft-deleted" },
    });
    await azure.control.advance(6);
    const listed = await ports.keyVaults.deletedVaults(SUBSCRIPTION);
    const token = await ports.keyVaults.startRecovery(MAIN_ID, "eastus");
    await azure.control.advance(61);

    expect(gone).toBeUndefined();
    expect(deleted).toMatchObject({ id: MAIN_ID, location: "eastus", purgeProtection: false });
    expect(elsewhere).toBeUndefined();
    expect(name).toMatchObject({ available: false, reason: "taken" });
    expect(listed).toEqual([deleted]);
    expect(await ports.keyVaults.operation(MAIN_ID, token)).toEqual({ state: "succeeded" });
    expect(await ports.keyVaults.deletedVault(MAIN_ID, "eastus")).toBeUndefined();
    expect(await ports.keyVaults.vault(MAIN_ID)).toMatchObject({ provisioningState: "Succeeded" });
  });

  it("tells names that can be had from those that cannot", async () => {
    const of = (name: string) => ports.keyVaults.nameAvailability(SUBSCRIPTION, name);

    expect(await of("brand-new-vault")).toEqual({ available: true });
    expect(await of("twenty-five-characters-lo")).toMatchObject({ reason: "invalid" });
  });

  it("changes what is named and keeps the rest", async () => {
    const network = { ...open, defaultAction: "Deny", addresses: ["20.1.2.3/32"] } as const;
    const tagged = await ports.keyVaults.change(MAIN_ID, { tags: { owner: "mcp" } });
    const closed = await ports.keyVaults.change(MAIN_ID, { network, purgeProtection: true });
    const again = await ports.keyVaults.change(MAIN_ID, { network, purgeProtection: true });

    expect(tagged).toMatchObject({ tags: { owner: "mcp" }, network: open });
    expect(closed).toMatchObject({ tags: { owner: "mcp" }, network, purgeProtection: true });
    expect(again).toEqual(closed);
  });

  it.each([
    ["lost-answer", { class: "transient" }],
    ["server-error", { class: "transient", code: "InternalServerError" }],
    ["throttle", { class: "transient", code: "TooManyRequests", retryAfter: 10_000 }],
  ])("is changed by one request, be it that of a %s", async (name, failure) => {
    await azure.control.fault({ name, match: { operation: "vaults.update" } });
    const change = ports.keyVaults.change(MAIN_ID, { tags: { a: "b" } });

    await expect(change).rejects.toMatchObject({ failure });
    expect(await changesMade()).toHaveLength(1);
  });

  it("is not shown as missing where it may not be seen", async () => {
    await azure.control.reset(vaultSeed({ roles: [[ROLES.secretsUser, MAIN_ID]] }));

    await expect(ports.keyVaults.vault(MAIN_ID)).rejects.toMatchObject({
      failure: { class: "permission-lag", code: "AuthorizationFailed" },
    });
    await expect(ports.keyVaults.deletedVault(MAIN_ID, "eastus")).rejects.toMatchObject({
      failure: { class: "permission-lag" },
    });
  });
});

describe("diagnostic settings", () => {
  it("are made, found again, and refused where the logs cannot go", async () => {
    await azure.control.reset(
      vaultSeed({ roles: [[ROLES.owner, `/subscriptions/${SUBSCRIPTION}`]] }),
    );
    const setting = {
      name: "to-logs",
      workspaceId: `/subscriptions/${SUBSCRIPTION}/resourceGroups/mcp-server-prod/providers/Microsoft.OperationalInsights/workspaces/mcp-logs`,
      storageAccountId: undefined,
      logs: [{ kind: "group", name: "audit" }],
      metrics: true,
    } as const;
    const before = await ports.diagnosticSettings.of(MAIN_ID);
    await ports.diagnosticSettings.put(MAIN_ID, setting);
    await ports.diagnosticSettings.put(MAIN_ID, setting);

    expect(before).toEqual([]);
    expect(await ports.diagnosticSettings.of(MAIN_ID)).toEqual([setting]);
    await expect(
      ports.diagnosticSettings.put(MAIN_ID, { ...setting, workspaceId: undefined }),
    ).rejects.toMatchObject({ failure: { class: "terminal", code: "BadRequest" } });
  });
});
