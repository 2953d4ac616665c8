import type { SecretClient, SecretProperties } from "@azure/keyvault-secrets";
import { clientsFor, MAIN, MAIN_ID, refusalOf, ROLES, vaultId, vaultSeed } from "./key-vaults.js";
import { SUBSCRIPTION } from "./names.js";
import { type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let secrets: SecretClient;

const MAIN_URL = `https://${MAIN}.vault.azure.net`;
const WEST = "mcp-server-west-kv";
const EUROPE = "mcp-server-europe-kv";
const OTHER_GROUP = "mcp-dr";

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  await reset();
});

async function reset(more?: Parameters<typeof vaultSeed>[0]): Promise<void> {
  const { status, text } = await azure.steer("POST", "/reset", { seed: vaultSeed(more) });
  if (status !== 200) throw new Error(text);
  secrets = clientsFor(azure).secrets(MAIN);
}

async function all(found: AsyncIterable<SecretProperties>): Promise<SecretProperties[]> {
  const properties: SecretProperties[] = [];
  for await (const one of found) properties.push(one);
  return properties;
}

describe("tokens", () => {
  it("are asked for with a challenge, whatever the request holds", async () => {
    const { status, headers, json } = await azure.call("PUT", `${MAIN_URL}/secrets/x`, {});

    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toMatch(
      /^Bearer authorization="https:\/\/login\.microsoftonline\.com\/[0-9a-f-]+", resource="https:\/\/vault\.azure\.net"$/,
    );
    expect(json()).toMatchObject({ error: { code: "Unauthorized" } });
  });

  it("must be for Key Vault", async () => {
    const token = await azure.tokenFor("https://management.azure.com");

    const { status, text } = await azure.call("GET", `${MAIN_URL}/secrets?api-version=7.4`, {
      token,
    });

    expect(status).toBe(401);
    expect(text).toContain("AKV10022");
  });
});

describe("secrets", () => {
  it("get a new version with every set, and the latest is what is read", async () => {
    const before = await secrets.getSecret("redis-connection-string");
    const expiresOn = new Date("2030-01-01T00:00:00Z");
    const set = await secrets.setSecret("redis-connection-string", "redis-two", {
      tags: { by: "test" },
      contentType: "text/plain",
      expiresOn,
    });
    const after = await secrets.getSecret("redis-connection-string");
    const old = await secrets.getSecret("redis-connection-string", {
      version: before.properties.version ?? "",
    });

    expect(before.value).toBe("redis-one");
    expect(after.value).toBe("redis-two");
    expect(after.properties).toMatchObject({
      version: set.properties.version,
      enabled: true,
      expiresOn,
      contentType: "text/plain",
      tags: { by: "test" },
      recoveryLevel: "Recoverable+Purgeable",
      recoverableDays: 90,
      vaultUrl: MAIN_URL,
    });
    expect(old.value).toBe("redis-one");
    expect(set.properties.version).not.toBe(before.properties.version);
  });

  it("are found whatever the case of their name, and refused where they are not there", async () => {
    const found = await secrets.getSecret("REDIS-connection-string");

    expect(found.value).toBe("redis-one");
    expect(await refusalOf(secrets.getSecret("missing"))).toBe("404 SecretNotFound");
    expect(await refusalOf(secrets.getSecret("rotated", { version: "0".repeat(32) }))).toBe(
      "404 SecretNotFound",
    );
    expect(await refusalOf(secrets.setSecret("under_score", "x"))).toBe("400 BadParameter");
    expect(await refusalOf(secrets.setSecret("long", "x".repeat(25_601)))).toBe("400 BadParameter");
  });

  it("change what is said about a version without a new one", async () => {
    const { properties } = await secrets.getSecret("rotated");
    await secrets.updateSecretProperties("rotated", properties.version ?? "", {
      enabled: false,
      tags: { owner: "nobody" },
    });
    const versions = await all(secrets.listPropertiesOfSecretVersions("rotated"));

    expect(await refusalOf(secrets.getSecret("rotated"))).toBe("403 Forbidden SecretDisabled");
    expect(versions).toHaveLength(3);
    expect(versions.filter(({ enabled }) => enabled !== true)).toMatchObject([
      { version: properties.version, tags: { owner: "nobody" } },
    ]);
  });

  it("say in lists that they are a certificate's, and leave changes to it", async () => {
    const listed = await all(secrets.listPropertiesOfSecrets());
    const read = await secrets.getSecret("tls");

    expect(listed.map(({ name, managed, enabled }) => [name, managed, enabled])).toEqual([
      ["off", undefined, false],
      ["redis-connection-string", undefined, true],
      ["rotated", undefined, true],
      ["tls", true, true],
    ]);
    expect(read.properties).toMatchObject({ managed: true, contentType: "application/x-pkcs12" });
    const changes = [
      secrets.setSecret("tls", "x"),
      secrets.backupSecret("tls"),
      secrets.beginDeleteSecret("tls"),
    ];
    for (const change of changes) {
      expect(await refusalOf(change)).toBe("403 Forbidden SecretManagedByKeyVault");
    }
  });

  it("come in pages of 25 behind absolute links, short where deleted ones lie between", async () => {
    await reset({
      keyVaults: [
        {
          id: MAIN_ID,
          location: "eastus",
          generate: { count: 60, prefix: "tenant" },
          secrets: [{ name: "tenant-00003-deleted", value: "x", deleted: true }],
        },
      ],
    });
    const token = await azure.tokenFor("https://vault.azure.net");
    const pages: { value: { id: string }[]; nextLink: string | null }[] = [];
    for (let next: string | null = `${MAIN_URL}/secrets?api%2Dversion=7.4`; next !== null;) {
      const { json } = await azure.call("GET", next, { token });
      const page = json<(typeof pages)[number]>();
      pages.push(page);
      next = page.nextLink;
    }
    const listed = await all(secrets.listPropertiesOfSecrets());
    const tooLarge = await azure.call("GET", `${MAIN_URL}/secrets?api-version=7.4&maxresults=26`, {
      token,
    });

    expect(pages.map(({ value }) => value.length)).toEqual([24, 25, 11]);
    expect(pages[0]?.nextLink).toContain(`${MAIN_URL}:443/secrets?api-version=7.4&$skiptoken=`);
    expect(new Set(listed.map(({ name }) => name)).size).toBe(60);
    expect(tooLarge.status).toBe(400);
  });

  it("keep their values out of the log and of the state", async () => {
    await secrets.setSecret("fresh", "not-for-the-log");
    await secrets.getSecret("fresh");
    const log = await azure.steer("GET", "/log?since=0");
    const state = await azure.steer("GET", "/state");

    expect(log.text).toContain("secrets.set");
    expect(log.text + state.text).not.toContain("not-for-the-log");
    expect(state.text).not.toContain("redis-one");
  });
});

describe("deletion", () => {
  it("is soft, takes a moment, keeps the name, and can be undone", async () => {
    const deleting = await secrets.beginDeleteSecret("rotated", { intervalInMs: 50 });
    const refusals = [
      await refusalOf(secrets.getSecret("rotated")),
      await refusalOf(secrets.getDeletedSecret("rotated")),
      await refusalOf(secrets.setSecret("rotated", "x")),
    ];
    await azure.advance(10);
    await deleting.poll();
    const deleted = await secrets.getDeletedSecret("rotated");
    const reuse = await refusalOf(secrets.setSecret("rotated", "x"));
    const recovering = await secrets.beginRecoverDeletedSecret("rotated", { intervalInMs: 50 });
    const early = await refusalOf(secrets.setSecret("rotated", "x"));
    await azure.advance(10);
    await recovering.poll();
    const recovered = await secrets.getSecret("rotated");

    expect(refusals).toEqual([
      "404 SecretNotFound",
      "404 SecretNotFound",
      "409 Conflict ObjectIsBeingDeleted",
    ]);
    expect(deleting.isDone()).toBe(true);
    expect(deleted).toMatchObject({
      name: "rotated",
      recoveryId: `${MAIN_URL}/deletedsecrets/rotated`,
    });
    expect(deleted.value).toBeUndefined();
    expect(reuse).toBe("409 Conflict ObjectIsDeletedButRecoverable");
    expect(early).toBe("409 Conflict ObjectIsBeingRecovered");
    expect(recovering.isDone()).toBe(true);
    expect(recovered.value).toBe("third");
    expect(await all(secrets.listPropertiesOfSecretVersions("rotated"))).toHaveLength(3);
  });

  it("ends after the retention, or with a purge where none protects from it", async () => {
    await secrets.beginDeleteSecret("rotated");
    await secrets.beginDeleteSecret("off");
    const tooEarly = await refusalOf(secrets.purgeDeletedSecret("rotated"));
    await azure.advance(10);
    await secrets.purgeDeletedSecret("rotated");
    const limbo = await refusalOf(secrets.setSecret("rotated", "new"));
    await azure.advance(10);
    await secrets.setSecret("rotated", "new");
    const left: string[] = [];
    for await (const { name } of secrets.listDeletedSecrets()) left.push(name);
    await azure.advance(90 * 24 * 3600);
    // The token of the client is not that old.
    const later = clientsFor(azure).secrets(MAIN);

    expect(tooEarly).toBe("409 Conflict ObjectIsBeingDeleted");
    expect(limbo).toBe("409 Conflict ObjectIsBeingDeleted");
    expect(left).toEqual(["off"]);
    expect(await refusalOf(later.getDeletedSecret("off"))).toBe("404 SecretNotFound");
  });

  it("cannot be made final under purge protection", async () => {
    await reset({
      keyVaults: [
        {
          id: MAIN_ID,
          location: "eastus",
          purgeProtection: true,
          retentionDays: 7,
          secrets: [{ name: "gone", value: "x", deleted: true }],
        },
      ],
      roles: [[ROLES.secretsOfficer, MAIN_ID]],
    });

    expect(await refusalOf(secrets.purgeDeletedSecret("gone"))).toBe("403 Forbidden");
    expect(await secrets.getDeletedSecret("gone")).toMatchObject({
      properties: { recoveryLevel: "CustomizedRecoverable", recoverableDays: 7 },
    });
  });
});

describe("backups", () => {
  beforeEach(async () => {
    await reset({
      keyVaults: [
        {
          id: MAIN_ID,
          location: "eastus",
          secrets: [
            { name: "rotated", versions: [{ value: "first" }, { value: "second" }] },
            { name: "off", value: "hidden", enabled: false },
          ],
        },
        { id: vaultId(WEST, OTHER_GROUP), location: "westus" },
        { id: vaultId(EUROPE), location: "westeurope" },
      ],
    });
  });

  it("carry all versions, also disabled ones, to another vault of the geography", async () => {
    const west = clientsFor(azure).secrets(WEST);
    const blob = (await secrets.backupSecret("rotated")) ?? new Uint8Array();
    const disabled = (await secrets.backupSecret("off")) ?? new Uint8Array();
    const original = await all(secrets.listPropertiesOfSecretVersions("rotated"));
    const restored = await west.restoreSecretBackup(blob);
    await west.restoreSecretBackup(disabled);
    const versions = await all(west.listPropertiesOfSecretVersions("rotated"));

    expect(Buffer.from(blob).toString("latin1")).not.toContain("second");
    expect(restored.name).toBe("rotated");
    expect(versions.map(({ version }) => version).sort()).toEqual(
      original.map(({ version }) => version).sort(),
    );
    expect((await west.getSecret("rotated")).value).toBe("second");
    expect(await refusalOf(west.getSecret("off"))).toBe("403 Forbidden SecretDisabled");
  });

  it("cannot be opened in another geography, nor where they were tampered with", async () => {
    const europe = clientsFor(azure).secrets(EUROPE);
    const blob = (await secrets.backupSecret("rotated")) ?? new Uint8Array();
    const broken = Uint8Array.from(blob, (byte, at) => (at === blob.length - 3 ? byte ^ 1 : byte));

    expect(await refusalOf(europe.restoreSecretBackup(blob))).toBe("400 BadParameter");
    expect(await refusalOf(secrets.restoreSecretBackup(broken))).toBe("400 BadParameter");
    expect(await refusalOf(secrets.restoreSecretBackup(new Uint8Array(99)))).toBe(
      "400 Malformed backup blob",
    );
  });

  it("conflict with a secret of that name, be it deleted", async () => {
    const blob = (await secrets.backupSecret("rotated")) ?? new Uint8Array();
    const existing = await refusalOf(secrets.restoreSecretBackup(blob));
    await secrets.beginDeleteSecret("rotated");
    const deleting = await refusalOf(secrets.restoreSecretBackup(blob));
    await azure.advance(10);
    const deleted = await refusalOf(secrets.restoreSecretBackup(blob));

    expect([existing, deleting, deleted]).toEqual([
      "409 Conflict",
      "409 Conflict ObjectIsBeingDeleted",
      "409 Conflict ObjectIsDeletedButRecoverable",
    ]);
  });

  it("fail for a secret with more than 500 versions", async () => {
    const versions = Array.from({ length: 501 }, (_, n) => ({ value: `v${n}` }));
    await reset({
      keyVaults: [{ id: MAIN_ID, location: "eastus", secrets: [{ name: "busy", versions }] }],
    });

    expect(await refusalOf(secrets.backupSecret("busy"))).toBe("400 BadParameter");
  });
});

describe("who may", () => {
  it("is decided by roles, of which a new one takes its time", async () => {
    const scope = MAIN_ID;
    await reset({
      roles: [
        [ROLES.owner, `/subscriptions/${SUBSCRIPTION}`],
        [ROLES.secretsUser, `${scope}/secrets/rotated`],
      ],
    });
    const own = await secrets.getSecret("rotated");
    const other = await refusalOf(secrets.getSecret("off"));
    const token = await azure.tokenFor("https://management.azure.com");
    await azure.call(
      "PUT",
      `https://management.azure.com${scope}/providers/Microsoft.Authorization/roleAssignments/6a1f0d5e-36a1-5c59-8f0e-0a4d9a3d6c11?api-version=2022-04-01`,
      {
        token,
        body: {
          properties: {
            roleDefinitionId: ROLES.secretsOfficer,
            principalId: "00000000-0000-0000-0000-0000000000b1",
          },
        },
      },
    );
    const early = await refusalOf(secrets.setSecret("rotated", "x"));
    await azure.advance(121);
    const later = await secrets.setSecret("rotated", "x");

    expect(own.value).toBe("third");
    expect(other).toBe("403 Forbidden ForbiddenByRbac");
    expect(early).toBe("403 Forbidden ForbiddenByRbac");
    expect(later.value).toBe("x");
  });

  it("is decided by access policies in a vault that goes by them", async () => {
    const policy = {
      tenantId: "00000000-0000-0000-0000-0000000000a1",
      objectId: "00000000-0000-0000-0000-0000000000b1",
      permissions: { secrets: ["Get"] },
    };
    await reset({
      keyVaults: [
        {
          id: MAIN_ID,
          location: "eastus",
          rbac: false,
          accessPolicies: [policy],
          secrets: [{ name: "one", value: "1" }],
        },
      ],
    });

    expect((await secrets.getSecret("one")).value).toBe("1");
    expect(await refusalOf(secrets.setSecret("one", "2"))).toBe("403 Forbidden ForbiddenByPolicy");
  });

  it("is kept out by the firewall, which says from where the call came", async () => {
    const closed = {
      id: MAIN_ID,
      location: "eastus",
      networkAcls: { defaultAction: "Deny", ipRules: [{ value: "20.1.2.0/24" }] },
      secrets: [{ name: "one", value: "1" }],
    };
    await reset({ keyVaults: [closed], serviceAddress: "20.1.3.4" });
    const outside = await secrets.getSecret("one").catch((error: unknown) => error as Error);
    await reset({ keyVaults: [closed], serviceAddress: "20.1.2.4" });
    const inside = await secrets.getSecret("one");
    await reset({
      keyVaults: [{ ...closed, publicNetworkAccess: "Disabled" }],
      serviceAddress: "20.1.2.4",
    });

    expect((outside as Error).message).toContain("Client address: 20.1.3.4");
    expect(inside.value).toBe("1");
    expect(await refusalOf(secrets.getSecret("one"))).toBe("403 Forbidden ForbiddenByConnection");
  });
});

describe("throttling", () => {
  it("refuses what comes over the limit of a window, and lets it through in the next", async () => {
    await reset({
      keyVaults: [{ id: MAIN_ID, location: "eastus", generate: { count: 3, prefix: "s" } }],
    });
    const token = await azure.tokenFor("https://vault.azure.net");
    const put = (): ReturnType<SimulatorProcess["call"]> =>
      azure.call("PUT", `${MAIN_URL}/secrets/busy?api-version=7.4`, {
        token,
        body: { value: "x" },
      });
    let refused = await put();
    for (let n = 1; n < 2000 && refused.status === 200; n += 1) refused = await put();
    const reading = await secrets.getSecret("s-00001");
    await azure.advance(Number(refused.headers["retry-after"]));
    const next = await put();

    expect(refused.status).toBe(429);
    expect(refused.json()).toMatchObject({ error: { code: "Throttled" } });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect(reading.name).toBe("s-00001");
    expect(next.status).toBe(200);
  });
});

describe("what is not there", () => {
  it("is told apart: other objects are not simulated, other paths do not exist", async () => {
    const token = await azure.tokenFor("https://vault.azure.net");
    const status = async (path: string): Promise<number> =>
      (await azure.call("GET", `${MAIN_URL}${path}`, { token })).status;

    expect(await status("/keys?api-version=7.4")).toBe(501);
    expect(await status("/nothing?api-version=7.4")).toBe(404);
    expect(await status("/secrets")).toBe(400);
    expect(await status("/secrets?api-version=9.9")).toBe(400);
  });
});
