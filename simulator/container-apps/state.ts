import type { Envelope, Template } from "./schema.js";

/** Something that makes a replica answer 503; `fault` is the fault that caused it. */
export interface Ailment {
  readonly fault: string;
  readonly check: string;
  readonly detail: string;
}

export interface Replica {
  readonly name: string;
  readonly createdAt: number;
  /** Has a place to run; false while the environment has no cores left for it. */
  scheduled: boolean;
  ready: boolean;
  /** What a new replica would not have. */
  ailments: readonly Ailment[];
  /** The variables that its process was started with; undefined until somebody asks a replica of the seed. */
  env: ReadonlyMap<string, string> | undefined;
  /** How often its container was started anew after it had ended by itself. */
  restarts: number;
}

/** From when until when a replica was there, and when its container started anew: metrics look back on it. */
export interface ReplicaLife {
  readonly replica: string;
  readonly revision: string;
  readonly from: number;
  until: number;
  readonly restartedAt: number[];
}

type ProvisioningState =
  "Provisioning" | "Provisioned" | "Failed" | "Deprovisioning" | "Deprovisioned";

export interface Revision {
  readonly name: string;
  readonly template: Template;
  readonly createdAt: number;
  lastActiveAt: number;
  active: boolean;
  provisioningState: ProvisioningState;
  provisioningError: string | undefined;
  /** Its replicas have passed their probes since it was last activated: traffic may go there. */
  ready: boolean;
  hasBeenReady: boolean;
  /** Will never become ready, and nothing says why. */
  readonly wedged: boolean;
  /** Its image cannot be had: its replicas wait. */
  pulling: boolean;
  /** The fault that makes its containers end after each start. */
  crashing: string | undefined;
  /** Being replaced one by one. */
  restarting: boolean;
  /** What every replica of this revision has. */
  ailments: readonly Ailment[];
  replicas: Replica[];
  /** Raised whenever the revision's course changes, so that changes planned before lapse. */
  course: number;
  replicasMade: number;
}

/** A line of the platform's own log about an app. */
export interface PlatformEvent {
  readonly at: number;
  readonly reason: string;
  readonly type: "Normal" | "Warning";
  readonly revision: string;
  readonly replica: string;
  readonly message: string;
}

/** A request that really came in and that the app answered. */
interface RecordedRequest {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly backend: Backend;
  readonly status: number;
}

/** A replica that takes traffic, and how it answers. */
export interface Backend {
  readonly revision: string;
  readonly replica: string;
  readonly ailment: Ailment | undefined;
}

/** Who takes which share of the traffic; whole percents. */
export interface Share {
  readonly revision: string;
  readonly weight: number;
  readonly backends: readonly Backend[];
}

/** From `from` on, until the next one, so many of a hundred users are sent to the app by DNS. */
export interface Audience {
  readonly from: number;
  /** The users are numbered from 0 to 99: the first of the app's, and how many it has. */
  readonly first: number;
  readonly count: number;
}

/** From `from` on, until the next one, traffic goes there. */
export interface TrafficPhase {
  readonly from: number;
  readonly shares: readonly Share[];
}

export interface ContainerApp {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly environmentKey: string;
  /** The Application Insights component that the application itself reports to, by the key of its id. */
  readonly componentKey: string | undefined;
  readonly createdAt: number;
  modifiedAt: number;
  envelope: Envelope;
  provisioningState: "InProgress" | "Succeeded" | "Failed" | "Deleting";
  runningStatus: "Running" | "Progressing" | "Stopped";
  /** The id of the operation under way. */
  operation: string | undefined;
  /** Oldest first. */
  revisions: Revision[];
  /** The revision that the platform sends traffic to in single mode. */
  serving: string | undefined;
  ailments: readonly Ailment[];
  /** The values of its secrets by name, as the platform last knew them. */
  readonly secrets: Map<string, string>;
  /** Whether its Key Vault references are read again from time to time. */
  watched: boolean;
  /** Out of reach of everybody, whatever its replicas do. */
  cutOff: boolean;
  phases: TrafficPhase[];
  /** Oldest first; empty where no Traffic Manager stands before the app and all users come. */
  audience: Audience[];
  lives: ReplicaLife[];
  events: PlatformEvent[];
  requests: RecordedRequest[];
  /** What its code has told Application Insights of. */
  telemetry: CustomEvent[];
  requestsSeen: number;
}

/** An event as an application tracks it, with whatever it says of it. */
export interface CustomEvent {
  readonly at: number;
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly measurements: Readonly<Record<string, number>>;
  readonly replica: string;
}

export interface ManagedEnvironment {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly region: string;
  readonly defaultDomain: string;
  readonly workspaceCustomerId: string | undefined;
  /** Where its ingress listens, whatever the app. */
  readonly staticIp: string;
  /** How many cores its replicas may have together. */
  readonly coreQuota: number;
}
