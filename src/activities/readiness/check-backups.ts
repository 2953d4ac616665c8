import { BackupKind, isOfSideInUse } from "../../domain/backup.js";
import { scheduleOf, sidesOf } from "../../domain/backup-order.js";
import type { EnvironmentName } from "../../domain/environment-name.js";
import type { Environment } from "../../domain/estate.js";
import { isAfter, type Instant } from "../../domain/instant.js";
import { backupFindings, type BackupFacts } from "../../domain/readiness/backup-findings.js";
import type { CheckResult } from "../../domain/readiness/readiness.js";
import type { Backups } from "../../state/backups.js";
import { checked } from "./checked.js";

/** What the checks of backups look with. */
export interface BackupPorts {
  readonly sets: Backups;
  /** When a restore of a set of these sources was proven last; without it nothing is said of proofs. */
  readonly proofOf?: (
    kind: BackupKind,
    environment: EnvironmentName,
    sources: readonly string[],
  ) => Promise<NonNullable<BackupFacts["proof"]>>;
}

const checks = ["backup-age", "backup-usable", "backup-schedule", "backup-proof"];

/** Age, use, schedule and proof of each kind of backup, of whichever side is newest. */
export async function checkBackups(
  ports: BackupPorts,
  environment: EnvironmentName,
  estate: Environment,
  now: Instant,
): Promise<readonly CheckResult[]> {
  return checked(checks, async () => {
    const facts = await Promise.all(
      BackupKind.options.map((kind) => factsOf(ports, kind, environment, estate, now)),
    );
    return backupFindings(facts, now, estate.readiness.proofAge);
  });
}

async function factsOf(
  { sets, proofOf }: BackupPorts,
  kind: BackupKind,
  environment: EnvironmentName,
  estate: Environment,
  now: Instant,
): Promise<BackupFacts> {
  const sides = sidesOf(estate, kind);
  const made = kind === "redis" ? await sets.madeInRecovery(sides) : [];
  const sources = [sides.primary, sides.secondary, ...made].flatMap((source) => source ?? []);
  const each = await Promise.all(
    sources.map((source) => sets.newestVerified({ kind, environment, source }, now)),
  );
  const newest = each
    .flatMap(({ found }) => found ?? [])
    .reduce<{ set: string; takenAt: Instant; observed: boolean } | undefined>((best, found) => {
      const { set, manifest } = found;
      const { takenAt } = manifest;
      return best !== undefined && !isAfter(takenAt, best.takenAt)
        ? best
        : { set, takenAt, observed: isOfSideInUse(manifest) };
    }, undefined);
  const proof = await proofOf?.(kind, environment, sources);
  return {
    kind,
    interval: scheduleOf(estate, kind).interval,
    rpo: estate.objectives.rpo,
    ...(newest === undefined ? {} : { newest }),
    problems: each.flatMap(({ problems }) => problems),
    ...(proof === undefined ? {} : { proof }),
  };
}
