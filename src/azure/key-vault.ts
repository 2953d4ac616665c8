import type {
  DeletedVault,
  KeyVaultManagementClient,
  NetworkRuleSet,
  Vault,
} from "@azure/arm-keyvault" with { "resolution-mode": "import" };
import type { TokenCredential } from "@azure/identity";
import { z } from "zod";
import { terminal } from "../domain/failure.js";
import type { Instant } from "../domain/instant.js";
import { instantOf } from "../domain/instant.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { ArmRest } from "./arm-rest.js";
import type { AzureSettings } from "./azure-settings.js";
import { lookOnce, type OperationState } from "./arm-operation.js";
import { lazily } from "./lazily.js";
import { unlessMissing } from "./unless-missing.js";

/** Who may reach a vault over the network, apart from roles. */
export interface VaultNetwork {
  readonly publicAccess: boolean;
  /** What happens to addresses that no rule names. */
  readonly defaultAction: "Allow" | "Deny";
  readonly trustedServices: boolean;
  /** IPv4 addresses and ranges, as ARM writes them: `20.1.2.3/32`. */
  readonly addresses: readonly string[];
  readonly subnets: readonly string[];
}

/** A vault as ARM shows it. */
export interface VaultView {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  /** Where its secrets are; never built from the name. */
  readonly uri: string;
  /** `RegisteringDns` until the address can be resolved. */
  readonly provisioningState: string;
  readonly sku: "standard" | "premium";
  /** False where access policies decide instead of roles. */
  readonly rolesDecide: boolean;
  readonly purgeProtection: boolean;
  readonly retentionDays: number;
  readonly network: VaultNetwork;
  readonly tags: Readonly<Record<string, string>>;
}

/** A vault in soft deletion. It keeps its name and its secrets; roles assigned at it are gone. */
export interface DeletedVaultView {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly deletedAt: Instant | undefined;
  readonly purgesAt: Instant | undefined;
  readonly purgeProtection: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** Whether a name, which is global, can be had. Names of vaults in soft deletion cannot. */
export type NameAvailability =
  | { readonly available: true }
  | { readonly available: false; readonly reason: "taken" | "invalid"; readonly message: string };

/** A vault to be made: roles decide, and purge protection is on, which cannot be taken back. */
export interface NewVault {
  readonly location: string;
  readonly sku: "standard" | "premium";
  readonly retentionDays: number;
  readonly network: VaultNetwork | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** What can be changed about a vault; what is absent stays. */
export interface VaultChange {
  /** Replaces all network rules. Azure takes minutes to enforce it. */
  readonly network?: VaultNetwork;
  /** Irreversible, so it can only be turned on. */
  readonly purgeProtection?: true;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Key vaults as Resource Manager keeps them. Ids are full ARM ids. */
export interface KeyVaults {
  /** Undefined if there is no such vault, also where it is in soft deletion. */
  vault(id: string): Promise<VaultView | undefined>;
  /** The vault of a subscription that has this address, whoever made it. */
  vaultAt(subscription: string, uri: string): Promise<VaultView | undefined>;
  /** Undefined if no vault of that id is in soft deletion. Needs a role at the subscription. */
  deletedVault(id: string, location: string): Promise<DeletedVaultView | undefined>;
  deletedVaults(subscription: string): Promise<readonly DeletedVaultView[]>;
  nameAvailability(subscription: string, name: string): Promise<NameAvailability>;
  /** Also changes a vault that is there, setting what is not named to its default: look first. */
  startCreation(id: string, vault: NewVault): Promise<string>;
  /** Brings a deleted vault back as it was, in its group and location, without the roles it had. */
  startRecovery(id: string, location: string): Promise<string>;
  operation(id: string, token: string): Promise<OperationState>;
  change(id: string, change: VaultChange): Promise<VaultView>;
  /** Soft deletion; the name stays taken. */
  remove(id: string): Promise<void>;
}

const Subscription = z.looseObject({ tenantId: z.string() });
const SUBSCRIPTION_API_VERSION = "2022-12-01";

export function keyVaults(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
  arm: ArmRest,
): KeyVaults {
  const sdk = lazily(() => import("@azure/arm-keyvault"));
  const clients = new Map<string, () => Promise<KeyVaultManagementClient>>();
  // Repeating is the orchestrator's decision alone; see container-apps.ts.
  const client = (subscription: string): Promise<KeyVaultManagementClient> => {
    const known = clients.get(subscription);
    if (known !== undefined) return known();
    const made = lazily(async () => {
      const { KeyVaultManagementClient } = await sdk();
      return new KeyVaultManagementClient(await credential(), subscription, {
        endpoint: settings.armEndpoint,
        credentials: { scopes: [`${settings.armAudience}/.default`] },
        retryOptions: { maxRetries: 0 },
      });
    });
    clients.set(subscription, made);
    return made();
  };
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });
  const place = (id: string) => {
    const parts = parseResourceId(id);
    if (parts === undefined) throw terminal("invalid-resource-id", `"${id}" is no resource id`);
    return parts;
  };
  // A vault must name the tenant of its subscription, and a deleted one does not show it.
  const tenantOf = async (subscription: string): Promise<string> =>
    Subscription.parse(await arm.get(`/subscriptions/${subscription}`, SUBSCRIPTION_API_VERSION))
      .tenantId;

  return {
    async vault(id) {
      const { subscription, group, name } = place(id);
      const azure = await client(subscription);
      return unlessMissing(
        async () => viewOf(await azure.vaults.get(group, name, limit())),
        ["ResourceNotFound", "ResourceGroupNotFound"],
      );
    },

    async vaultAt(subscription, uri) {
      const azure = await client(subscription);
      for await (const vault of azure.vaults.listBySubscription(limit())) {
        if (sameAddress(vault.properties.vaultUri ?? "", uri)) return viewOf(vault);
      }
      return undefined;
    },

    async deletedVault(id, location) {
      const { subscription, name } = place(id);
      const azure = await client(subscription);
      const found = await unlessMissing(
        async () => deletedViewOf(await azure.vaults.getDeleted(name, location, limit())),
        ["DeletedVaultNotFound", "ResourceNotFound"],
      );
      // Names are global: a deleted vault of another group has taken this one's.
      return found?.id.toLowerCase() === id.toLowerCase() ? found : undefined;
    },

    async deletedVaults(subscription) {
      const azure = await client(subscription);
      const found: DeletedVaultView[] = [];
      for await (const vault of azure.vaults.listDeleted(limit())) found.push(deletedViewOf(vault));
      return found;
    },

    async nameAvailability(subscription, name) {
      const azure = await client(subscription);
      const { nameAvailable, reason, message } = await azure.vaults.checkNameAvailability(
        { name, type: "Microsoft.KeyVault/vaults" },
        limit(),
      );
      if (nameAvailable === true) return { available: true };
      return {
        available: false,
        reason: reason === "AccountNameInvalid" ? "invalid" : "taken",
        message: message ?? "",
      };
    },

    async startCreation(id, { location, sku, retentionDays, network, tags }) {
      const { subscription, group, name } = place(id);
      const [azure, tenantId] = await Promise.all([client(subscription), tenantOf(subscription)]);
      const poller = azure.vaults.createOrUpdate(
        group,
        name,
        {
          location,
          tags: { ...tags },
          properties: {
            tenantId,
            sku: { family: "A", name: sku },
            accessPolicies: [],
            enableRbacAuthorization: true,
            enablePurgeProtection: true,
            softDeleteRetentionInDays: retentionDays,
            ...(network && networkProperties(network)),
          },
        },
        limit(),
      );
      await poller.submitted();
      return poller.serialize();
    },

    async startRecovery(id, location) {
      const { subscription, group, name } = place(id);
      const [azure, tenantId] = await Promise.all([client(subscription), tenantOf(subscription)]);
      const poller = azure.vaults.createOrUpdate(
        group,
        name,
        {
          location,
          properties: {
            tenantId,
            sku: { family: "A", name: "standard" },
            createMode: "recover",
          },
        },
        limit(),
      );
      await poller.submitted();
      return poller.serialize();
    },

    async operation(id, token) {
      const { subscription } = place(id);
      const azure = await client(subscription);
      const { restorePoller } = await sdk();
      const poller = restorePoller(azure, token, azure.vaults.createOrUpdate.bind(azure.vaults));
      return lookOnce(poller, limit());
    },

    async change(id, { network, purgeProtection, tags }) {
      const { subscription, group, name } = place(id);
      const azure = await client(subscription);
      const changed = await azure.vaults.update(
        group,
        name,
        {
          ...(tags && { tags: { ...tags } }),
          properties: {
            ...(purgeProtection && { enablePurgeProtection: true }),
            ...(network && networkProperties(network)),
          },
        },
        limit(),
      );
      return viewOf(changed);
    },

    async remove(id) {
      const { subscription, group, name } = place(id);
      await (await client(subscription)).vaults.delete(group, name, limit());
    },
  };
}

/** Whether two texts are one vault's address; a slash at the end makes no difference. */
export const sameAddress = (one: string, other: string): boolean =>
  one.replace(/\/+$/, "").toLowerCase() === other.replace(/\/+$/, "").toLowerCase();

function networkProperties(network: VaultNetwork): {
  publicNetworkAccess: string;
  networkAcls: NetworkRuleSet;
} {
  return {
    publicNetworkAccess: network.publicAccess ? "Enabled" : "Disabled",
    networkAcls: {
      bypass: network.trustedServices ? "AzureServices" : "None",
      defaultAction: network.defaultAction,
      ipRules: network.addresses.map((value) => ({ value })),
      virtualNetworkRules: network.subnets.map((id) => ({ id })),
    },
  };
}

function viewOf({ id, name, location, tags, properties }: Vault): VaultView {
  const { networkAcls } = properties;
  return {
    id: id ?? "",
    name: name ?? "",
    location: location ?? "",
    uri: properties.vaultUri ?? "",
    provisioningState: properties.provisioningState ?? "Unknown",
    sku: properties.sku.name,
    rolesDecide: properties.enableRbacAuthorization ?? false,
    purgeProtection: properties.enablePurgeProtection ?? false,
    retentionDays: properties.softDeleteRetentionInDays ?? 90,
    network: {
      publicAccess: properties.publicNetworkAccess?.toLowerCase() !== "disabled",
      // Without rules everybody gets through.
      defaultAction: networkAcls?.defaultAction === "Deny" ? "Deny" : "Allow",
      trustedServices: networkAcls?.bypass !== "None",
      addresses: (networkAcls?.ipRules ?? []).map(({ value }) => value),
      subnets: (networkAcls?.virtualNetworkRules ?? []).map((rule) => rule.id),
    },
    tags: { ...tags },
  };
}

function deletedViewOf({ name, properties }: DeletedVault): DeletedVaultView {
  return {
    id: properties?.vaultId ?? "",
    name: name ?? "",
    location: properties?.location ?? "",
    deletedAt: properties?.deletionDate && instantOf(properties.deletionDate),
    purgesAt: properties?.scheduledPurgeDate && instantOf(properties.scheduledPurgeDate),
    purgeProtection: properties?.purgeProtectionEnabled ?? false,
    tags: { ...properties?.tags },
  };
}
