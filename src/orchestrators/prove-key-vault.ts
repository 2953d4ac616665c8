import * as vault from "../activities/key-vault-proof.contract.js";
import { ProofOrder } from "../domain/backup-order.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { keyVaultProof } from "../scenarios/key-vault-proof.js";
import { proveSets, type ChosenSet, type SetProof } from "./prove-sets.js";

type Steps = Recovery<keyof typeof keyVaultProof.steps>;

interface Scratch {
  readonly vault: string;
  readonly estate: string[];
}

/**
 * A sample of the secrets of the newest set and of an older one is restored into the scratch vault,
 * compared by hash, deleted and purged. Without such a vault the sets stay verified.
 */
export const proveKeyVault = framed(keyVaultProof, ProofOrder, function* (run, order) {
  const { keyVault, proof } = order.estate;
  const without = (why: string): Durable<Ending> =>
    proveSets(run, order, { kind: "no-place", why });
  if (proof.scratchVault === undefined) {
    return yield* without("the estate names no proof.scratchVault to restore secrets into");
  }
  const estate = [keyVault.primary, ...(keyVault.secondary ? [keyVault.secondary] : [])];
  const scratch: Scratch = { vault: proof.scratchVault, estate };
  const checked = yield* run.step("check-scratch", vault.checkScratchVault, scratch);
  if (!checked.ok) return run.end("failed", describeFailure(checked.failure));
  for (const finding of checked.value.findings) run.journal.finding(finding);
  const { refused } = checked.value;
  if (refused !== undefined) return yield* without(refused);
  const proven = yield* run.holding(scratch.vault, function* () {
    const problem = yield* clear(run, "clear-before", scratch);
    if (problem !== undefined) return run.end("failed", problem, [byHand]);
    return yield* proveSets(run, order, (chosen) => comparison(run, order, scratch, chosen));
  });
  return proven.ok ? proven.value : run.end("failed", describeFailure(proven.failure));
});

function* comparison(
  run: Steps,
  { environment, estate: { proof } }: ProofOrder,
  scratch: Scratch,
  { set, source }: ChosenSet,
): Durable<SetProof> {
  const wanted = { environment, source, set, ...scratch, count: proof.secrets };
  try {
    const compared = yield* run.step("compare", vault.proveSecrets, wanted, set);
    if (!compared.ok) return { kind: "failed", failure: compared.failure };
    const { value } = compared;
    return value.kind === "compared" ? value : { kind: "no-place", why: value.detail };
  } finally {
    yield* clear(run, "clear", scratch);
  }
}

/** It belongs into a `finally`, so it is called quietly: a step does nothing in a run that was canceled. */
function* clear(
  run: Steps,
  step: "clear-before" | "clear",
  scratch: Scratch,
): Durable<string | undefined> {
  run.journal.begin(step, run.now());
  const cleared = yield* run.quietly(step, vault.clearScratchVault, { ...scratch });
  if (cleared.ok) {
    run.journal.note(step, cleared.value, run.now());
    return undefined;
  }
  run.journal.fail(step, cleared.failure, run.now());
  const problem = `the scratch vault is not empty: ${describeFailure(cleared.failure)}`;
  run.journal.finding(problem);
  return problem;
}

const byHand = "Look at the scratch vault: delete and purge what is in it by hand";
