import type { Durations } from "../../simulator/profiles/profile.js";
import type { HealthRule } from "../../src/domain/estate.js";
import { edgeWaits } from "../../src/scenarios/edge-steps.js";
import { waits, type storageFailure } from "../../src/scenarios/storage-failure.js";
import { inARow, type CriticalPath } from "../critical-path.js";

type Path = CriticalPath<keyof typeof storageFailure.steps>;

/** The way that scenario 4 takes, computed from profile, catalogue and estate, never from a run. */
export function criticalPaths(azure: Durations, rule: HealthRule) {
  const users = inARow(edgeWaits.edge.inARow, edgeWaits.edge.apart);
  const purged = inARow(edgeWaits.purged.inARow, edgeWaits.purged.apart);
  const edge: Path = [
    { step: "move-origin", takes: azure.edgeOperation },
    { step: "await-edge", takes: azure.edgePropagation + users },
    { step: "purge-edge", takes: azure.edgePurge },
    { step: "verify-edge", takes: purged },
  ];
  const led = edge.reduce((sum, { takes }) => sum + takes, 0);
  const revision = Math.max(azure.revisionProvisioning, azure.revisionReady);
  return {
    standby: [
      { step: "confirm", takes: inARow(waits.confirm.failedInARow, waits.confirm.first) },
      { step: "diagnose", takes: 0 },
      { step: "recheck", takes: 0 },
      { step: "check-region", takes: 0 },
      { step: "choose-account", takes: 0 },
      { step: "find-users", takes: 0 },
      { step: "grant-roles", takes: 0 },
      { step: "await-access", takes: 0 },
      { step: "find-set", takes: 0 },
      { step: "compare", takes: 0 },
      { step: "restore", takes: 0 },
      { step: "bring-newer", takes: 0 },
      { step: "move-app", takes: 0 },
      ...edge,
      // The new revision comes up while the edge is led.
      { step: "await-revision", takes: Math.max(0, revision - led) },
      { step: "verify", takes: inARow(rule.inARow, rule.interval) },
    ],
  } as const satisfies Readonly<Record<string, Path>>;
}
