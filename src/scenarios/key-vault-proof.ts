import { hours, minutes, seconds } from "../domain/duration.js";
import { proofSteps } from "./proof-steps.js";
import { declareScenario } from "./scenario.js";

export const keyVaultProof = declareScenario({
  id: "key-vault-proof",
  kind: "proof",
  title: "Proof of Key Vault backups",
  orchestrator: "proveKeyVault",
  resource: "key-vault",
  symptoms: [],
  signals: [],
  rto: hours(2),
  automatic: false,
  dataLoss: "none: the scratch vault alone is written to",
  steps: {
    "choose-sets": proofSteps["choose-sets"],
    "check-scratch": {
      title: "See that the scratch vault may be used: nobody else's, and nothing in it",
      expected: seconds(5),
      path: "main",
    },
    "clear-before": {
      title: "Delete and purge what an earlier proof has left in the scratch vault",
      expected: seconds(10),
      path: "main",
    },
    sample: { title: "Draw a sample of the set's secrets", expected: seconds(5), path: "main" },
    compare: {
      title: "Restore the sample into the scratch vault and compare values by hash",
      expected: minutes(1),
      path: "main",
    },
    clear: {
      title: "Delete and purge what was restored",
      expected: minutes(2),
      path: "main",
    },
    "record-proof": proofSteps["record-proof"],
  },
  fallbacks: [],
});
