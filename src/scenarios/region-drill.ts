import { minutes, seconds } from "../domain/duration.js";
import { drillSteps, practiceSteps } from "./drill-steps.js";
import { declareScenario } from "./scenario.js";

export const regionDrill = declareScenario({
  id: "region-drill",
  kind: "drill",
  title: "Drill of the region",
  orchestrator: "drillRegion",
  resource: "traffic-manager",
  symptoms: [],
  signals: [],
  rto: minutes(60),
  automatic: false,
  dataLoss: "what had not reached the other region when users were led there",
  steps: {
    admit: drillSteps.admit,
    "steady-state": drillSteps["steady-state"],
    inject: {
      title: "Lead users to the other region, and back",
      expected: seconds(5),
      path: "main",
      destroys: {
        asks: "in-production",
        loss: "what had not reached the other region when users are led there; keys that both sides write while users change over",
      },
    },
    "order-recovery": {
      title: "Start the recovery of the region",
      expected: seconds(5),
      path: "main",
    },
    "await-recovery": {
      title: "Follow the recovery to its end",
      expected: minutes(10),
      path: "main",
    },
    "stop-recovery": practiceSteps["stop-recovery"],
    compare: drillSteps.compare,
    undo: { title: "Order the failback of the region", expected: seconds(5), path: "main" },
    "await-undone": {
      title: "Follow the failback to its end",
      expected: minutes(40),
      path: "main",
    },
    residue: drillSteps.residue,
  },
  fallbacks: [
    {
      when: "somebody cancels the drill, or a real alert comes",
      steps: ["stop-recovery"],
      dataLoss: "none",
    },
  ],
});
