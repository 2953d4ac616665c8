import * as proof from "../activities/proof.contract.js";
import type { Comparison } from "../domain/backup-proof.js";
import { sidesOf, type ProofOrder } from "../domain/backup-order.js";
import type { Failure } from "../domain/failure.js";
import type { Instant } from "../domain/instant.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";

type Steps = Recovery<"choose-sets" | "record-proof">;

/** A set that is to be proven. */
export interface ChosenSet {
  readonly set: string;
  readonly source: string;
  readonly takenAt: Instant;
}

/**
 * What came of a set: it was compared; there is no place where it could be, which is no fault of it;
 * or the proof could not be carried out, and nothing is known.
 */
export type SetProof =
  | { readonly kind: "compared"; readonly comparison: Comparison }
  | { readonly kind: "no-place"; readonly why: string }
  | { readonly kind: "failed"; readonly failure: Failure };

/**
 * Proves the newest set that can be used and an older one, and writes beside each what was found. The
 * run fails where a set is not what it says, and where it could not be seen whether it is.
 */
export function* proveSets(
  run: Steps,
  { environment, estate, kind }: ProofOrder,
  prove: ((set: ChosenSet) => Durable<SetProof>) | Exclude<SetProof, { kind: "compared" }>,
): Durable<Ending> {
  const { primary, secondary } = sidesOf(estate, kind);
  const sources = [primary, ...(secondary === undefined ? [] : [secondary])];
  const wanted = { kind, environment, sources };
  const chosen = yield* run.step("choose-sets", proof.chooseProofSets, wanted);
  if (!chosen.ok) return run.end("failed", describeFailure(chosen.failure));
  for (const problem of chosen.value.problems) run.journal.finding(problem);
  if (chosen.value.chosen.length === 0) return run.end("failed", chosen.value.detail, [noSet]);

  const said: string[] = [];
  let [failed, unknown] = [false, false];
  for (const [index, each] of chosen.value.chosen.entries()) {
    const { set, source } = each;
    // The same steps of another set are other acts, with claims and records of their own.
    if (index > 0) run.journal.nextRound();
    const came = typeof prove === "function" ? yield* prove(each) : prove;
    if (came.kind === "compared") {
      const { comparison } = came;
      for (const { name, reason } of comparison.failures) run.journal.finding(`${name}: ${reason}`);
      const found = { environment, kind, source, set, at: run.now(), comparison };
      const recorded = yield* run.step("record-proof", proof.recordProof, found, set);
      if (!recorded.ok) {
        run.journal.finding(`${set}: nothing was recorded: ${describeFailure(recorded.failure)}`);
        unknown = true;
        continue;
      }
      for (const other of recorded.value.sharing) {
        run.journal.finding(`${other} uses what has failed in ${set}, and has failed with it`);
      }
      failed ||= recorded.value.result === "failed";
      said.push(`${set} ${recorded.value.result === "failed" ? "has failed" : "is proven"}`);
    } else {
      yield* run.quietly("release-set", proof.releaseProvenSet, { environment, kind, source, set });
      const why = came.kind === "no-place" ? came.why : describeFailure(came.failure);
      run.journal.finding(`${set} was not proven and stays as it is: ${why}`);
      unknown ||= came.kind === "failed";
      said.push(`${set} was not proven: ${why}`);
      // What is the matter with the place is so for the other set as well.
      if (came.kind === "failed") break;
    }
  }
  const what = said.join("; ");
  if (failed) return run.end("failed", what, nextSteps);
  if (unknown) return run.end("failed", what, ["See why in the report, and order it again"]);
  return run.end(run.journal.hasFindings ? "passed-with-findings" : "passed", what);
}

const noSet = "See what is protected: GET /api/backups; without a set nothing can be restored";
const nextSteps = [
  "See that the next backup passes: it copies everything anew, and takes nothing over from this set",
  "Look at the logs of the backup account: who wrote to the copies that the report names",
  "Recoveries take the newest other set until then: GET /api/backups says how old it is",
];
