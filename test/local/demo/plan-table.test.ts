import { planTable } from "../../../local/demo/plan-table.js";
import { minutes, seconds } from "../../../src/domain/duration.js";

it("shows a plan as a table with who approves, and what comes if it does not help", () => {
  const text = planTable({
    changes: [
      {
        step: "restart",
        title: "Restart it",
        detail: "would restart one",
        expected: seconds(5),
      },
      {
        step: "replace",
        title: "Replace it",
        detail: "would replace one",
        expected: minutes(2),
        approval: "an approver",
      },
    ],
    fallbacks: [
      { when: "it is denied", steps: ["Patch it"], expected: minutes(1), dataLoss: "nothing" },
    ],
    expected: minutes(3),
    dataLoss: "what it held",
  });

  expect(text.split("\n")).toEqual([
    "What would be changed:",
    "      step        change             about       approved by",
    "  1.  Restart it  would restart one  5 s         nobody",
    "  2.  Replace it  would replace one  2 min 00 s  an approver",
    "  To the verified end: about 3 min 00 s. Data loss: what it held.",
    "",
    "What if that does not help:",
    "  If it is denied, about 1 min 00 s more, data loss: nothing",
    "    - Patch it",
  ]);
});
