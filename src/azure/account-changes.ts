import type { TokenCredential } from "@azure/identity";
import { parseResourceId } from "../domain/resource-id.js";
import { lookOnce, type OperationState } from "./arm-operation.js";
import type { AzureSettings } from "./azure-settings.js";
import { accountFor, storageManagement } from "./storage-management.js";

/** A storage account to be made. Nobody reads its blobs without a role, and only over TLS 1.2. */
export interface NewAccount {
  readonly location: string;
  /** `Standard_GZRS` and the like; Azure refuses what the region does not offer. */
  readonly sku: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Whether a name, which is global, can be had. */
export type AccountName =
  { readonly available: true } | { readonly available: false; readonly why: string };

/** What recoveries change about storage accounts. Ids are full ARM ids. */
export interface AccountChanges {
  nameAvailability(subscription: string, name: string): Promise<AccountName>;
  startCreation(id: string, account: NewAccount): Promise<string>;
  /**
   * Makes the other region the primary one. Unplanned, what is not copied yet is lost, and the account
   * is locally redundant afterwards. Called again it goes back: look first, each time.
   */
  startFailover(id: string, kind: "unplanned" | "planned"): Promise<string>;
  /** Changes how the account is replicated, as far as that is a setting. */
  setSku(id: string, sku: string): Promise<void>;
  operation(id: string, token: string): Promise<OperationState>;
}

export function accountChanges(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): AccountChanges {
  const client = storageManagement(settings, credential);
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });
  const place = (id: string) => accountFor(client, id);

  return {
    async nameAvailability(subscription, name) {
      const azure = await client(subscription);
      const wanted = { name, type: "Microsoft.Storage/storageAccounts" as const };
      const { nameAvailable, reason, message } = await azure.storageAccounts.checkNameAvailability(
        wanted,
        limit(),
      );
      if (nameAvailable === true) return { available: true };
      return { available: false, why: message ?? reason ?? "it cannot be had" };
    },

    async startCreation(id, { location, sku, tags }) {
      const { azure, group, name } = await place(id);
      const poller = azure.storageAccounts.create(
        group,
        name,
        {
          location,
          kind: "StorageV2",
          sku: { name: sku },
          tags: { ...tags },
          allowBlobPublicAccess: false,
          enableHttpsTrafficOnly: true,
          minimumTlsVersion: "TLS1_2",
        },
        limit(),
      );
      await poller.submitted();
      return poller.serialize();
    },

    async startFailover(id, kind) {
      const { azure, group, name } = await place(id);
      const poller = azure.storageAccounts.failover(group, name, {
        ...limit(),
        ...(kind === "planned" ? { failoverType: "Planned" as const } : {}),
      });
      await poller.submitted();
      return poller.serialize();
    },

    async setSku(id, sku) {
      const { azure, group, name } = await place(id);
      await azure.storageAccounts.update(group, name, { sku: { name: sku } }, limit());
    },

    async operation(id, token) {
      const { subscription = "" } = parseResourceId(id) ?? {};
      const azure = await client(subscription);
      const { restorePoller } = await import("@azure/arm-storage");
      const begun = (JSON.parse(token) as { state?: { config?: { initialRequestUrl?: string } } })
        .state?.config?.initialRequestUrl;
      const isFailover = begun?.includes("/failover") ?? false;
      const poller = isFailover
        ? restorePoller(azure, token, azure.storageAccounts.failover.bind(azure.storageAccounts))
        : restorePoller(azure, token, azure.storageAccounts.create.bind(azure.storageAccounts));
      return lookOnce(poller, limit());
    },
  };
}
