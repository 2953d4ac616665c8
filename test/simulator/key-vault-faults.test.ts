import type { SecretClient } from "@azure/keyvault-secrets";
import { clientsFor, GROUP, MAIN, MAIN_ID, refusalOf, vaultId, vaultSeed } from "./key-vaults.js";
import { type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let secrets: SecretClient;
let clients: ReturnType<typeof clientsFor>;

const WEST3 = "mcp-server-west3-kv";

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  const one = [{ name: "one", value: "1" }];
  const seed = vaultSeed({
    keyVaults: [
      { id: MAIN_ID, location: "eastus", secrets: one },
      { id: vaultId(WEST3), location: "westus3", secrets: one },
    ],
  });
  await azure.steer("POST", "/reset", { seed });
  clients = clientsFor(azure);
  secrets = clients.secrets(MAIN);
});

async function fault(order: unknown): Promise<string> {
  const { status, text, json } = await azure.steer("POST", "/faults", order);
  if (status !== 201) throw new Error(text);
  return json<{ id: string }>().id;
}

const isOver = async (id: string): Promise<unknown> => {
  const { json } = await azure.steer("GET", "/faults");
  return json<{ id: string; over: boolean }[]>().find((one) => one.id === id)?.over;
};

const CUT = "no answer ECONNRESET";

describe("vault-read-only", () => {
  it("leaves reading and backups, and lets nobody change a secret or the vault", async () => {
    const id = await fault({ name: "vault-read-only", resource: MAIN_ID });
    const read = await secrets.getSecret("one");
    const backup = await secrets.backupSecret("one");
    const changes = [
      await refusalOf(secrets.setSecret("one", "2")),
      await refusalOf(secrets.beginDeleteSecret("one")),
      await refusalOf(clients.management.vaults.update(GROUP, MAIN, { tags: { a: "b" } })),
      await refusalOf(clients.management.vaults.delete(GROUP, MAIN)),
    ];
    await azure.steer("DELETE", `/faults/${id}`);

    expect(read.value).toBe("1");
    expect(backup?.length).toBeGreaterThan(0);
    expect(changes).toEqual([
      "403 Forbidden VaultIsReadOnly",
      "403 Forbidden VaultIsReadOnly",
      "403 VaultIsReadOnly",
      "403 VaultIsReadOnly",
    ]);
    expect((await secrets.setSecret("one", "2")).value).toBe("2");
  });
});

describe("vault-unavailable", () => {
  it("cuts connections of a vault or of a region's vaults; Resource Manager still shows them", async () => {
    await fault({ name: "vault-unavailable", region: "eastus", forSeconds: 60 });
    const cut = await refusalOf(secrets.getSecret("one"));
    const other = await clients.secrets(WEST3).getSecret("one");
    const shown = await clients.management.vaults.get(GROUP, MAIN);
    await azure.advance(61);

    expect(cut).toBe(CUT);
    expect(other.value).toBe("1");
    expect(shown.properties.provisioningState).toBe("Succeeded");
    expect((await secrets.getSecret("one")).value).toBe("1");
  });

  it("needs a place", async () => {
    const { status, text } = await azure.steer("POST", "/faults", { name: "vault-unavailable" });

    expect(status).toBe(400);
    expect(text).toContain("needs resource (a vault) or region");
  });
});

describe("vault-firewall", () => {
  it("has closed the vault, which shows, and is over once the rules are put right", async () => {
    const id = await fault({ name: "vault-firewall", resource: MAIN_ID });
    const closed = await refusalOf(secrets.getSecret("one"));
    const shown = await clients.management.vaults.get(GROUP, MAIN);
    const before = await isOver(id);
    await clients.management.vaults.update(GROUP, MAIN, {
      properties: { networkAcls: { defaultAction: "Allow", bypass: "AzureServices" } },
    });
    await azure.advance(31);

    expect(closed).toBe("403 Forbidden ForbiddenByFirewall");
    expect(shown.properties.networkAcls).toMatchObject({ defaultAction: "Deny", ipRules: [] });
    expect(before).toBe(false);
    expect(await isOver(id)).toBe(true);
    expect((await secrets.getSecret("one")).value).toBe("1");
  });

  it("opens the vault again when it is taken back", async () => {
    const id = await fault({ name: "vault-firewall", resource: MAIN_ID });
    await azure.steer("DELETE", `/faults/${id}`);
    const shown = await clients.management.vaults.get(GROUP, MAIN);

    expect(shown.properties.networkAcls).toBeUndefined();
    expect((await secrets.getSecret("one")).value).toBe("1");
  });
});

describe("vault-deleted", () => {
  it("has deleted the vault softly, and is over once it is recovered", async () => {
    const id = await fault({ name: "vault-deleted", resource: MAIN_ID });
    const gone = await refusalOf(clients.management.vaults.get(GROUP, MAIN));
    const deleted = await clients.management.vaults.getDeleted(MAIN, "eastus");
    const before = await isOver(id);
    const { properties } = await clients.management.vaults.get(GROUP, WEST3);
    await clients.management.vaults
      .createOrUpdate(GROUP, MAIN, {
        location: "eastus",
        properties: { tenantId: properties.tenantId, sku: properties.sku, createMode: "recover" },
      })
      .submitted();
    const again = await azure.steer("POST", "/faults", {
      name: "vault-deleted",
      resource: vaultId("no-such-vault"),
    });

    expect(gone).toBe("404 ResourceNotFound");
    expect(deleted.name).toBe(MAIN);
    expect([before, await isOver(id)]).toEqual([false, true]);
    expect(again.status).toBe(400);
  });
});

describe("an outage of a region", () => {
  it("cuts its vaults off until they are served from the pair, read-only, without changes in ARM", async () => {
    const id = await fault({ name: "region-down", region: "eastus", planes: ["data", "dns"] });
    const early = await refusalOf(secrets.getSecret("one"));
    await azure.advance(301);
    const token = await azure.tokenFor("https://vault.azure.net");
    const read = await azure.call(
      "GET",
      `https://${MAIN}.vault.azure.net/secrets/one?api-version=7.4`,
      { token },
    );
    const change = await refusalOf(secrets.setSecret("one", "2"));
    const settings = await refusalOf(
      clients.management.vaults.update(GROUP, MAIN, { tags: { a: "b" } }),
    );
    await azure.steer("DELETE", `/faults/${id}`);

    expect(early).toBe(CUT);
    expect(read.status).toBe(200);
    expect(read.headers["x-ms-keyvault-region"]).toBe("westus");
    expect(change).toBe("403 Forbidden VaultIsReadOnly");
    expect(settings).toBe("403 VaultIsReadOnly");
    expect((await secrets.setSecret("one", "2")).value).toBe("2");
  });

  it("lasts for vaults of a region that has no pair in its geography", async () => {
    await fault({ name: "region-down", region: "westus3", planes: ["data"] });
    await azure.advance(3600);

    expect(await refusalOf(clients.secrets(WEST3).getSecret("one"))).toBe(CUT);
  });
});

describe("the faults of calls", () => {
  it("strike vaults in their own words, and keep a registration from ending", async () => {
    await fault({
      name: "throttle",
      match: { service: "key-vault", operation: "secrets.get" },
      retryAfterSeconds: 7,
      times: 2,
    });
    await fault({ name: "lost-answer", match: { operation: "secrets.set" } });
    await secrets.listPropertiesOfSecrets().next();
    const throttled = await refusalOf(secrets.getSecret("one"));
    const lost = await refusalOf(secrets.setSecret("one", "2"));
    await azure.steer("DELETE", "/faults");
    const stuck = await fault({
      name: "stuck-operation",
      match: { operation: "vaults.createOrUpdate" },
    });
    const { properties } = await clients.management.vaults.get(GROUP, MAIN);
    const made = clients.management.vaults.createOrUpdate(GROUP, "brand-new-vault", {
      location: "westus",
      properties: { tenantId: properties.tenantId, sku: properties.sku },
    });
    await made.submitted();
    await azure.advance(3600);
    const held = await clients.management.vaults.get(GROUP, "brand-new-vault");
    await azure.steer("DELETE", `/faults/${stuck}`);
    const ended = await clients.management.vaults.get(GROUP, "brand-new-vault");

    expect(throttled).toBe("429 Throttled");
    expect(lost).toBe(CUT);
    expect((await secrets.getSecret("one")).value).toBe("2");
    expect(held.properties.provisioningState).toBe("RegisteringDns");
    expect(ended.properties.provisioningState).toBe("Succeeded");
  });
});
