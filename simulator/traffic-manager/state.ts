import type { EndpointProperties, EndpointType, ProfileProperties } from "./schema.js";

export type EndpointStatus =
  "CheckingEndpoint" | "Online" | "Degraded" | "Disabled" | "Inactive" | "Stopped" | "Unmonitored";

/** What a probe finds: the expected answer, another one, or none within the time limit. */
export type Finding = "well" | "ill" | "silent";

/** What probing has come to so far. */
export interface Monitor {
  status: "CheckingEndpoint" | "Online" | "Degraded";
  /** What a probe would find now; undefined before anybody has looked. */
  finding: Finding | undefined;
  /** When the first of the failures in a row was, or will be, seen. */
  failingFrom: number | undefined;
  /** Raised with every new finding, so that what was planned for the one before lapses. */
  course: number;
}

export interface TrafficEndpoint {
  readonly name: string;
  readonly type: EndpointType;
  properties: EndpointProperties;
  monitor: Monitor;
}

/** An endpoint as the name servers know it. */
export interface Candidate {
  readonly name: string;
  readonly status: EndpointStatus;
  readonly priority: number;
  readonly weight: number;
  readonly location: string | undefined;
  /** A host name, or the key of the profile that is nested here. */
  readonly leadsTo: { readonly host: string } | { readonly profile: string };
}

/** What the name servers answer from, from an instant on. */
export interface Release {
  readonly from: number;
  readonly enabled: boolean;
  readonly ttl: number;
  readonly method: ProfileProperties["trafficRoutingMethod"];
  readonly candidates: readonly Candidate[];
}

/** A query that the name servers answered with an endpoint. */
export interface AnsweredQuery {
  readonly at: number;
  readonly endpoint: string;
}

export interface TrafficProfile {
  readonly id: string;
  readonly name: string;
  tags: Readonly<Record<string, string>> | undefined;
  properties: ProfileProperties;
  endpoints: TrafficEndpoint[];
  /** From when on probes are sent, one each interval. */
  probesFrom: number;
  /** Oldest first; the last is in force. */
  releases: Release[];
  /** The statuses of its endpoints by name, from an instant on; oldest first. */
  statuses: { readonly from: number; readonly of: ReadonlyMap<string, EndpointStatus> }[];
  queries: AnsweredQuery[];
}
