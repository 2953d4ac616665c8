import { seconds } from "../domain/duration.js";
import type { DeclaredStep } from "./scenario.js";

/** How every proof begins and ends. */
export const proofSteps = {
  "choose-sets": {
    title: "Choose the newest set that can be used, and an older one by lot",
    expected: seconds(10),
    path: "main",
  },
  "record-proof": {
    title: "Write what was found beside the set",
    expected: seconds(5),
    path: "main",
  },
} as const satisfies Record<string, DeclaredStep>;
