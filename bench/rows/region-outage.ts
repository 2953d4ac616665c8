import { endpointAlert } from "../../local/stack/alert.js";
import type { Stack } from "../../local/stack/stack.js";
import { calm } from "../../simulator/profiles/calm.js";
import { durationsOf } from "../../simulator/profiles/profile.js";
import { backUp } from "../backup-run.js";
import { criticalPath } from "../critical-paths/region-outage.js";
import type { Measurement } from "../measurement.js";
import { recoveries, type Course } from "../recoveries.js";

/** As after a night: there are verified sets, and the standby has the same secrets. */
async function backedUp(stack: Stack): Promise<void> {
  const secrets = { count: 3, scope: "full", unit: "secrets" } as const;
  await backUp(stack, "key-vault", "backUpKeyVault", secrets);
  await backUp(stack, "blobs", "backUpBlobs", { count: 4, scope: "full", unit: "blobs" });
}

const course: Course = {
  fault: ({ primaryRegion }) => ({ name: "region-down", region: primaryRegion }),
  alert: ({ trafficManager }, firedAt) => endpointAlert(trafficManager?.profile ?? "", firedAt),
  prepare: backedUp,
  // Traffic Manager has found the endpoint degraded by then.
  noticedAfter: 240,
  outcome: "failed-over",
  verifies: "verify-edge",
  path: ({ containerApp }) => criticalPath(durationsOf(calm, 1), containerApp.health),
  runbook: "region-outage",
};

/** Scenario 5 from alert to record in simulated time, beside what it cannot do without. */
export const regionOutage: readonly Measurement[] = [
  { group: "scenario", name: "region-down", measure: ({ runs }) => recoveries(course, runs) },
];
