import type {
  Endpoint,
  Profile,
  TrafficManagerManagementClient,
} from "@azure/arm-trafficmanager" with { "resolution-mode": "import" };
import type { TokenCredential } from "@azure/identity";
import { seconds, type Milliseconds } from "../domain/duration.js";
import { terminal } from "../domain/failure.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";
import { unlessMissing } from "./unless-missing.js";

export type EndpointType = "external" | "azure" | "nested";

/** An endpoint of a profile. Its type is part of its id: under another one it is not found. */
export interface EndpointView {
  readonly name: string;
  readonly type: EndpointType;
  /** The host that users are led to; absent where another profile stands behind it. */
  readonly target: string | undefined;
  readonly enabled: boolean;
  /** What probes found, such as `Online` and `Degraded`; `Disabled` where nobody probes it. */
  readonly monitorStatus: string;
  readonly priority: number | undefined;
}

/** A Traffic Manager profile as ARM shows it. */
export interface TrafficProfileView {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** The name that its name servers answer for; never built from the profile's own. */
  readonly fqdn: string;
  /** How long resolvers may repeat an answer. */
  readonly ttl: Milliseconds;
  /** `Priority`, `Weighted` and the like. */
  readonly routing: string;
  readonly monitor: {
    readonly protocol: string;
    readonly port: number;
    readonly path: string;
    readonly interval: Milliseconds;
    readonly timeout: Milliseconds;
    readonly toleratedFailures: number;
  };
  readonly endpoints: readonly EndpointView[];
}

/** Traffic Manager as Resource Manager keeps it. It is a global service and outlives each region. */
export interface TrafficManagers {
  /** Undefined if there is no such profile. */
  profile(id: string): Promise<TrafficProfileView | undefined>;
  /** Switches an endpoint on or off, and changes nothing else of it. Repeating it is harmless. */
  setEndpoint(
    profile: string,
    type: EndpointType,
    name: string,
    status: "Enabled" | "Disabled",
  ): Promise<void>;
}

const typeNames = {
  external: "ExternalEndpoints",
  azure: "AzureEndpoints",
  nested: "NestedEndpoints",
} as const;

/** What the service takes where a profile does not say it. */
const defaults = { ttl: 60, port: 443, interval: 30, timeout: 10, toleratedFailures: 3 };

export function trafficManagers(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): TrafficManagers {
  const sdk = lazily(() => import("@azure/arm-trafficmanager"));
  const clients = new Map<string, () => Promise<TrafficManagerManagementClient>>();
  // Repeating is the orchestrator's decision alone; see container-apps.ts.
  const client = (subscription: string): Promise<TrafficManagerManagementClient> => {
    const known = clients.get(subscription);
    if (known !== undefined) return known();
    const made = lazily(async () => {
      const { TrafficManagerManagementClient } = await sdk();
      return new TrafficManagerManagementClient(await credential(), subscription, {
        endpoint: settings.armEndpoint,
        credentialScopes: [`${settings.armAudience}/.default`],
        retryOptions: { maxRetries: 0 },
      });
    });
    clients.set(subscription, made);
    return made();
  };
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });
  const place = async (id: string) => {
    const parts = parseResourceId(id);
    if (parts === undefined) throw terminal("invalid-resource-id", `"${id}" is no resource id`);
    const { subscription, group, name } = parts;
    return { azure: await client(subscription), group, name };
  };

  return {
    async profile(id) {
      const { azure, group, name } = await place(id);
      return unlessMissing(
        async () => viewOf(await azure.profiles.get(group, name, limit())),
        ["ResourceNotFound", "ResourceGroupNotFound"],
      );
    },

    async setEndpoint(profile, type, name, endpointStatus) {
      const { azure, group, name: owner } = await place(profile);
      const change = { endpointStatus };
      await azure.endpoints.update(group, owner, typeNames[type], name, change, limit());
    },
  };
}

function viewOf(profile: Profile): TrafficProfileView {
  const { dnsConfig, monitorConfig: monitor } = profile;
  return {
    id: profile.id ?? "",
    name: profile.name ?? "",
    enabled: profile.profileStatus !== "Disabled",
    fqdn: (dnsConfig?.fqdn ?? "").toLowerCase(),
    ttl: seconds(dnsConfig?.ttl ?? defaults.ttl),
    routing: profile.trafficRoutingMethod ?? "unknown",
    monitor: {
      protocol: monitor?.protocol ?? "unknown",
      port: monitor?.port ?? defaults.port,
      path: monitor?.path ?? "/",
      interval: seconds(monitor?.intervalInSeconds ?? defaults.interval),
      timeout: seconds(monitor?.timeoutInSeconds ?? defaults.timeout),
      toleratedFailures: monitor?.toleratedNumberOfFailures ?? defaults.toleratedFailures,
    },
    endpoints: (profile.endpoints ?? []).map(endpointOf),
  };
}

function endpointOf(endpoint: Endpoint): EndpointView {
  const kind = (endpoint.type ?? "").split("/").at(-1)?.toLowerCase() ?? "";
  const type = (["azure", "nested"] as const).find((known) => kind.startsWith(known)) ?? "external";
  return {
    name: endpoint.name ?? "",
    type,
    target: type === "nested" ? undefined : endpoint.target?.toLowerCase(),
    enabled: endpoint.endpointStatus !== "Disabled",
    monitorStatus: endpoint.endpointMonitorStatus ?? "Unknown",
    priority: endpoint.priority,
  };
}
