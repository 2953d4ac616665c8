import * as backup from "../activities/backup.contract.js";
import * as protection from "../activities/protection.contract.js";
import * as vault from "../activities/key-vault-backup.contract.js";
import { setPrefix, sideKnownFact, type ItemPart, type SkippedItem } from "../domain/backup.js";
import { seconds } from "../domain/duration.js";
import { BackupOrder } from "../domain/backup-order.js";
import type { Durable } from "../durable/durable.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { keyVaultBackup } from "../scenarios/key-vault-backup.js";
import { ensured } from "./ensured-settings.js";
import { stretches } from "./stretches.js";
import { estateOfUsers } from "./users-side.js";

type Steps = Recovery<keyof typeof keyVaultBackup.steps>;

/** Secrets that one activity takes, and how many activities run at once. */
const stretch = 100;
const atATime = 2;

/** A vault grants 300 backups in 10 s; 200 in 8 s leave some to others. */
const apart = seconds(8);

/**
 * Every secret of the vault in use is backed up and read back; then the recovery vault is given what
 * has changed. The pointer moves only to a set that is complete.
 */
export const backUpKeyVault = framed(keyVaultBackup, BackupOrder, function* (run, order) {
  const { environment, scope, kind } = order;
  const estate = yield* estateOfUsers(run, "find-active");
  const active = yield* run.step("find-active", vault.findActiveVault, {
    app: estate.containerApp.primary,
    standby: estate.containerApp.secondary,
    vault: estate.keyVault,
  });
  if (!active.ok) return run.end("failed", describeFailure(active.failure));
  const { id: source, uri, location, otherUri, known, detail } = active.value;
  if (known === "assumed") run.journal.finding(detail);
  // The set is as old as its oldest copy can be.
  const takenAt = run.now();
  const set = setPrefix({ kind, environment, source }, takenAt, run.run());
  const base = yield* baseOf(run, { kind, environment, source }, scope);
  const listed = yield* run.step("list", vault.listSecrets, { uri, set });
  if (!listed.ok) return run.end("failed", describeFailure(listed.failure));
  const { list, count } = listed.value;
  if (count === 0) {
    return run.end("failed", "the vault holds no secret; the newest set stays as it is", [
      "Look whether the secrets were deleted by mistake: soft deletion keeps them for 90 days",
    ]);
  }

  const copied = yield* run.each(
    "copy-secrets",
    vault.copySecrets,
    stretches(count, stretch).map((piece) => ({ uri, set, list, ...piece, ...base })),
    { atATime, total: count, unit: "secrets", apart },
  );
  const parts: ItemPart[] = [];
  const skipped: SkippedItem[] = [];
  for (const answer of copied) {
    if (!answer.ok) return run.end("failed", describeFailure(answer.failure));
    parts.push(answer.value.part);
    skipped.push(...answer.value.skipped);
  }
  const completed = yield* run.step("complete", backup.completeSet, {
    set,
    kind,
    environment,
    scope,
    source,
    region: location,
    takenAt,
    completedAt: run.now(),
    parts,
    skipped,
    skippedIn: list,
    verified: true,
    copies: [],
    facts: { [sideKnownFact]: known },
  });
  if (!completed.ok) return run.end("failed", describeFailure(completed.failure));
  for (const { name, reason } of skipped) run.journal.finding(`${name} was left out: ${reason}`);
  yield* protect(run, order, source);
  // Values go to the side that is not in use; where that is not known, none go.
  if (otherUri !== undefined && known === "observed") {
    yield* sync(run, { from: uri, to: otherUri, list, count });
  } else if (otherUri !== undefined) {
    run.journal.finding(
      "the recovery vault was left as it is: nobody can tell which side is in use",
    );
  }

  const what = `${completed.value.count} secrets`;
  return run.journal.hasFindings
    ? run.end("passed-with-findings", `${what} are backed up and verified`)
    : run.end("passed", `${what} are backed up and verified`);
});

/** After the copies: whoever holds the vault meanwhile keeps no backup waiting. */
function* protect(run: Steps, { environment, estate }: BackupOrder, vault: string): Durable<void> {
  const { workspace } = estate.applicationInsights;
  yield* ensured(run, vault, "the vault", [
    () =>
      run.step("protect", protection.protectVault, {
        vault,
        purgeProtection: environment === "production",
        retentionDays: 90,
      }),
    ...(workspace === undefined
      ? []
      : [() => run.step("audit", protection.auditVault, { vault, workspace })]),
  ]);
}

/** Between the nightly full sets only what has changed is copied; the rest is taken from the last set. */
function* baseOf(
  run: Steps,
  source: Parameters<typeof setPrefix>[0],
  scope: BackupOrder["scope"],
): Durable<{ readonly base?: string }> {
  if (scope === "full") return {};
  const latest = yield* run.quietly("find-base", backup.findLatestSet, { ...source });
  return latest.ok && latest.value.set !== undefined ? { base: latest.value.set } : {};
}

function* sync(
  run: Steps,
  { count, ...vaults }: { from: string; to: string; list: string; count: number },
): Durable<void> {
  const pieces = stretches(count, stretch).map(({ begin, end }) => ({ ...vaults, begin, end }));
  const answers = yield* run.each("sync-dr-vault", vault.syncSecrets, pieces, {
    atATime,
    total: count,
    unit: "secrets",
  });
  for (const answer of answers) {
    if (!answer.ok) {
      run.journal.finding(`the recovery vault is behind: ${describeFailure(answer.failure)}`);
      return;
    }
    for (const { name, reason } of answer.value.skipped) {
      run.journal.finding(`${name} is not in the recovery vault: ${reason}`);
    }
  }
  const extra = yield* run.quietly("report-deleted", vault.reportDeletedSecrets, {
    to: vaults.to,
    list: vaults.list,
  });
  if (extra.ok && extra.value.count > 0) run.journal.finding(extra.value.detail);
}
