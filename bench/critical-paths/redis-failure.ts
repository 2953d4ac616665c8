import type { Durations } from "../../simulator/profiles/profile.js";
import { waits, type redisFailure } from "../../src/scenarios/redis-failure.js";
import { inARow, type CriticalPath } from "../critical-path.js";

type Path = CriticalPath<keyof typeof redisFailure.steps>;

/** The ways that scenario 2 takes in production, each computed from profile and catalogue, never from a run. */
export function criticalPaths(azure: Durations) {
  const beforeTheFirstChange: Path = [
    { step: "find-active", takes: 0 },
    { step: "find-app", takes: 0 },
    { step: "confirm", takes: inARow(waits.confirm.failedInARow, waits.confirm.first) },
    { step: "recheck", takes: 0 },
    { step: "reboot-primary", takes: 0 },
  ];
  const verified: Path = [
    { step: "verify", takes: inARow(waits.verify.inARow, waits.verify.apart) },
  ];
  return {
    reboot: [
      ...beforeTheFirstChange,
      {
        step: "await-reboot",
        // The replica takes over; the cache need not wait until the rebooted node is back.
        takes:
          azure.redisRebootBegin +
          azure.redisFailover +
          inARow(waits.reboot.inARow, waits.reboot.first),
      },
      ...verified,
    ],
    replica: [
      ...beforeTheFirstChange,
      // A reboot that does not help is waited for until its time is over.
      { step: "await-reboot", takes: waits.reboot.within },
      { step: "check-region", takes: 0 },
      { step: "find-standby", takes: 0 },
      { step: "unlink", takes: 0 },
      { step: "await-unlink", takes: azure.redisUnlinking },
      { step: "write-secret", takes: 0 },
      { step: "restart-revision", takes: 0 },
      { step: "await-restart", takes: azure.revisionRestart },
      ...verified,
    ],
  } as const satisfies Readonly<Record<string, Path>>;
}
