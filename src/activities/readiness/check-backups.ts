import type { KeyVaults } from "../../azure/key-vault.js";
import { ScratchVault } from "../../azure/scratch-vault.js";
import { isOfSideInUse, RestorableKind, takenAtOf } from "../../domain/backup.js";
import { scheduleOf, sidesOf } from "../../domain/backup-order.js";
import type { EnvironmentName } from "../../domain/environment-name.js";
import type { Environment } from "../../domain/estate.js";
import { isAfter, type Instant } from "../../domain/instant.js";
import {
  backupFindings,
  type BackupFacts,
  type NoPlace,
} from "../../domain/readiness/backup-findings.js";
import type { CheckResult } from "../../domain/readiness/readiness.js";
import { backupAges } from "../../domain/run-measures.js";
import type { RunTelemetry } from "../../domain/telemetry.js";
import type { Backups } from "../../state/backups.js";
import { checked } from "./checked.js";

/** What the checks of backups look with. */
export interface BackupPorts {
  readonly sets: Backups;
  readonly vaults: Pick<KeyVaults, "vault">;
  readonly telemetry: RunTelemetry;
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
      RestorableKind.options.map((kind) => factsOf(ports, kind, environment, estate, now)),
    );
    for (const age of backupAges(environment, facts, now)) ports.telemetry.measure(age);
    await ports.telemetry.flush();
    return backupFindings(facts, now, estate.readiness.proofAge);
  });
}

/** Why nothing of a kind can be restored for proof; undefined where it can, or where nobody can tell. */
async function placeMissing(
  { vaults }: BackupPorts,
  kind: RestorableKind,
  { keyVault, redis, proof }: Environment,
): Promise<NoPlace | undefined> {
  if (kind === "redis") {
    const isExported = redis.tier === "Premium" || redis.tier === "Managed";
    if (!isExported || proof.scratchCache !== undefined) return undefined;
    return {
      why: "an export is proven by a full import, and the estate names no proof.scratchCache to import it into",
      remedy:
        "make a cache that nothing else uses, and name it as proof.scratchCache in the estate",
      isNamed: false,
    };
  }
  if (kind !== "key-vault") return undefined;
  const remedy =
    "make a vault that nothing else uses, without purge protection, with 7 days of soft deletion and roles, and name it as proof.scratchVault in the estate; where a policy forces purge protection on every vault, ask for an exemption or live with verified sets";
  const { scratchVault } = proof;
  if (scratchVault === undefined) {
    const why = "the estate names no proof.scratchVault to restore secrets into";
    return { why, remedy, isNamed: false };
  }
  const view = await vaults.vault(scratchVault);
  if (view === undefined) return { why: `${scratchVault} does not exist`, remedy, isNamed: true };
  const both = [
    keyVault.primary,
    ...(keyVault.secondary === undefined ? [] : [keyVault.secondary]),
  ];
  const scratch = ScratchVault.of(view, both);
  return "why" in scratch ? { why: scratch.why, remedy, isNamed: true } : undefined;
}

async function factsOf(
  ports: BackupPorts,
  kind: RestorableKind,
  environment: EnvironmentName,
  estate: Environment,
  now: Instant,
): Promise<BackupFacts> {
  const { sets } = ports;
  const noPlace = await placeMissing(ports, kind, estate);
  const sides = sidesOf(estate, kind);
  const { primary, secondary } = sides;
  const sources = await sets.sourcesOf(kind, { primary, secondary });
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
  const proofs = await Promise.all(
    sources.map(async (source) => {
      const wanted = { kind, environment, source };
      const [proven, all] = await Promise.all([sets.newestProven(wanted, now), sets.sets(wanted)]);
      return { at: proven?.provenAt, first: all.flatMap((set) => takenAtOf(set) ?? []).at(-1) };
    }),
  );
  const [at] = proofs
    .flatMap((proof) => proof.at ?? [])
    .sort()
    .reverse();
  const [firstTakenAt] = proofs.flatMap(({ first }) => first ?? []).sort();
  return {
    kind,
    interval: scheduleOf(estate, kind).interval,
    rpo: estate.objectives.rpo,
    ...(newest === undefined ? {} : { newest }),
    problems: each.flatMap(({ problems }) => problems),
    proof: {
      ...(at === undefined ? {} : { at }),
      ...(firstTakenAt === undefined ? {} : { firstTakenAt }),
      ...(noPlace === undefined ? {} : { noPlace }),
    },
  };
}
