import { hours, minutes, seconds } from "../domain/duration.js";
import { declareScenario } from "./scenario.js";

export const backupPruning = declareScenario({
  id: "backup-pruning",
  kind: "backup",
  title: "Pruning of backups",
  orchestrator: "pruneBackups",
  resource: "storage",
  symptoms: [],
  signals: [],
  rto: hours(4),
  automatic: false,
  dataLoss: "sets beyond their retention; never the newest verified one",
  steps: {
    plan: {
      title: "Decide of every set whether it goes, and why",
      expected: seconds(20),
      path: "main",
    },
    prune: { title: "Remove the sets that go", expected: minutes(2), path: "main" },
    forget: {
      title: "Forget the records of backups that are older than 30 days",
      expected: seconds(10),
      path: "main",
    },
  },
  fallbacks: [],
});
