import type { RedisManagementClient } from "@azure/arm-rediscache" with {
  "resolution-mode": "import",
};
import type { TokenCredential } from "@azure/identity";
import { terminal } from "../domain/failure.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";

/** The SDK of Azure Cache for Redis: one client for each subscription, made when it is first needed. */
export function redisManagement(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): (subscription: string) => Promise<RedisManagementClient> {
  const clients = new Map<string, () => Promise<RedisManagementClient>>();
  // Repeating is the orchestrator's decision alone; see container-apps.ts.
  return (subscription) => {
    const known = clients.get(subscription);
    if (known !== undefined) return known();
    const made = lazily(async () => {
      const { RedisManagementClient } = await import("@azure/arm-rediscache");
      return new RedisManagementClient(await credential(), subscription, {
        endpoint: settings.armEndpoint,
        credentialScopes: [`${settings.armAudience}/.default`],
        retryOptions: { maxRetries: 0 },
      });
    });
    clients.set(subscription, made);
    return made();
  };
}

/** A cache by its id, as the SDK wants it: the client of its subscription, group and name. */
export async function cacheFor(
  client: (subscription: string) => Promise<RedisManagementClient>,
  id: string,
) {
  const parts = parseResourceId(id);
  if (parts === undefined) throw terminal("invalid-resource-id", `"${id}" is no resource id`);
  return { azure: await client(parts.subscription), group: parts.group, name: parts.name };
}
