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

/** Everything the service remembers outside the durable history, as small blobs. */
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

/** `records`: the container of what is kept for good; by default it is one with the rest. */
export const stateStore = (blobs: BlobContainer, records = blobs): StateStore => ({
  automation: automation(blobs),
  incidents: incidents(blobs),
  leases: leases(blobs),
  claims: claims(blobs),
  runs: runs(blobs, records),
  evidence: evidence(blobs),
  notices: notices(blobs),
  idempotencyKeys: idempotencyKeys(blobs),
  audit: audit(blobs),
  readiness: readiness(blobs),
  drills: drills(blobs),
  async check() {
    await blobs.check();
    if (records !== blobs) await records.check();
  },
});
