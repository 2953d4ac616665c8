import type { Durations } from "../../simulator/profiles/profile.js";
import type { HealthRule } from "../../src/domain/estate.js";
import { waits, type containerAppFailure } from "../../src/scenarios/container-app-failure.js";
import { inARow, type CriticalPath } from "../critical-path.js";

type Path = CriticalPath<keyof typeof containerAppFailure.steps>;

/** The ways that scenario 1 takes, each computed from profile, catalogue and estate, never from a run. */
export function criticalPaths(azure: Durations, rule: HealthRule) {
  const healthy = inARow(rule.inARow, rule.interval);
  // Azure replaces the replicas one by one; until the last old one is gone it may still answer.
  const restarted = azure.revisionRestart;
  const inVain = inARow(waits.restart.failedInARow, rule.interval);

  const beforeTheFirstChange: Path = [
    { step: "confirm", takes: inARow(waits.confirm.failedInARow, waits.confirm.first) },
    { step: "gather-evidence", takes: 0 },
    { step: "recheck", takes: 0 },
    { step: "restart-revision", takes: 0 },
  ];
  const wayBack = (activation: number): Path => [
    ...beforeTheFirstChange,
    { step: "await-restart", takes: restarted + inVain },
    { step: "choose-known-good", takes: 0 },
    { step: "activate-known-good", takes: 0 },
    { step: "await-activation", takes: activation },
  ];
  const verified: Path = [
    { step: "await-health", takes: healthy },
    { step: "verify", takes: 0 },
  ];
  return {
    restart: [
      ...beforeTheFirstChange,
      { step: "await-restart", takes: restarted + healthy },
      { step: "verify", takes: 0 },
    ],
    "roll-back": [
      ...wayBack(azure.revisionActivation),
      ...verified,
      // The operation and the new revision's start run side by side.
      { step: "roll-forward", takes: Math.max(azure.revisionProvisioning, azure.revisionReady) },
      { step: "await-settled", takes: healthy },
    ],
    // The revision before still runs beside the bad one, so that there is nothing to activate.
    "traffic-shift": [
      ...wayBack(0),
      { step: "shift-traffic", takes: azure.appSettings },
      ...verified,
    ],
  } as const satisfies Readonly<Record<string, Path>>;
}
