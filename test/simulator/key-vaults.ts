import { KeyVaultManagementClient } from "@azure/arm-keyvault";
import { SecretClient } from "@azure/keyvault-secrets";
import { smallSeed } from "../../simulator/seeds/small.js";
import { SUBSCRIPTION } from "./names.js";
import type { SimulatorProcess } from "./simulator-process.js";

/** The principals that the tests of vaults act as. */
export const SERVICE = "00000000-0000-0000-0000-0000000000b1";
export const APP = "00000000-0000-0000-0000-0000000000b7";
const APP_CLIENT = "00000000-0000-0000-0000-0000000000c7";
export const TENANT = "00000000-0000-0000-0000-0000000000a1";

export const ROLES = {
  contributor: "f25e0fa2-a7c8-4377-a976-54943a77a395",
  secretsOfficer: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
  secretsUser: "4633458b-17de-408a-b874-0445c86b69e6",
  purgeOperator: "a68e7c17-0ab2-4c09-9a58-125dae29748c",
  dataAccess: "8b54135c-b56d-4d72-a534-26097cfdc8d8",
  owner: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
};

const SUBSCRIPTION_ID = `/subscriptions/${SUBSCRIPTION}`;
export const GROUP = "mcp-server-prod";
const GROUP_ID = `${SUBSCRIPTION_ID}/resourceGroups/${GROUP}`;

export const vaultId = (name: string, group = GROUP): string =>
  `${SUBSCRIPTION_ID}/resourceGroups/${group}/providers/Microsoft.KeyVault/vaults/${name}`;
export const MAIN = "mcp-server-prod-kv";
export const MAIN_ID = vaultId(MAIN);

interface VaultSeed {
  readonly id: string;
  readonly location: string;
  readonly [member: string]: unknown;
}

const mainVault: VaultSeed = {
  id: MAIN_ID,
  location: "eastus",
  secrets: [
    { name: "redis-connection-string", value: "redis-one", contentType: "text/plain" },
    {
      name: "rotated",
      versions: [{ value: "first" }, { value: "second" }, { value: "third" }],
      tags: { owner: "mcp" },
    },
    { name: "off", value: "hidden", enabled: false },
    { name: "tls", value: "certificate", managed: true },
  ],
};

/** A seed with vaults; the service may do everything to them that a recovery needs. */
export function vaultSeed(
  more: {
    readonly keyVaults?: readonly VaultSeed[];
    readonly deletedVaults?: readonly VaultSeed[];
    readonly roles?: readonly (readonly [role: string, scope: string, principal?: string])[];
    readonly serviceAddress?: string;
  } = {},
): unknown {
  const [identity] = smallSeed.identities;
  const roles = more.roles ?? [
    [ROLES.contributor, SUBSCRIPTION_ID],
    [ROLES.secretsOfficer, SUBSCRIPTION_ID],
    [ROLES.dataAccess, SUBSCRIPTION_ID],
    [ROLES.secretsUser, GROUP_ID, APP],
  ];
  return {
    ...smallSeed,
    identities: [
      { ...identity, ...(more.serviceAddress && { outboundAddress: more.serviceAddress }) },
      {
        clientId: APP_CLIENT,
        principalId: APP,
        resourceId: `${GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app`,
      },
    ],
    roleAssignments: roles.map(([roleDefinitionId, scope, principalId = SERVICE]) => ({
      roleDefinitionId,
      scope,
      principalId,
    })),
    keyVaults: more.keyVaults ?? [mainVault],
    deletedVaults: more.deletedVaults ?? [],
  };
}

/** Real clients that reach the simulator; without retries of their own, so that refusals are seen. */
export function clientsFor(azure: SimulatorProcess): {
  readonly management: KeyVaultManagementClient;
  secrets(vault: string): SecretClient;
} {
  const credential = {
    getToken: async (scopes: string | string[]) => {
      const [scope = ""] = [scopes].flat();
      const token = await azure.tokenFor(scope.replace(/\/\.default$/, ""));
      return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  };
  const options = { agent: azure.agent, retryOptions: { maxRetries: 0 } };
  return {
    management: new KeyVaultManagementClient(credential, SUBSCRIPTION, options),
    secrets: (vault) => new SecretClient(`https://${vault}.vault.azure.net`, credential, options),
  };
}

/** What a refused call said: status, code and the code within. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { statusCode, code, details } = error as {
      statusCode?: number;
      code?: string;
      details?: { error?: { innerError?: { code?: string } } };
    };
    const inner = details?.error?.innerError?.code;
    return `${statusCode ?? "no answer"} ${code ?? ""}${inner === undefined ? "" : ` ${inner}`}`;
  }
  return "no refusal";
}
