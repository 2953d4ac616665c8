import { minutes, seconds } from "../domain/duration.js";
import { declareScenario } from "./scenario.js";

export const keyVaultBackup = declareScenario({
  id: "key-vault-backup",
  kind: "backup",
  title: "Key Vault backup",
  orchestrator: "backUpKeyVault",
  resource: "key-vault",
  symptoms: [],
  signals: [],
  rto: minutes(30),
  automatic: false,
  dataLoss: "none: nothing at the source is changed",
  steps: {
    "find-active": {
      title: "Find the vault that the app uses now",
      expected: seconds(3),
      path: "main",
    },
    list: { title: "List the secrets page by page", expected: seconds(10), path: "main" },
    "copy-secrets": {
      title: "Back up each secret and read its copy back",
      expected: minutes(2),
      path: "main",
    },
    complete: { title: "Write the manifest, then the pointer", expected: seconds(3), path: "main" },
    protect: {
      title: "Ensure purge protection of the vault; report what cannot be changed",
      expected: seconds(5),
      path: "main",
    },
    audit: {
      title: "Ensure that the vault's audit log flows to the estate's workspace",
      expected: seconds(3),
      path: "main",
    },
    "sync-dr-vault": {
      title: "Bring the recovery vault's secrets up to date, by value",
      expected: minutes(1),
      path: "main",
    },
  },
  fallbacks: [],
});
