import * as backup from "../activities/backup.contract.js";
import * as restore from "../activities/key-vault-restore.contract.js";
import { describeDuration, seconds } from "../domain/duration.js";
import { elapsed, type Instant } from "../domain/instant.js";
import type { RecoveryOrder } from "../domain/recovery-order.js";
import type { Durable } from "../durable/durable.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { compareWithSet, secretsAtATime, secretStretch } from "./secrets-of-a-set.js";
import { stretches } from "./stretches.js";
import type { Stuck } from "./stuck.js";

type Filling = Recovery<"find-set" | "compare" | "restore-secrets" | "check-secrets">;

/** A vault counts restores as it counts backups: 300 in 10 s. */
const apart = seconds(8);

interface Target {
  /** ARM id of the vault whose secrets are wanted. */
  readonly lost: string;
  readonly target: string;
  readonly address: string;
  /** Whether it is known to hold nothing. */
  readonly empty: boolean;
  readonly isNew: boolean;
}

interface Found {
  readonly set: string;
  readonly source: string;
  readonly takenAt: Instant;
}

/**
 * Brings the secrets of the newest verified set into a vault, unless it has them. A standby that cannot
 * be compared is used as it is, and that is said; an empty vault is never handed to the app.
 */
export function* fillVault(
  run: Filling,
  { environment, estate }: RecoveryOrder,
  { lost, target, address, empty, isNew }: Target,
): Durable<Stuck | undefined> {
  const { primary, secondary } = estate.keyVault;
  const sources = [...new Set([lost, primary, ...(secondary === undefined ? [] : [secondary])])];
  const kind = "key-vault" as const;
  const wanted = { kind, environment, sources };
  const looked = yield* run.step("find-set", backup.findVerifiedSets, wanted);
  if (!looked.ok) return asItIs(run, empty || isNew, describeFailure(looked.failure));
  const { found, problems, proven } = looked.value;
  for (const problem of problems) run.journal.finding(`a set was passed over: ${problem}`);
  if (found.length === 0) return asItIs(run, empty || isNew, "there is no verified set of secrets");
  // What a plan only imagines cannot be compared with.
  if (run.planning && isNew) {
    run.journal.plan("restore-secrets", "known after apply", run.now());
    run.journal.planChange("restore-secrets", "would restore every secret of the set");
    return undefined;
  }

  const opened = yield* opening(run, environment, target, found);
  if (opened.set === undefined) return asItIs(run, empty, opened.why);
  const { set, source, takenAt, count } = opened;
  const work = { atATime: secretsAtATime, total: count, unit: "secrets" };
  const pieces = stretches(count, secretStretch).map(({ begin, end }) => ({
    ...{ environment, source, set, target: address, begin, end },
    ...{ isSource: false, items: [], overwrite: false },
  }));
  const compared = yield* compareWithSet(run, pieces, work);
  if (!compared.ok) return asItIs(run, empty, describeFailure(compared.failure));
  const { actions, counts, older } = compared.value;
  for (const name of older) run.journal.finding(`${name} is older here than in the newest set`);
  const missing = counts.restore + counts.recover;
  if (run.planning) {
    run.journal.planChange("restore-secrets", `${missing} of ${count} secrets to bring back`);
    return undefined;
  }
  const age = describeDuration(elapsed(takenAt, run.now()));
  const trust = proven === undefined ? "" : `; ${proven}`;
  const losses = [`what was written to secrets since ${takenAt}, if anything was${trust}`];
  const stale = counts["keep-older"];
  if (stale > 0)
    losses.push(`${stale} secrets are older there than in the newest set, and stay so`);
  if (isNew) run.journal.finding(`the secrets are ${age} old: what was written since is lost`);
  if (missing === 0) {
    run.journal.loses(losses.join("; "), "secrets");
    return undefined;
  }
  const files = actions.map((each) => ({ target: address, actions: each }));
  const { brought, problem } = yield* bringMissing(run, files, count);
  const failed = missing - brought;
  if (failed > 0) losses.push(`${failed} of ${count} secrets could not be brought back`);
  run.journal.loses(losses.join("; "), "secrets");
  return problem === undefined ? undefined : asItIs(run, missing === count, problem);
}

/** The newest set that opens in a vault: that of one side may have been taken in another geography. */
function* opening(
  run: Filling,
  environment: RecoveryOrder["environment"],
  vault: string,
  found: readonly Found[],
): Durable<
  (Found & { readonly count: number }) | { readonly set?: undefined; readonly why: string }
> {
  const whyNot: string[] = [];
  for (const { set, source, takenAt } of found) {
    const wanted = { environment, source, set, vault, items: [] };
    const opens = yield* run.step("find-set", restore.findRestorableVault, wanted, set);
    if (opens.ok) {
      for (const why of whyNot) run.journal.finding(`a newer set was passed over: ${why}`);
      return { set, source, takenAt, count: opens.value.count };
    }
    whyNot.push(`${set}: ${describeFailure(opens.failure)}`);
  }
  return { why: whyNot.join("; ") };
}

/** Brings back what is missing; says how many came, and why, where none did. */
function* bringMissing(
  run: Filling,
  files: readonly { readonly target: string; readonly actions: string }[],
  total: number,
): Durable<{ readonly brought: number; readonly problem?: string }> {
  const work = { atATime: secretsAtATime, total, unit: "secrets", apart };
  let brought = 0;
  for (const answer of yield* run.each("restore-secrets", restore.restoreSecrets, files, work)) {
    if (!answer.ok) return { brought, problem: describeFailure(answer.failure) };
    brought += answer.value.brought;
    for (const { name, reason } of answer.value.refused) {
      run.journal.finding(`${name} could not be brought back: ${reason}`);
    }
  }
  for (const answer of yield* run.each("check-secrets", restore.verifySecrets, files, work)) {
    if (!answer.ok) return { brought, problem: describeFailure(answer.failure) };
    for (const name of answer.value.missing) run.journal.finding(`${name} is not there`);
  }
  return brought > 0
    ? { brought }
    : { brought, problem: "not one secret that is missing could be brought back" };
}

/** Nothing can be brought back: a standby is still better than nothing, an empty vault is not. */
function asItIs(run: Filling, isEmpty: boolean, why: string): Stuck | undefined {
  if (isEmpty && !run.planning) {
    return {
      why: `the vault holds no secrets and none can be brought back: ${why}`,
      lacksRole: false,
    };
  }
  run.journal.finding(`the vault is used as it stands: ${why}`);
  return undefined;
}
