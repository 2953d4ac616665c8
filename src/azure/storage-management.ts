import type { StorageManagementClient } from "@azure/arm-storage" with {
  "resolution-mode": "import",
};
import type { TokenCredential } from "@azure/identity";
import { terminal } from "../domain/failure.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";

/** The SDK of storage accounts: one client for each subscription, made when it is first needed. */
export function storageManagement(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): (subscription: string) => Promise<StorageManagementClient> {
  const clients = new Map<string, () => Promise<StorageManagementClient>>();
  // Repeating is the orchestrator's decision alone: a failover that is sent twice fails back.
  return (subscription) => {
    const known = clients.get(subscription);
    if (known !== undefined) return known();
    const made = lazily(async () => {
      const { StorageManagementClient } = await import("@azure/arm-storage");
      return new StorageManagementClient(await credential(), subscription, {
        endpoint: settings.armEndpoint,
        credentials: { scopes: [`${settings.armAudience}/.default`] },
        retryOptions: { maxRetries: 0 },
      });
    });
    clients.set(subscription, made);
    return made();
  };
}

/** An account by its id, as the SDK wants it: the client of its subscription, group and name. */
export async function accountFor(
  client: (subscription: string) => Promise<StorageManagementClient>,
  id: string,
) {
  const parts = parseResourceId(id);
  if (parts === undefined) throw terminal("invalid-resource-id", `"${id}" is no resource id`);
  return { azure: await client(parts.subscription), group: parts.group, name: parts.name };
}
