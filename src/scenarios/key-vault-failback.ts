import { minutes, seconds } from "../domain/duration.js";
import { vaultSteps } from "./key-vault-steps.js";
import { declareScenario } from "./scenario.js";

export const keyVaultFailback = declareScenario({
  id: "key-vault-failback",
  kind: "failback",
  title: "Key Vault failback",
  orchestrator: "failBackKeyVault",
  resource: "key-vault",
  symptoms: [],
  signals: [],
  rto: minutes(45),
  automatic: false,
  dataLoss: "none: what is newer in the vault in use is brought home first",
  steps: {
    "find-active": {
      title: "See which vault the app uses",
      expected: seconds(5),
      path: "main",
    },
    "find-original": {
      title: "See whether the original vault is there",
      expected: seconds(5),
      path: "main",
    },
    compare: {
      title: "Compare both vaults secret by secret",
      expected: seconds(30),
      path: "main",
    },
    list: {
      title: "List the secrets of the vault in use",
      expected: seconds(5),
      path: "main",
    },
    "bring-home": {
      title: "Bring home the secrets that are newer in the vault in use",
      expected: minutes(1),
      path: "main",
    },
    "bring-late": {
      title: "Bring home what was written meanwhile",
      expected: seconds(30),
      path: "main",
    },
    "check-secrets": {
      title: "See that nothing was left behind",
      expected: seconds(30),
      path: "main",
    },
    ...vaultSteps,
    "move-back": {
      title: "Tell the app to use the other vault again",
      expected: minutes(2),
      path: "fallback",
    },
  },
  fallbacks: [
    {
      when: "the original vault is in soft deletion",
      steps: ["recover-deleted", "await-recovered", "grant-roles"],
      dataLoss: "none",
    },
    {
      when: "the app does not read the original vault",
      steps: ["move-back", "verify"],
      dataLoss: "none: the vault in use until then is still there",
    },
  ],
});
