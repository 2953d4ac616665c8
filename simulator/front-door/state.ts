import type { Operable } from "../arm/resource-operation.js";

export const PROFILE_TYPE = "Microsoft.Cdn/profiles";

/** Azure Front Door, or Azure CDN from Microsoft (classic). */
export type ProfileKind = "front-door" | "classic";

export type ProvisioningState = "Updating" | "Succeeded" | "Failed";

export const QUERY_STRINGS = [
  "IgnoreQueryString",
  "UseQueryString",
  "BypassCaching",
  "NotSet",
] as const;
/** Whether a query is part of what an answer is kept by; `NotSet` is as `IgnoreQueryString`. */
export type QueryStrings = (typeof QUERY_STRINGS)[number];

export interface OriginSettings {
  readonly hostName: string;
  /** Undefined where the origin is sent the host that the client has asked for. */
  readonly originHostHeader: string | undefined;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly enabled: boolean;
  readonly priority: number;
  readonly weight: number;
  readonly enforceCertificateNameCheck: boolean;
}

export interface Origin extends Operable {
  provisioningState: ProvisioningState;
  settings: OriginSettings;
}

export interface HealthProbe {
  readonly path: string;
  readonly intervalSeconds: number;
  readonly requestType: "GET" | "HEAD";
  readonly protocol: "Http" | "Https";
}

/** The origins of a Front Door profile's group, or those of one classic endpoint. */
export interface OriginGroup {
  readonly id: string;
  readonly name: string;
  /** Undefined where nobody probes. */
  readonly probe: HealthProbe | undefined;
  readonly sampleSize: number;
  readonly successfulSamplesRequired: number;
  /** The identity as which origins are asked; undefined where they are asked as anybody. */
  readonly identity: string | undefined;
  readonly origins: readonly Origin[];
}

export interface EndpointSettings {
  readonly enabled: boolean;
  /** Undefined where answers are not kept. */
  readonly queryStrings: QueryStrings | undefined;
  /** Of a classic endpoint: for an origin that says nothing itself. */
  readonly originHostHeader: string | undefined;
}

export interface Endpoint extends Operable {
  readonly hostName: string;
  readonly customDomains: readonly string[];
  readonly group: OriginGroup;
  provisioningState: ProvisioningState;
  settings: EndpointSettings;
  readonly kept: Map<string, KeptAnswer>;
}

/** An answer that the edge keeps. */
export interface KeptAnswer {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly until: number;
}

/** An origin as the edge knows it. */
export interface ServedOrigin {
  readonly id: string;
  readonly name: string;
  readonly settings: OriginSettings;
}

/** What the edge knows of an endpoint. */
export interface Serving {
  readonly settings: EndpointSettings;
  readonly origins: readonly ServedOrigin[];
}

export interface CdnProfile {
  readonly id: string;
  readonly name: string;
  readonly kind: ProfileKind;
  readonly sku: string;
  readonly groups: readonly OriginGroup[];
  readonly endpoints: readonly Endpoint[];
  /** What the edge serves by, for each endpoint's id. */
  served: ReadonlyMap<string, Serving>;
}
