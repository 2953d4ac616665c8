import * as contract from "../activities/drill.contract.js";
import { UndoOrder } from "../domain/drill.js";
import { framed } from "../recovery/framed.js";
import { describeFailure } from "../recovery/recovery.js";
import { drillUndo } from "../scenarios/drill-undo.js";
import { mended } from "./run-drill.js";

/** A drill's run is over, or takes too long, and what it has broken is still so: it is mended from here. */
export const undoDrill = framed(drillUndo, UndoOrder, function* (run, order) {
  const { environment, of, resource } = order;
  const seen = yield* run.look("undo", contract.observeDrill, { environment });
  if (!seen.ok) return run.end("failed", describeFailure(seen.failure));
  const { undo } = seen.value;
  if (undo === undefined) return run.end("passed", "nothing is to be undone");
  const problem = yield* mended(run, order, { undo, resource, of });
  const mine = { environment, drill: of, status: "ended" } as const;
  if (problem === undefined) yield* run.quietly("mark-ended", contract.markDrill, mine);
  return problem === undefined
    ? run.end("passed-with-findings", `what ${of} had broken is undone`, [
        `See in the report of ${of} why it did not do so itself`,
      ])
    : run.end("failed", `what ${of} has broken is still there: ${problem}`, [
        "Undo it by hand now",
      ]);
});
