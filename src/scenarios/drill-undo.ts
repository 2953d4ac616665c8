import { minutes } from "../domain/duration.js";
import { drillSteps } from "./drill-steps.js";
import { declareScenario } from "./scenario.js";

/** What others do about a drill that has left its fault in place. */
export const drillUndo = declareScenario({
  id: "drill-undo",
  kind: "drill",
  title: "Undo of a drill that did not undo itself",
  orchestrator: "undoDrill",
  resource: "container-app",
  symptoms: [],
  signals: [],
  rto: minutes(15),
  automatic: false,
  dataLoss: "none",
  steps: {
    undo: drillSteps.undo,
    "await-undone": drillSteps["await-undone"],
  },
  fallbacks: [],
});
