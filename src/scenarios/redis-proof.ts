import { hours, minutes, seconds } from "../domain/duration.js";
import { proofSteps } from "./proof-steps.js";
import { redisRestore } from "./redis-restore.js";
import { declareScenario } from "./scenario.js";

const { steps } = redisRestore;

export const redisProof = declareScenario({
  id: "redis-proof",
  kind: "proof",
  title: "Proof of Redis backups",
  orchestrator: "proveRedis",
  resource: "redis",
  symptoms: [],
  signals: [],
  rto: hours(6),
  automatic: false,
  dataLoss:
    "none: the scratch cache alone, or keys of a prefix of the service's own, are written to",
  steps: {
    "choose-sets": proofSteps["choose-sets"],
    "find-active": steps["find-active"],
    "check-place": {
      title: "See how the set can be proven, and where",
      expected: seconds(5),
      path: "main",
    },
    "compare-keys": {
      title: "Restore a sample of keys below a prefix of its own, compare and remove them",
      expected: minutes(1),
      path: "fallback",
    },
    "restore-keys": steps["restore-keys"],
    "prepare-import": steps["prepare-import"],
    "copy-files": steps["copy-files"],
    import: steps.import,
    // The scratch cache holds what a proof has left there, and nothing else.
    "import-over": {
      title: "Import the export over what an earlier proof has left",
      expected: minutes(15),
      path: "fallback",
    },
    "import-with-sas": steps["import-with-sas"],
    "check-import": steps["check-import"],
    "empty-scratch": {
      title: "Remove every key of the scratch cache",
      expected: seconds(10),
      path: "fallback",
    },
    "record-proof": proofSteps["record-proof"],
  },
  fallbacks: [
    {
      when: "the set is an export, and the estate names a scratch cache",
      steps: ["prepare-import", "copy-files", "import", "check-import", "empty-scratch"],
      dataLoss: "what the scratch cache holds",
    },
  ],
});
