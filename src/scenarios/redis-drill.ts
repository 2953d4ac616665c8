import { minutes, seconds } from "../domain/duration.js";
import { drillSteps, practiceSteps } from "./drill-steps.js";
import { declareScenario } from "./scenario.js";

export const redisDrill = declareScenario({
  id: "redis-drill",
  kind: "drill",
  title: "Drill of the cache",
  orchestrator: "drillRedis",
  resource: "redis",
  symptoms: [],
  signals: [],
  rto: minutes(10),
  automatic: false,
  dataLoss: "writes of the moment in which the replica takes over",
  steps: {
    admit: drillSteps.admit,
    "find-cache": {
      title: "Find the cache that the app uses, and see that a node stands in for its primary one",
      expected: seconds(5),
      path: "main",
    },
    "steady-state": drillSteps["steady-state"],
    inject: {
      title: "Reboot the primary node",
      expected: seconds(5),
      path: "main",
      destroys: {
        asks: "in-production",
        loss: "writes that the replica has not got yet, and connections for some seconds",
      },
    },
    "await-service": {
      title: "Wait until the replica has taken over",
      expected: seconds(30),
      path: "main",
    },
    ...practiceSteps,
    compare: drillSteps.compare,
    undo: drillSteps.undo,
    "await-undone": drillSteps["await-undone"],
    residue: drillSteps.residue,
  },
  fallbacks: [
    {
      when: "the replica does not take over, and no alert comes",
      steps: ["order-recovery"],
      dataLoss: "as the recovery of the cache says",
    },
    {
      when: "somebody cancels the drill, or a real alert comes",
      steps: ["stop-recovery"],
      dataLoss: "none",
    },
  ],
});
