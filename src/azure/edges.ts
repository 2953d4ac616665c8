import type { CdnManagementClient } from "@azure/arm-cdn" with { "resolution-mode": "import" };
import type { TokenCredential } from "@azure/identity";
import { z } from "zod";
import type { EdgeEndpoint, EdgeOrigin, EdgeView } from "../domain/edge-move.js";
import type { FrontDoor } from "../domain/estate.js";
import { terminal } from "../domain/failure.js";
import { parseResourceId, sameResource } from "../domain/resource-id.js";
import type { OperationState } from "./arm-operation.js";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";
import { unlessMissing } from "./unless-missing.js";

/** What of an origin is changed; the rest stays as it is. */
export type OriginChange =
  { readonly hostName: string; readonly hostHeader: string } | { readonly enabled: boolean };

/**
 * Azure Front Door Standard and Premium, and endpoints of Azure CDN from Microsoft (classic). What is
 * begun comes back as a token, the SDK's serialized poller within.
 */
export interface Edges {
  /** Undefined if there is no such group, endpoint or profile. */
  edge(place: FrontDoor): Promise<EdgeView | undefined>;
  startOriginChange(place: FrontDoor, origin: string, change: OriginChange): Promise<string>;
  /** The host header of a classic endpoint, which counts for origins without one of their own. */
  startHeaderChange(place: FrontDoor, endpoint: string, hostHeader: string): Promise<string>;
  /** Makes an endpoint forget all that it keeps. Harmless to repeat. */
  startPurge(place: FrontDoor, endpoint: string): Promise<string>;
  /** One look; any of the operations above. */
  operation(place: FrontDoor, token: string): Promise<OperationState>;
}

/** A poller of the SDKs' first generation. The call that makes it has sent the request, or looked once. */
interface Poller {
  isDone(): boolean;
  toString(): string;
}

/** What was begun, and of which origin or endpoint: a poller is followed by the method that has made it. */
const Token = z.strictObject({
  kind: z.enum(["origin", "header", "purge"]),
  of: z.string(),
  poller: z.string(),
});
type Begun = Omit<z.infer<typeof Token>, "poller">;

const everything = { contentPaths: ["/*"] };

export function edges(settings: AzureSettings, credential: () => Promise<TokenCredential>): Edges {
  const clients = new Map<string, () => Promise<CdnManagementClient>>();
  // Repeating is the orchestrator's decision alone; see container-apps.ts.
  const client = (subscription: string): Promise<CdnManagementClient> => {
    const known = clients.get(subscription);
    if (known !== undefined) return known();
    const made = lazily(async () => {
      const { CdnManagementClient } = await import("@azure/arm-cdn");
      return new CdnManagementClient(await credential(), subscription, {
        endpoint: settings.armEndpoint,
        credentialScopes: [`${settings.armAudience}/.default`],
        retryOptions: { maxRetries: 0 },
      });
    });
    clients.set(subscription, made);
    return made();
  };
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });
  const at = async ({ profile }: FrontDoor) => {
    const parts = parseResourceId(profile);
    if (parts === undefined) {
      throw terminal("invalid-resource-id", `"${profile}" is no resource id`);
    }
    const { subscription, group, name } = parts;
    return { azure: await client(subscription), group, name };
  };

  /** The endpoints of a profile that have a route to the group, under the host that is theirs by nature. */
  const endpointsOf = async (place: FrontDoor, originGroup: string): Promise<EdgeEndpoint[]> => {
    const { azure, group, name: profile } = await at(place);
    const found: EdgeEndpoint[] = [];
    const listed = azure.afdEndpoints.listByProfile(group, profile, limit());
    for await (const { name = "", hostName = "", provisioningState } of listed) {
      for await (const route of azure.routes.listByEndpoint(group, profile, name, limit())) {
        if (!sameResource(route.originGroup?.id ?? "", originGroup)) continue;
        if (route.enabledState === "Disabled" || route.linkToDefaultDomain === "Disabled") continue;
        found.push({ name, hostName, state: provisioningState ?? "Unknown" });
        break;
      }
    }
    return found;
  };

  const frontDoor = async (place: FrontDoor, originGroup: string): Promise<EdgeView> => {
    const { azure, group, name: profile } = await at(place);
    const { id } = await azure.afdOriginGroups.get(group, profile, originGroup, limit());
    const origins: EdgeOrigin[] = [];
    const listed = azure.afdOrigins.listByOriginGroup(group, profile, originGroup, limit());
    for await (const origin of listed) {
      origins.push({ ...viewOf(origin), enabled: origin.enabledState !== "Disabled" });
    }
    return { origins, endpoints: await endpointsOf(place, id ?? "") };
  };

  const classic = async (place: FrontDoor, endpoint: string): Promise<EdgeView> => {
    const { azure, group, name: profile } = await at(place);
    const seen = await azure.endpoints.get(group, profile, endpoint, limit());
    const origins: EdgeOrigin[] = [];
    let count = 0;
    for await (const origin of azure.origins.listByEndpoint(group, profile, endpoint, limit())) {
      count += 1;
      if (place.origin !== undefined && !sameResource(place.origin, origin.name ?? "")) continue;
      origins.push({ ...viewOf(origin), enabled: origin.enabled ?? true });
    }
    const { name = endpoint, hostName = "", originHostHeader, provisioningState } = seen;
    const hostHeader = count === 1 ? originHostHeader : undefined;
    return {
      origins,
      endpoints: [
        {
          name,
          hostName,
          ...(hostHeader === undefined ? {} : { hostHeader }),
          state: provisioningState ?? "Unknown",
        },
      ],
    };
  };

  /** Sends a change, or looks once where it resumes. The header is that of a classic endpoint. */
  const begin = async (
    place: FrontDoor,
    { kind, of }: Begun,
    wanted: OriginChange | { readonly hostHeader: string } | undefined,
    options: { readonly resumeFrom?: string },
  ): Promise<Poller> => {
    const { azure, group, name } = await at(place);
    const { originGroup, endpoint = "" } = place;
    const rest = { ...limit(), ...options };
    if (kind === "purge") {
      return originGroup === undefined
        ? await azure.endpoints.beginPurgeContent(group, name, of, everything, rest)
        : await azure.afdEndpoints.beginPurgeContent(group, name, of, everything, rest);
    }
    const hosts = {
      ...(wanted !== undefined && "hostName" in wanted && { hostName: wanted.hostName }),
      ...(wanted !== undefined &&
        "hostHeader" in wanted && { originHostHeader: wanted.hostHeader }),
    };
    if (kind === "header") return azure.endpoints.beginUpdate(group, name, of, hosts, rest);
    const enabled = wanted !== undefined && "enabled" in wanted ? wanted.enabled : undefined;
    if (originGroup === undefined) {
      const body = { ...hosts, ...(enabled !== undefined && { enabled }) };
      return azure.origins.beginUpdate(group, name, endpoint, of, body, rest);
    }
    const enabledState = enabled === true ? "Enabled" : "Disabled";
    const body = { ...hosts, ...(enabled !== undefined && { enabledState }) };
    return azure.afdOrigins.beginUpdate(group, name, originGroup, of, body, rest);
  };
  const tokenOf = (begun: Begun, poller: Poller): string =>
    JSON.stringify({ ...begun, poller: poller.toString() });

  return {
    edge: (place) =>
      unlessMissing(() =>
        place.originGroup === undefined
          ? classic(place, place.endpoint ?? "")
          : frontDoor(place, place.originGroup),
      ),

    async startOriginChange(place, origin, change) {
      const begun = { kind: "origin", of: origin } as const;
      return tokenOf(begun, await begin(place, begun, change, {}));
    },

    async startHeaderChange(place, endpoint, hostHeader) {
      const begun = { kind: "header", of: endpoint } as const;
      return tokenOf(begun, await begin(place, begun, { hostHeader }, {}));
    },

    async startPurge(place, endpoint) {
      const begun = { kind: "purge", of: endpoint } as const;
      return tokenOf(begun, await begin(place, begun, undefined, {}));
    },

    async operation(place, token) {
      const { poller: resumeFrom, ...begun } = Token.parse(JSON.parse(token));
      try {
        const poller = await begin(place, begun, undefined, { resumeFrom });
        return poller.isDone()
          ? { state: "succeeded" }
          : { state: "running", token: tokenOf(begun, poller) };
      } catch (error) {
        const message = failureIn(error);
        if (message === undefined) throw error;
        return { state: "failed", message };
      }
    },
  };
}

/** What an operation that failed says; the SDK throws it as an error without a code. */
function failureIn(error: unknown): string | undefined {
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown };
  if (statusCode !== undefined || typeof message !== "string") return undefined;
  if (message === "Operation was canceled") return "canceled";
  return /^The long-running operation has (failed.*)/s.exec(message)?.[1];
}

interface Origin {
  readonly name?: string;
  readonly hostName?: string;
  readonly originHostHeader?: string;
  readonly provisioningState?: string;
}

const viewOf = ({ name, hostName, originHostHeader, provisioningState }: Origin) => ({
  name: name ?? "",
  hostName: hostName ?? "",
  ...(originHostHeader === undefined || originHostHeader === ""
    ? {}
    : { hostHeader: originHostHeader }),
  state: provisioningState ?? "Unknown",
});
