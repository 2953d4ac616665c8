import { minutes, seconds } from "../domain/duration.js";
import { drillSteps, practiceSteps } from "./drill-steps.js";
import { declareScenario } from "./scenario.js";

export const containerAppDrill = declareScenario({
  id: "container-app-drill",
  kind: "drill",
  title: "Drill of the container app",
  orchestrator: "drillContainerApp",
  resource: "container-app",
  symptoms: [],
  signals: [],
  rto: minutes(15),
  automatic: false,
  dataLoss: "none: the app keeps no data of its own",
  steps: {
    admit: drillSteps.admit,
    "steady-state": drillSteps["steady-state"],
    inject: {
      title: "Deactivate the revision that serves",
      expected: seconds(5),
      path: "main",
      destroys: {
        asks: "in-production",
        loss: "no data; users are served by nobody until the app is recovered, which is to take less than 15 min",
      },
    },
    ...practiceSteps,
    compare: drillSteps.compare,
    undo: drillSteps.undo,
    "await-undone": drillSteps["await-undone"],
    residue: drillSteps.residue,
  },
  fallbacks: [
    {
      when: "no alert comes in time",
      steps: ["order-recovery"],
      dataLoss: "none",
    },
    {
      when: "somebody cancels the drill, or a real alert comes",
      steps: ["stop-recovery"],
      dataLoss: "none",
    },
  ],
});
