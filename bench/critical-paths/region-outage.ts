import type { Durations } from "../../simulator/profiles/profile.js";
import type { HealthRule } from "../../src/domain/estate.js";
import { edgeWaits } from "../../src/scenarios/edge-steps.js";
import { waits, type regionOutage } from "../../src/scenarios/region-outage.js";
import { inARow, type CriticalPath } from "../critical-path.js";

type Path = CriticalPath<keyof typeof regionOutage.steps>;

/** The way that scenario 5 takes, computed from profile, catalogue and estate, never from a run. */
export function criticalPath(azure: Durations, rule: HealthRule): Path {
  const seen = inARow(rule.inARow, rule.interval);
  // The edge hears of the move while all this goes on.
  const meanwhile = azure.revisionRestart + seen + azure.trafficManagerFirstProbe;
  return [
    { step: "find-active-side", takes: 0 },
    { step: "confirm", takes: inARow(waits.confirm.failedInARow, waits.confirm.apart) },
    { step: "inspect-standby", takes: 0 },
    { step: "measure-loss", takes: 0 },
    { step: "find-vault", takes: 0 },
    { step: "find-set", takes: 0 },
    { step: "compare", takes: 0 },
    { step: "find-standby", takes: 0 },
    { step: "unlink", takes: 0 },
    { step: "await-unlink", takes: azure.redisUnlinking },
    { step: "choose-account", takes: 0 },
    { step: "find-users", takes: 0 },
    { step: "grant-roles", takes: 0 },
    { step: "await-access", takes: 0 },
    { step: "prepare", takes: 0 },
    { step: "restore", takes: 0 },
    { step: "observe-edge", takes: 0 },
    { step: "find-asset", takes: 0 },
    { step: "move-origin", takes: azure.edgeOperation },
    { step: "await-origin", takes: 0 },
    { step: "write-secret", takes: 0 },
    { step: "tell-app", takes: 0 },
    { step: "restart-app", takes: 0 },
    { step: "await-restart", takes: azure.revisionRestart },
    { step: "verify-app", takes: seen },
    { step: "prove-app", takes: 0 },
    { step: "enable-endpoint", takes: 0 },
    { step: "await-online", takes: azure.trafficManagerFirstProbe },
    { step: "disable-endpoint", takes: 0 },
    // Of two endpoints of which one is degraded the name leads to the other as soon as that is online.
    { step: "verify-dns", takes: 0 },
    { step: "watch-traffic", takes: 0 },
    {
      step: "await-edge",
      takes:
        Math.max(0, azure.edgePropagation - meanwhile) +
        inARow(edgeWaits.edge.inARow, edgeWaits.edge.apart),
    },
    { step: "purge-edge", takes: azure.edgeOperation },
    // It has kept nothing of an account that does not answer.
    { step: "verify-edge", takes: inARow(edgeWaits.purged.inARow, edgeWaits.purged.apart) },
    { step: "look-back", takes: 0 },
  ];
}
