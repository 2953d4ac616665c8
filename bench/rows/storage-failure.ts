import { storageAlert } from "../../local/stack/alert.js";
import type { Stack } from "../../local/stack/stack.js";
import { calm } from "../../simulator/profiles/calm.js";
import { durationsOf } from "../../simulator/profiles/profile.js";
import { backUp } from "../backup-run.js";
import { criticalPaths } from "../critical-paths/storage-failure.js";
import type { Measurement } from "../measurement.js";
import { recoveries, type Course } from "../recoveries.js";

/** As after a night: there is a verified set; the standby is empty and gets it in the run. */
async function backedUp(stack: Stack): Promise<void> {
  const blobs = { count: 4, scope: "full", unit: "blobs" } as const;
  await backUp(stack, "blobs", "backUpBlobs", blobs);
}

const course: Course = {
  fault: ({ storage }) => ({ name: "storage-unavailable", resource: storage.primary }),
  alert: ({ storage }, firedAt) => storageAlert(storage.primary, firedAt),
  prepare: backedUp,
  outcome: "failed-over",
  path: ({ containerApp }) => criticalPaths(durationsOf(calm, 1), containerApp.health).standby,
  runbook: "storage-failure",
};

/** Scenario 4 from alert to record in simulated time, beside what it cannot do without. */
export const storageFailure: readonly Measurement[] = [
  {
    group: "scenario",
    name: "storage-unavailable",
    measure: ({ runs }) => recoveries(course, runs),
  },
];
