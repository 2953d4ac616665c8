import { connect as open } from "node:net";
import { type KeyVaultManagementClient, restorePoller } from "@azure/arm-keyvault";
import {
  clientsFor,
  GROUP,
  MAIN,
  MAIN_ID,
  refusalOf,
  ROLES,
  SERVICE,
  TENANT,
  vaultId,
  vaultSeed,
} from "./key-vaults.js";
import { ARM, arm, SUBSCRIPTION } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let management: KeyVaultManagementClient;
let token: string;

const NEW = "mcp-server-prod-kv-dr";
const SUBSCRIPTION_ID = `/subscriptions/${SUBSCRIPTION}`;
const properties = { tenantId: TENANT, sku: { family: "A", name: "standard" } } as const;

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
  ({ management } = clientsFor(azure));
  token = await azure.tokenFor(ARM);
}

/** A PUT as it is: the client's own would wait for the end. */
function put(name: string, body: unknown, version = "2026-02-01"): Promise<Reply> {
  return azure.call("PUT", arm(vaultId(name), version), { token, body });
}

async function codeOf(reply: Promise<Reply>): Promise<string> {
  const { status, json } = await reply;
  return status < 400
    ? String(status)
    : `${status} ${json<{ error: { code: string } }>().error.code}`;
}

async function names(found: AsyncIterable<{ name?: string }>): Promise<(string | undefined)[]> {
  const listed: (string | undefined)[] = [];
  for await (const { name } of found) listed.push(name);
  return listed;
}

describe("a vault", () => {
  it("is shown with its address and settings, and listed", async () => {
    const shown = await management.vaults.get(GROUP, MAIN);

    expect(shown).toMatchObject({
      id: MAIN_ID,
      location: "eastus",
      properties: {
        vaultUri: `https://${MAIN}.vault.azure.net/`,
        provisioningState: "Succeeded",
        enableRbacAuthorization: true,
        enableSoftDelete: true,
        softDeleteRetentionInDays: 90,
        publicNetworkAccess: "Enabled",
      },
    });
    expect(shown.properties.enablePurgeProtection).toBeUndefined();
    expect(await names(management.vaults.listBySubscription())).toEqual([MAIN]);
    expect(await names(management.vaults.listByResourceGroup(GROUP))).toEqual([MAIN]);
    expect(await names(management.vaults.list())).toEqual([MAIN]);
    expect(await refusalOf(management.vaults.get(GROUP, "other-vault"))).toBe(
      "404 ResourceNotFound",
    );
  });

  it("is made over a while in which its name cannot be resolved", async () => {
    const poller = management.vaults.createOrUpdate(GROUP, NEW, {
      location: "westus",
      properties: { ...properties, enablePurgeProtection: true, softDeleteRetentionInDays: 30 },
    });
    await poller.submitted();
    const stored = await poller.serialize();
    const { properties: early } = await management.vaults.get(GROUP, NEW);
    const unresolved = await connect(NEW);
    await azure.advance(46);
    const done = await restorePoller(
      management,
      stored,
      management.vaults.createOrUpdate.bind(management.vaults),
    ).poll();

    expect(early.provisioningState).toBe("RegisteringDns");
    expect(unresolved).toContain("cannot be resolved");
    expect(done.status).toBe("succeeded");
    expect(done.result).toMatchObject({
      name: NEW,
      properties: { provisioningState: "Succeeded", enablePurgeProtection: true },
    });
    expect(await connect(NEW)).toContain("200");
  });

  it.each([
    ["no tenant", { properties: { sku: properties.sku } }, "400 BadRequest"],
    ["a foreign tenant", { properties: { ...properties, tenantId: SERVICE } }, "400 BadRequest"],
    ["no sku", { properties: { tenantId: TENANT } }, "400 BadRequest"],
    [
      "purge protection turned off",
      { properties: { ...properties, enablePurgeProtection: false } },
      "400 BadRequest",
    ],
    [
      "a retention of three days",
      { properties: { ...properties, softDeleteRetentionInDays: 3 } },
      "400 BadRequest",
    ],
    [
      "an address that is none",
      { properties: { ...properties, networkAcls: { ipRules: [{ value: "300.1.1.1" }] } } },
      "400 BadRequest",
    ],
    [
      "an unknown member",
      { properties: { ...properties, softDelete: true } },
      "400 InvalidRequestContent",
    ],
    [
      "a region that does not exist",
      { location: "atlantis", properties },
      "400 LocationNotAvailableForResourceType",
    ],
  ])("cannot be made with %s", async (_case, body, refusal) => {
    expect(await codeOf(put(NEW, { location: "westus", ...body }))).toBe(refusal);
  });

  it("needs a good name that nobody has, in soft deletion either", async () => {
    await reset({
      deletedVaults: [{ id: vaultId("deleted-vault"), location: "eastus" }],
    });
    const free = async (name: string): Promise<unknown> => {
      const { nameAvailable, reason } = await management.vaults.checkNameAvailability({
        name,
        type: "Microsoft.KeyVault/vaults",
      });
      return reason ?? nameAvailable;
    };
    const body = { location: "eastus", properties };
    const elsewhere = vaultId(MAIN, "mcp-dr");

    expect(await free(NEW)).toBe(true);
    expect(await free(MAIN.toUpperCase())).toBe("AlreadyExists");
    expect(await free("deleted-vault")).toBe("AlreadyExists");
    expect(await free("twenty-five-characters-lo")).toBe("AccountNameInvalid");
    expect(await codeOf(put("double--hyphen", body))).toBe("400 VaultNameNotValid");
    expect(await codeOf(put("deleted-vault", body))).toBe("409 ConflictError");
    expect(await codeOf(azure.call("PUT", arm(elsewhere, "2026-02-01"), { token, body }))).toBe(
      "409 VaultAlreadyExists",
    );
    expect(await codeOf(put(MAIN, { ...body, location: "westus" }))).toBe(
      "409 InvalidResourceLocation",
    );
  });

  it("decides by roles unless an older version of the interface leaves that open", async () => {
    const body = { location: "westus", properties };
    const older = await codeOf(put("older-vault", body, "2023-07-01"));
    const withPolicies = await put(
      "older-vault",
      { ...body, properties: { ...properties, accessPolicies: [] } },
      "2023-07-01",
    );
    const newer = await put(NEW, body);

    expect(older).toBe("400 BadRequest");
    expect(withPolicies.json()).toMatchObject({ properties: { enableRbacAuthorization: false } });
    expect(newer.json()).toMatchObject({ properties: { enableRbacAuthorization: true } });
  });

  it("loses by PUT what is not sent, and by PATCH only what is", async () => {
    await management.vaults.update(GROUP, MAIN, {
      tags: { owner: "mcp" },
      properties: {
        enablePurgeProtection: true,
        networkAcls: { defaultAction: "Deny", ipRules: [{ value: "20.1.2.3" }] },
      },
    });
    const patched = await management.vaults.get(GROUP, MAIN);
    const again = await put(MAIN, { location: "eastus", properties });
    const refusals = [
      await codeOf(
        put(MAIN, {
          location: "eastus",
          properties: { ...properties, softDeleteRetentionInDays: 7 },
        }),
      ),
      await refusalOf(
        management.vaults.update(GROUP, MAIN, { properties: { enablePurgeProtection: false } }),
      ),
    ];

    expect(patched).toMatchObject({
      tags: { owner: "mcp" },
      properties: {
        enablePurgeProtection: true,
        networkAcls: { defaultAction: "Deny", ipRules: [{ value: "20.1.2.3/32" }] },
      },
    });
    expect(again.json()).toMatchObject({ tags: {}, properties: { enablePurgeProtection: true } });
    expect(again.json<{ properties: object }>().properties).not.toHaveProperty("networkAcls");
    expect(refusals).toEqual(["400 BadRequest", "400 BadRequest"]);
  });

  it("lets changed network rules come into force after a while", async () => {
    const secrets = clientsFor(azure).secrets(MAIN);
    await management.vaults.update(GROUP, MAIN, {
      properties: { networkAcls: { defaultAction: "Deny" } },
    });
    const early = await secrets.getSecret("rotated");
    await azure.advance(31);
    const later = await refusalOf(secrets.getSecret("rotated"));

    expect(early.value).toBe("third");
    expect(later).toBe("403 Forbidden ForbiddenByFirewall");
  });

  it("lets rules that were changed back come into force after those before them", async () => {
    const secrets = clientsFor(azure).secrets(MAIN);
    const networkAcls = async (defaultAction: "Allow" | "Deny"): Promise<void> => {
      await management.vaults.update(GROUP, MAIN, {
        properties: { networkAcls: { defaultAction } },
      });
    };
    await networkAcls("Allow");
    await azure.advance(31);
    await networkAcls("Deny");
    await azure.advance(10);
    await networkAcls("Allow");
    await azure.advance(21);
    const between = await refusalOf(secrets.getSecret("rotated"));
    await azure.advance(10);

    expect(between).toBe("403 Forbidden ForbiddenByFirewall");
    expect((await secrets.getSecret("rotated")).value).toBe("third");
  });

  it("is registered anew when it is recovered in the middle of its making", async () => {
    const body = { location: "eastus", properties };
    await put(NEW, body);
    await azure.advance(40);
    await management.vaults.delete(GROUP, NEW);
    await put(NEW, { ...body, properties: { ...properties, createMode: "recover" } });
    await azure.advance(10);
    const early = await management.vaults.get(GROUP, NEW);
    await azure.advance(51);
    const later = await management.vaults.get(GROUP, NEW);

    expect(early.properties.provisioningState).toBe("RegisteringDns");
    expect(later.properties.provisioningState).toBe("Succeeded");
  });
});

describe("a deleted vault", () => {
  const recovery = {
    location: "eastus",
    properties: { ...properties, createMode: "recover" },
  } as const;

  it("goes out of use with its roles, keeps its secrets, and comes back without the roles", async () => {
    await reset({
      roles: [
        [ROLES.contributor, SUBSCRIPTION_ID],
        [ROLES.secretsOfficer, MAIN_ID],
      ],
    });
    const secrets = clientsFor(azure).secrets(MAIN);
    await secrets.getSecret("rotated");
    await management.vaults.delete(GROUP, MAIN);
    const gone = await refusalOf(secrets.getSecret("rotated"));
    const unresolved = await connect(MAIN);
    const deleted = await management.vaults.getDeleted(MAIN, "eastus");
    await azure.advance(6);
    const listed = await names(management.vaults.listDeleted());
    const wrongPlace = await codeOf(put(MAIN, { ...recovery, location: "westus" }));
    const recovered = await put(MAIN, recovery);
    await azure.advance(61);
    const without = await refusalOf(secrets.getSecret("rotated"));

    // A connection that was there before still reaches the service, which has no such vault any more.
    expect(gone).toBe("404 VaultNotFound");
    expect(unresolved).toContain("cannot be resolved");
    expect(deleted.properties).toMatchObject({ vaultId: MAIN_ID, location: "eastus" });
    const { deletionDate, scheduledPurgeDate } = deleted.properties ?? {};
    expect(Number(scheduledPurgeDate) - Number(deletionDate)).toBe(90 * 24 * 3600 * 1000);
    expect(listed).toEqual([MAIN]);
    expect(wrongPlace).toBe("400 SoftDeletedVaultDoesNotExist");
    expect(recovered.json()).toMatchObject({ properties: { provisioningState: "RegisteringDns" } });
    expect(without).toBe("403 Forbidden ForbiddenByRbac");
    expect((await azure.steer("GET", "/state")).json()).toMatchObject({
      keyVaults: [{ id: MAIN_ID, secrets: 4 }],
      deletedVaults: [],
    });
  });

  it("comes back as it was, whatever else is sent", async () => {
    await management.vaults.update(GROUP, MAIN, {
      tags: { owner: "mcp" },
      properties: { networkAcls: { defaultAction: "Deny", ipRules: [{ value: "20.1.2.3" }] } },
    });
    await management.vaults.delete(GROUP, MAIN);
    const recovered = await put(MAIN, {
      ...recovery,
      tags: {},
      properties: { ...recovery.properties, networkAcls: { defaultAction: "Allow" } },
    });

    expect(recovered.json()).toMatchObject({
      tags: { owner: "mcp" },
      properties: { networkAcls: { defaultAction: "Deny", ipRules: [{ value: "20.1.2.3/32" }] } },
    });
    expect(await codeOf(put(MAIN, recovery))).toBe("400 SoftDeletedVaultDoesNotExist");
  });

  it("is seen and recovered only with a role at the subscription", async () => {
    await reset({ roles: [[ROLES.contributor, `${SUBSCRIPTION_ID}/resourceGroups/${GROUP}`]] });
    await management.vaults.delete(GROUP, MAIN);

    expect(await refusalOf(management.vaults.getDeleted(MAIN, "eastus"))).toBe(
      "403 AuthorizationFailed",
    );
    expect(await codeOf(put(MAIN, recovery))).toBe("403 AuthorizationFailed");
  });

  it("is purged by whoever has that role, unless it is protected", async () => {
    await reset({
      keyVaults: [],
      deletedVaults: [
        { id: vaultId("plain-vault"), location: "eastus" },
        {
          id: vaultId("safe-vault"),
          location: "eastus",
          purgeProtection: true,
          deletedDaysAgo: 89,
        },
      ],
    });
    const withoutRole = await refusalOf(management.vaults.purgeDeleted("plain-vault", "eastus"));
    await reset({
      keyVaults: [],
      roles: [
        [ROLES.contributor, SUBSCRIPTION_ID],
        [ROLES.purgeOperator, SUBSCRIPTION_ID],
      ],
      deletedVaults: [
        { id: vaultId("plain-vault"), location: "eastus" },
        {
          id: vaultId("safe-vault"),
          location: "eastus",
          purgeProtection: true,
          deletedDaysAgo: 89,
        },
      ],
    });
    const protectedOne = await refusalOf(management.vaults.purgeDeleted("safe-vault", "eastus"));
    const poller = management.vaults.purgeDeleted("plain-vault", "eastus", {
      updateIntervalInMs: 10,
    });
    await poller.submitted();
    const { status: first } = await poller.poll();
    await azure.advance(31);
    const { status: last } = await poller.poll();
    await azure.advance(24 * 3600);
    ({ management } = clientsFor(azure));

    expect(withoutRole).toBe("403 AuthorizationFailed");
    expect(protectedOne).toBe("405 MethodNotAllowed");
    expect([first, last]).toEqual(["running", "succeeded"]);
    expect(await refusalOf(management.vaults.getDeleted("plain-vault", "eastus"))).toBe(
      "404 DeletedVaultNotFound",
    );
    // The end of its retention is the end of the protected one.
    expect(await refusalOf(management.vaults.getDeleted("safe-vault", "eastus"))).toBe(
      "404 DeletedVaultNotFound",
    );
  });
});

describe("access to a vault's data", () => {
  it("can be granted by its administrator, other roles cannot", async () => {
    const assign = (name: string, role: string): Promise<string> =>
      codeOf(
        azure.call(
          "PUT",
          arm(`${MAIN_ID}/providers/Microsoft.Authorization/roleAssignments/${name}`, "2022-04-01"),
          { token, body: { properties: { roleDefinitionId: role, principalId: SERVICE } } },
        ),
      );

    expect(await assign("6a1f0d5e-36a1-5c59-8f0e-0a4d9a3d6c11", ROLES.secretsUser)).toBe("201");
    expect(await assign("6a1f0d5e-36a1-5c59-8f0e-0a4d9a3d6c12", ROLES.contributor)).toBe(
      "403 AuthorizationFailed",
    );
  });
});

/** What the proxy answers to a CONNECT for a vault's name. */
function connect(vault: string): Promise<string> {
  const { hostname, port } = new URL(azure.env["HTTPS_PROXY"] ?? "");
  return new Promise((resolve, reject) => {
    const socket = open(Number(port), hostname, () => {
      socket.write(`CONNECT ${vault}.vault.azure.net:443 HTTP/1.1\r\n\r\n`);
    });
    socket.once("data", (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.once("error", reject);
  });
}
