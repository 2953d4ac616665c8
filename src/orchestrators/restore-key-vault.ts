import * as restore from "../activities/key-vault-restore.contract.js";
import { RestoreOrder } from "../domain/backup-order.js";
import { sameResource } from "../domain/resource-id.js";
import { seconds } from "../domain/duration.js";
import type { Durable } from "../durable/durable.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import type { Ending } from "../recovery/endings.js";
import { keyVaultRestore } from "../scenarios/key-vault-restore.js";
import { compareWithSet, secretsAtATime, secretStretch } from "./secrets-of-a-set.js";
import { stretches } from "./stretches.js";

type Steps = Recovery<keyof typeof keyVaultRestore.steps>;

/** A vault counts restores as it counts backups: 300 in 10 s. */
const apart = seconds(8);

/**
 * Secrets of a set come back into a vault. Each is compared first; what is there stays as it is,
 * unless it is newer than the set and the order is to set it back.
 */
export const restoreKeyVault = framed(keyVaultRestore, RestoreOrder, function* (run, order) {
  const { environment, source, set, items, overwrite, resource } = order;
  const found = yield* run.step("find-set", restore.findRestorableVault, {
    environment,
    source,
    set,
    vault: resource,
    items,
  });
  if (!found.ok) return run.end("failed", describeFailure(found.failure));
  const { uri: target, count, wanted, takenAt } = found.value;
  const isSource = sameResource(resource, source);
  const brought = yield* run.holding(resource, function* () {
    const pieces = stretches(count, secretStretch).map(({ begin, end }) => {
      return { environment, source, set, target, begin, end, isSource, items, overwrite };
    });
    const work = { atATime: secretsAtATime, total: count, unit: "secrets" };
    const compared = yield* compareWithSet(run, pieces, work);
    if (!compared.ok) return run.end("failed", describeFailure(compared.failure));
    const { actions, counts } = compared.value;
    for (const name of compared.value.newer) {
      run.journal.finding(`${name} was left as it is: newer than the copy`);
    }
    for (const name of compared.value.older) {
      run.journal.finding(`${name} is in this vault in an older version than the set's`);
    }
    const existing = counts["keep-existing"];
    if (existing > 0) {
      run.journal.finding(
        `${existing} secrets were in this vault already and were left as they are; whether their values are the set's cannot be told`,
      );
    }
    return yield* bringBack(run, { target, actions, takenAt, wanted, counts });
  });
  return brought.ok ? brought.value : run.end("failed", describeFailure(brought.failure));
});

interface Decided {
  readonly target: string;
  readonly actions: readonly string[];
  readonly takenAt: string;
  readonly wanted: number;
  readonly counts: Readonly<Record<"restore" | "recover" | "overwrite", number>>;
}

function* bringBack(run: Steps, decided: Decided): Durable<Ending> {
  const { target, actions, takenAt, wanted, counts } = decided;
  const missing = counts.restore + counts.recover;
  if (run.planning) {
    run.journal.planChange(
      "restore",
      `${counts.restore} secrets to restore, ${counts.recover} to recover from soft deletion`,
    );
    if (counts.overwrite > 0) {
      run.journal.planChange("overwrite", `${counts.overwrite} secrets to set back`);
    }
    return run.end("planned", `${missing + counts.overwrite} of ${wanted} would be changed`);
  }
  const files = actions.map((each) => ({ target, actions: each }));
  const work = { atATime: secretsAtATime, total: wanted, unit: "secrets", apart };
  let [brought, failed] = [0, 0];
  for (const step of ["restore", "overwrite"] as const) {
    if ((step === "restore" ? missing : counts.overwrite) === 0) continue;
    if (step === "overwrite") {
      const approval = yield* run.approval(step);
      if (approval !== "granted") {
        return run.end("failed", `overwriting was not approved: ${approval}`);
      }
    }
    const answers =
      step === "restore"
        ? yield* run.each(step, restore.restoreSecrets, files, work)
        : yield* run.each(
            step,
            restore.overwriteSecrets,
            files.map((file) => ({ ...file, takenAt })),
            work,
          );
    for (const answer of answers) {
      if (!answer.ok) return run.end("failed", describeFailure(answer.failure));
      brought += answer.value.brought;
      failed += answer.value.failed;
      for (const { name, reason } of answer.value.refused) {
        run.journal.finding(`${name}: ${reason}`);
      }
    }
  }
  const verified = yield* run.each("verify", restore.verifySecrets, files, work);
  for (const answer of verified) {
    if (!answer.ok) return run.end("failed", describeFailure(answer.failure));
    for (const name of answer.value.missing) run.journal.finding(`${name} is not there`);
  }
  const kept = wanted - brought - failed;
  const what = [
    `${brought} of ${wanted} wanted secrets brought back`,
    ...(kept > 0 ? [`${kept} left as they were`] : []),
    ...(failed > 0 ? [`${failed} could not be brought back`] : []),
  ].join(", ");
  if (failed > 0 && brought === 0) return run.end("failed", what, nextSteps);
  return run.journal.hasFindings
    ? run.end("passed-with-findings", what, failed > 0 ? nextSteps : [])
    : run.end("passed", what);
}

const nextSteps = ["Restore what failed from an earlier set: GET /api/backups lists them"];
