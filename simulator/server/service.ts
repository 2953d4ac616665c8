import type { Answer, Request } from "./exchange.js";
import type { Refusal } from "./refusal.js";

/** What a request asks of a service, known before anything is done: the log names it, and faults match on it. */
export interface Call {
  /** `<resourceType camel>.<verb>`, for instance `containerAppsRevisions.restart`. */
  readonly operation: string;
  /** Whether carrying it out may change something. */
  readonly mutating: boolean;
  readonly resource?: string;
  readonly region?: string;
  carryOut(outcomes: Outcomes): Answer | Promise<Answer>;
}

/** What faults make of the changes that a call has been accepted for. */
export interface Outcomes {
  /** The id of the fault that turns this change into what the name says, if there is one. */
  befalls(name: OutcomeName): string | undefined;
}

export type OutcomeName =
  | "stuck-operation"
  | "operation-failed"
  | "restart-has-no-effect"
  | "export-failed"
  | "import-failed"
  | "blob-changes-during-copy";

/** One simulated Azure service, addressed by its real host names. */
export interface Service {
  readonly name: ServiceName;
  serves(host: string): boolean;
  /** The region whose data plane answers for the host; undefined where it is no region's. */
  regionOf?(host: string): string | undefined;
  /** Whether the name of a host that it serves exists at the moment; where it does not say, it does. */
  resolves?(host: string): boolean;
  /** The name of the fault that cuts connections to the host, if one does. */
  cutBy?(host: string): string | undefined;
  identify(request: Request): Call;
  /** The service's own way of writing an error. */
  refuse(refusal: Refusal, request: Request): Answer;
}

export const SERVICE_NAMES = [
  "identity",
  "arm",
  "application",
  "log-stream",
  "log-analytics",
  "ingestion",
  "blobs",
  "redis",
  "key-vault",
  "edge",
  "container-registry",
] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];
