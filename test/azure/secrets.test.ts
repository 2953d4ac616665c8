import type { SecretDescription } from "../../src/azure/secrets.js";
import { MAIN, MAIN_ID, vaultId, vaultSeed } from "../simulator/key-vaults.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";

let azure: SimulatedAzure;
let ports: AzurePorts;

const MAIN_URI = `https://${MAIN}.vault.azure.net/`;
const WEST = "mcp-server-west-kv";
const WEST_URI = `https://${WEST}.vault.azure.net/`;
const plain: SecretDescription = {
  contentType: undefined,
  enabled: true,
  notBeforeAt: undefined,
  expiresAt: undefined,
  tags: {},
};

beforeAll(async () => {
  azure = await simulatedAzure(vaultSeed());
  ports = await azure.ports();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  await azure.control.reset(
    vaultSeed({
      keyVaults: [
        {
          id: MAIN_ID,
          location: "eastus",
          generate: { count: 60, prefix: "tenant" },
          secrets: [
            {
              name: "redis-connection-string",
              versions: [{ value: "redis-one" }, { value: "redis-two" }],
              contentType: "text/plain",
              tags: { owner: "mcp" },
              expiresOn: "2030-01-01T00:00:00Z",
            },
            { name: "off", value: "hidden", enabled: false },
            { name: "tls", value: "certificate", managed: true },
          ],
        },
        { id: vaultId(WEST, "mcp-dr"), location: "westus" },
      ],
    }),
  );
});

/** The calls that changed something, or would have, once their token was accepted. */
const changesMade = async (): Promise<string[]> => {
  const log = await azure.control.log();
  return log
    .filter(
      ({ mutating, service, status }) => mutating && service === "key-vault" && status !== 401,
    )
    .map(({ operation }) => operation);
};

describe("secrets", () => {
  it("are listed page by page, without values", async () => {
    const pages = await ports.secrets.pages(MAIN_URI);
    const all = pages.flat();

    expect(pages).toHaveLength(3);
    expect(all).toHaveLength(63);
    expect(all.find(({ name }) => name === "redis-connection-string")).toEqual({
      name: "redis-connection-string",
      contentType: "text/plain",
      enabled: true,
      expiresAt: "2030-01-01T00:00:00.000Z",
      updatedAt: expect.any(String) as string,
      managed: false,
      tags: { owner: "mcp" },
    });
    expect(all.filter(({ managed }) => managed).map(({ name }) => name)).toEqual(["tls"]);
    expect(JSON.stringify(pages)).not.toContain("redis-two");
  });

  it("are read in their latest version, and told apart from missing and disabled ones", async () => {
    expect(await ports.secrets.value(MAIN_URI, "redis-connection-string")).toMatchObject({
      value: "redis-two",
      version: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    expect(await ports.secrets.value(MAIN_URI, "missing")).toBeUndefined();
    await expect(ports.secrets.value(MAIN_URI, "off")).rejects.toMatchObject({
      failure: { class: "terminal", code: "SecretDisabled" },
    });
  });

  it("are set with all that is said about them", async () => {
    const description: SecretDescription = {
      contentType: "text/plain",
      enabled: true,
      notBeforeAt: "2026-01-01T00:00:00.000Z",
      expiresAt: "2031-01-01T00:00:00.000Z",
      tags: { source: MAIN },
    };
    const version = await ports.secrets.set(WEST_URI, "copied", "value-of-copy", description);

    expect(await ports.secrets.value(WEST_URI, "copied")).toMatchObject({
      ...description,
      version,
      value: "value-of-copy",
    });
  });

  it("travel as backups within the geography, with all versions", async () => {
    const blob = await ports.secrets.backup(MAIN_URI, "redis-connection-string");
    const name = await ports.secrets.restore(WEST_URI, blob);
    const [original, restored] = await Promise.all(
      [MAIN_URI, WEST_URI].map((uri) => ports.secrets.value(uri, name)),
    );

    expect(name).toBe("redis-connection-string");
    expect(restored).toEqual(original);
    await expect(ports.secrets.restore(MAIN_URI, blob)).rejects.toMatchObject({
      failure: { class: "terminal", code: "Conflict" },
    });
  });

  it("are deleted softly, found among the deleted, and recovered", async () => {
    await ports.secrets.remove(MAIN_URI, "redis-connection-string");
    const early = await ports.secrets.deleted(MAIN_URI, "redis-connection-string");
    await expect(
      ports.secrets.set(MAIN_URI, "redis-connection-string", "x", plain),
    ).rejects.toMatchObject({ failure: { class: "busy", code: "ObjectIsBeingDeleted" } });
    await azure.control.advance(10);
    const deleted = await ports.secrets.deleted(MAIN_URI, "redis-connection-string");
    const pages = await ports.secrets.deletedPages(MAIN_URI);
    await expect(
      ports.secrets.set(MAIN_URI, "redis-connection-string", "x", plain),
    ).rejects.toMatchObject({
      failure: { class: "terminal", code: "ObjectIsDeletedButRecoverable" },
    });
    await ports.secrets.recover(MAIN_URI, "redis-connection-string");
    const meanwhile = await ports.secrets.value(MAIN_URI, "redis-connection-string");
    await azure.control.advance(10);
    const recovered = await ports.secrets.value(MAIN_URI, "redis-connection-string");

    expect(early).toBeUndefined();
    expect(deleted).toMatchObject({ name: "redis-connection-string" });
    expect(pages.flat()).toEqual([deleted]);
    expect(meanwhile).toBeUndefined();
    expect(recovered).toMatchObject({ value: "redis-two" });
  });

  it.each([
    ["lost-answer", { class: "transient" }],
    ["server-error", { class: "transient" }],
    ["throttle", { class: "transient", code: "Throttled", retryAfter: 10_000 }],
  ])("are set by one request, be it that of a %s", async (name, failure) => {
    await ports.secrets.value(MAIN_URI, "redis-connection-string");
    await azure.control.fault({ name, match: { operation: "secrets.set" } });
    const set = ports.secrets.set(MAIN_URI, "redis-connection-string", "x", plain);

    await expect(set).rejects.toMatchObject({ failure });
    expect(await changesMade()).toEqual(["secrets.set"]);
  });

  it("do not look missing where the vault is gone, cut off or closed", async () => {
    const value = () => ports.secrets.value(MAIN_URI, "redis-connection-string");
    await value();
    const cut = await azure.control.fault({ name: "vault-unavailable", resource: MAIN_ID });
    await expect(value()).rejects.toMatchObject({ failure: { class: "transient" } });
    await azure.control.removeFault(cut);
    const closed = await azure.control.fault({ name: "vault-firewall", resource: MAIN_ID });
    await expect(value()).rejects.toMatchObject({
      failure: { class: "terminal", code: "ForbiddenByFirewall" },
    });
    await azure.control.removeFault(closed);
    await azure.control.fault({ name: "vault-deleted", resource: MAIN_ID });

    // Who has a connection hears of it there; who makes one finds that the name cannot be resolved.
    await expect(value()).rejects.toMatchObject({
      failure: { class: "terminal", code: "VaultNotFound" },
    });
    const { secrets } = await azure.ports();
    await expect(secrets.value(MAIN_URI, "redis-connection-string")).rejects.toMatchObject({
      failure: { class: "transient", code: "http-502" },
    });
  });
});
