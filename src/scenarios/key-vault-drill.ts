import { minutes, seconds } from "../domain/duration.js";
import { drillSteps } from "./drill-steps.js";
import { declareScenario } from "./scenario.js";

export const keyVaultDrill = declareScenario({
  id: "key-vault-drill",
  kind: "drill",
  title: "Drill of the key vault",
  orchestrator: "drillKeyVault",
  resource: "key-vault",
  symptoms: [],
  signals: [],
  rto: minutes(30),
  automatic: false,
  dataLoss: "none: the secret that is deleted is read by nobody, and comes back",
  steps: {
    admit: drillSteps.admit,
    "find-vault": {
      title: "Find the vault that the app uses",
      expected: seconds(5),
      path: "main",
    },
    "make-secret": {
      title: "Make the secret that is deleted, where it is missing",
      expected: seconds(3),
      path: "main",
    },
    "steady-state": drillSteps["steady-state"],
    "back-up": { title: "Back up the vault first", expected: seconds(5), path: "main" },
    "await-backup": {
      title: "Wait for a verified set",
      expected: minutes(1),
      path: "main",
    },
    inject: {
      title: "Delete the test secret",
      expected: seconds(5),
      path: "main",
      destroys: { asks: "in-production", loss: "none: nothing reads the test secret" },
    },
    "await-deleted": {
      title: "See that it is gone",
      expected: seconds(10),
      path: "main",
    },
    undo: { title: "Recover it from soft deletion", expected: seconds(5), path: "main" },
    "await-undone": {
      title: "Wait until its value can be read",
      expected: seconds(20),
      path: "main",
    },
    prove: {
      title: "Order the proof: the set is restored into the scratch vault and compared",
      expected: seconds(5),
      path: "main",
    },
    "await-proof": { title: "Wait for the proof", expected: minutes(3), path: "main" },
    compare: drillSteps.compare,
    residue: drillSteps.residue,
  },
  fallbacks: [],
});
