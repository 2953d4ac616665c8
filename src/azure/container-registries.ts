import type {
  ContainerRegistryManagementClient,
  Registry,
} from "@azure/arm-containerregistry" with {
  "resolution-mode": "import",
};
import type { ContainerRegistryContentClient } from "@azure/container-registry" with {
  "resolution-mode": "import",
};
import type { TokenCredential } from "@azure/identity";
import { terminal } from "../domain/failure.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";
import { shortRegion } from "./redis-caches.js";
import { unlessMissing } from "./unless-missing.js";

/** A container registry as ARM shows it. */
export interface RegistryView {
  readonly id: string;
  readonly name: string;
  /** The host that images are pulled from. It is the same in all regions. */
  readonly loginServer: string;
  /** `Basic`, `Standard`, `Premium`; only the last is replicated and has a retention policy. */
  readonly sku: string;
  /** The regions that images are served from, its own first. */
  readonly regions: readonly string[];
  /** How long a manifest without a tag is kept; undefined: for ever, since the policy is off. */
  readonly retentionDays: number | undefined;
}

/** Azure Container Registry: registries as ARM keeps them, and the images within. */
export interface ContainerRegistries {
  /** Undefined if there is no such registry. */
  registry(id: string): Promise<RegistryView | undefined>;
  /** The digest of what can be pulled under a tag or digest; undefined if there is no such image. */
  digest(loginServer: string, repository: string, reference: string): Promise<string | undefined>;
  /** Turns the retention policy on, with that many days. Azure takes it for the tier Premium alone. */
  setRetention(id: string, days: number): Promise<void>;
}

export function containerRegistries(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): ContainerRegistries {
  const management = new Map<string, () => Promise<ContainerRegistryManagementClient>>();
  const contents = new Map<string, () => Promise<ContainerRegistryContentClient>>();
  // Repeating is the orchestrator's decision alone; see container-apps.ts.
  const client = (subscription: string): Promise<ContainerRegistryManagementClient> =>
    once(management, subscription, async () => {
      const { ContainerRegistryManagementClient } = await import("@azure/arm-containerregistry");
      return new ContainerRegistryManagementClient(await credential(), subscription, {
        endpoint: settings.armEndpoint,
        credentials: { scopes: [`${settings.armAudience}/.default`] },
        retryOptions: { maxRetries: 0 },
      });
    });
  // The SDK changes its Entra token for one of the registry's, when the registry asks for that.
  const content = (
    loginServer: string,
    repository: string,
  ): Promise<ContainerRegistryContentClient> =>
    once(contents, `${loginServer}/${repository}`, async () => {
      const { ContainerRegistryContentClient } = await import("@azure/container-registry");
      const { registryAudience: audience } = settings;
      return new ContainerRegistryContentClient(
        `https://${loginServer}`,
        repository,
        await credential(),
        { audience, retryOptions: { maxRetries: 0 } },
      );
    });
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });
  const place = async (id: string) => {
    const parts = parseResourceId(id);
    if (parts === undefined) throw terminal("invalid-resource-id", `"${id}" is no resource id`);
    return { azure: await client(parts.subscription), group: parts.group, name: parts.name };
  };

  return {
    async registry(id) {
      const { azure, group, name } = await place(id);
      const found = await unlessMissing(() => azure.registries.get(group, name, limit()));
      if (found === undefined) return undefined;
      const regions = new Set([shortRegion(found.location)]);
      if (found.sku.name === "Premium") {
        for await (const replication of azure.replications.list(group, name, limit())) {
          const { location, provisioningState, regionEndpointEnabled } = replication;
          // One without its endpoint takes part in the copying, and serves nobody.
          const serves = provisioningState === "Succeeded" && regionEndpointEnabled !== false;
          if (serves) regions.add(shortRegion(location));
        }
      }
      return viewOf(id, name, found, [...regions]);
    },

    digest: (loginServer, repository, reference) =>
      unlessMissing(async () => {
        const images = await content(loginServer, repository);
        return (await images.getManifest(reference, limit())).digest;
      }),

    async setRetention(id, days) {
      const { azure, group, name } = await place(id);
      const retentionPolicy = { days, status: "enabled" };
      const change = { policies: { retentionPolicy } };
      await azure.registries.update(group, name, change, limit()).submitted();
    },
  };
}

function viewOf(
  id: string,
  name: string,
  { sku, loginServer, policies }: Registry,
  regions: readonly string[],
): RegistryView {
  if (loginServer === undefined) throw terminal("no-address", `${name} shows no address yet`);
  const { status, days } = policies?.retentionPolicy ?? {};
  return {
    id,
    name,
    loginServer,
    sku: sku.name,
    regions,
    retentionDays: status === "enabled" ? days : undefined,
  };
}

function once<T>(
  made: Map<string, () => Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const known = made.get(key) ?? lazily(make);
  made.set(key, known);
  return known();
}
