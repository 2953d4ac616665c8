import type { Durations } from "../../simulator/profiles/profile.js";
import type { HealthRule } from "../../src/domain/estate.js";
import { waits, type keyVaultFailure } from "../../src/scenarios/key-vault-failure.js";
import { inARow, type CriticalPath } from "../critical-path.js";

type Path = CriticalPath<keyof typeof keyVaultFailure.steps>;

/** The ways that scenario 3 takes, each computed from profile, catalogue and estate, never from a run. */
export function criticalPaths(azure: Durations, rule: HealthRule) {
  const seen = inARow(rule.inARow, rule.interval);
  const beforeTheFirstChange: Path = [
    { step: "confirm", takes: inARow(waits.confirm.failedInARow, waits.confirm.first) },
    { step: "diagnose", takes: 0 },
    { step: "recheck", takes: 0 },
  ];
  return {
    "soft-deleted": [
      ...beforeTheFirstChange,
      { step: "recover-deleted", takes: azure.vaultRecovery },
      { step: "await-recovered", takes: 0 },
      { step: "find-users", takes: 0 },
      { step: "grant-roles", takes: 0 },
      { step: "verify", takes: azure.rolePropagation + seen },
    ],
    standby: [
      ...beforeTheFirstChange,
      { step: "check-region", takes: 0 },
      { step: "choose-vault", takes: 0 },
      { step: "find-users", takes: 0 },
      { step: "grant-roles", takes: 0 },
      { step: "await-access", takes: 0 },
      { step: "find-set", takes: 0 },
      { step: "compare", takes: 0 },
      // The operation and the new revision's start run side by side.
      { step: "move-app", takes: Math.max(azure.revisionProvisioning, azure.revisionReady) },
      { step: "await-revision", takes: 0 },
      { step: "verify", takes: seen },
    ],
  } as const satisfies Readonly<Record<string, Path>>;
}
