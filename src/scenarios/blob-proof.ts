import { hours, minutes, seconds } from "../domain/duration.js";
import { proofSteps } from "./proof-steps.js";
import { declareScenario } from "./scenario.js";

export const blobProof = declareScenario({
  id: "blob-proof",
  kind: "proof",
  title: "Proof of blob backups",
  orchestrator: "proveBlobs",
  resource: "storage",
  symptoms: [],
  signals: [],
  rto: hours(2),
  automatic: false,
  dataLoss: "none: the scratch container alone is written to",
  steps: {
    "choose-sets": proofSteps["choose-sets"],
    "clear-before": {
      title: "Remove what an earlier proof has left in the scratch container",
      expected: seconds(5),
      path: "main",
    },
    sample: { title: "Draw a sample of the set's blobs", expected: seconds(15), path: "main" },
    compare: {
      title: "Restore the sample into the scratch container, read it back and compare",
      expected: minutes(3),
      path: "main",
    },
    clear: { title: "Empty the scratch container", expected: seconds(20), path: "main" },
    "record-proof": proofSteps["record-proof"],
  },
  fallbacks: [],
});
