import type { BlobContainer } from "../azure/blob-container.js";
import { automation, type Automation } from "./automation.js";
import { audit, type Audit } from "./audit.js";
import { claims, type Claims } from "./claims.js";
import { drills, type Drills } from "./drills.js";
import { evidence, type Evidence } from "./evidence.js";
import { idempotencyKeys, type IdempotencyKeys } from "./idempotency-keys.js";
import { incidents, type Incidents } from "./incidents.js";
import { leases, type Leases } from "./leases.js";
import { notices, type Notices } from "./notices.js";
import { readiness, type Readiness } from "./readiness.js";
import { runs, type Runs } from "./runs.js";

/** Everything the service remembers outside the durable history: one container of small blobs. */
export interface StateStore {
  readonly automation: Automation;
  readonly incidents: Incidents;
  readonly leases: Leases;
  readonly claims: Claims;
  readonly runs: Runs;
  readonly evidence: Evidence;
  readonly notices: Notices;
  readonly idempotencyKeys: IdempotencyKeys;
  readonly audit: Audit;
  readonly readiness: Readiness;
  readonly drills: Drills;
  /** Throws unless the store can be reached. */
  check(): Promise<void>;
}

export const stateStore = (blobs: BlobContainer): StateStore => ({
  automation: automation(blobs),
  incidents: incidents(blobs),
  leases: leases(blobs),
  claims: claims(blobs),
  runs: runs(blobs),
  evidence: evidence(blobs),
  notices: notices(blobs),
  idempotencyKeys: idempotencyKeys(blobs),
  audit: audit(blobs),
  readiness: readiness(blobs),
  drills: drills(blobs),
  check: () => blobs.check(),
});
