import { minutes, seconds } from "../domain/duration.js";
import { declareScenario } from "./scenario.js";

export const blobRestore = declareScenario({
  id: "blob-restore",
  kind: "restore",
  title: "Blob restore",
  orchestrator: "restoreBlobs",
  resource: "storage",
  symptoms: [],
  signals: [],
  rto: minutes(45),
  automatic: false,
  dataLoss:
    "what was written to the restored blobs after the set was taken, where it is overwritten",
  steps: {
    "find-set": {
      title: "Read the set and the target account",
      expected: seconds(5),
      path: "main",
    },
    compare: {
      title: "Compare each wanted blob of the set with the target",
      expected: minutes(1),
      path: "main",
    },
    prepare: {
      title: "Make the containers that are missing at the target",
      expected: seconds(3),
      path: "main",
    },
    restore: {
      title: "Copy back the blobs that are missing or older, and prove each",
      expected: minutes(5),
      path: "main",
    },
    overwrite: {
      title: "Copy back the blobs that are newer at the target, and prove each",
      expected: minutes(1),
      path: "main",
      destroys: {
        asks: "unless-ordered",
        loss: "the newer blobs stop being the current ones; they stay as earlier versions where the account keeps versions",
      },
    },
  },
  fallbacks: [],
});
