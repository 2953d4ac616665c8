import { minutes, seconds } from "../domain/duration.js";
import { declareScenario } from "./scenario.js";

export const keyVaultRestore = declareScenario({
  id: "key-vault-restore",
  kind: "restore",
  title: "Key Vault restore",
  orchestrator: "restoreKeyVault",
  resource: "key-vault",
  symptoms: [],
  signals: [],
  rto: minutes(45),
  automatic: false,
  dataLoss:
    "what was written to the restored secrets after the set was taken, where it is overwritten",
  steps: {
    "find-set": {
      title: "Read the set and the target vault",
      expected: seconds(5),
      path: "main",
    },
    compare: {
      title: "Compare each secret of the set with the target",
      expected: minutes(1),
      path: "main",
    },
    restore: {
      title: "Bring back the secrets that are missing",
      expected: minutes(2),
      path: "main",
    },
    overwrite: {
      title: "Set secrets that differ to the value they had when the set was taken",
      expected: minutes(1),
      path: "main",
      destroys: {
        asks: "unless-ordered",
        loss: "the newer values stop being the current ones; they stay as earlier versions",
      },
    },
    verify: {
      title: "See that every wanted secret is there",
      expected: seconds(30),
      path: "main",
    },
  },
  fallbacks: [],
});
