import type { Durations } from "../../simulator/profiles/profile.js";
import type { HealthRule } from "../../src/domain/estate.js";
import { edgeWaits } from "../../src/scenarios/edge-steps.js";
import { waits, type storageFailure } from "../../src/scenarios/storage-failure.js";
import { inARow, type CriticalPath } from "../critical-path.js";

type Path = CriticalPath<keyof typeof storageFailure.steps>;

/** The way that scenario 4 takes, computed from profile, catalogue and estate, never from a run. */
export function criticalPaths(azure: Durations, rule: HealthRule) {
  const seen = inARow(rule.inARow, rule.interval);
  const revision = Math.max(azure.revisionProvisioning, azure.revisionReady);
  // The new revision comes up while the edge is changed, and the edge hears of that while the app is looked at.
  const left = Math.max(0, revision - azure.edgeOperation);
  return {
    standby: [
      { step: "confirm", takes: inARow(waits.confirm.failedInARow, waits.confirm.first) },
      { step: "diagnose", takes: 0 },
      { step: "recheck", takes: 0 },
      { step: "check-region", takes: 0 },
      { step: "show-loss", takes: 0 },
      { step: "choose-account", takes: 0 },
      { step: "find-users", takes: 0 },
      { step: "grant-roles", takes: 0 },
      { step: "await-access", takes: 0 },
      { step: "find-set", takes: 0 },
      { step: "compare", takes: 0 },
      { step: "prepare", takes: 0 },
      { step: "restore", takes: 0 },
      { step: "bring-newer", takes: 0 },
      { step: "move-app", takes: 0 },
      { step: "observe-edge", takes: 0 },
      { step: "find-asset", takes: 0 },
      { step: "move-origin", takes: azure.edgeOperation },
      { step: "await-origin", takes: 0 },
      { step: "await-revision", takes: left },
      { step: "verify", takes: seen },
      {
        step: "await-edge",
        takes:
          Math.max(0, azure.edgePropagation - left - seen) +
          inARow(edgeWaits.edge.inARow, edgeWaits.edge.apart),
      },
      { step: "purge-edge", takes: azure.edgeOperation },
      // It has kept nothing of an account that does not answer.
      { step: "verify-edge", takes: inARow(edgeWaits.purged.inARow, edgeWaits.purged.apart) },
    ],
  } as const satisfies Readonly<Record<string, Path>>;
}
