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
    "await-down": {
      title: "See that it goes down",
      expected: seconds(15),
      path: "main",
    },
    "await-service": {
      title: "Wait until the replica has taken over",
      expected: seconds(30),
      path: "main",
    },
    "find-export": {
      title: "Find a set of the cache that was taken and verified within the last hour",
      expected: seconds(5),
      path: "fallback",
    },
    "inject-all": {
      title: "Reboot all nodes",
      expected: seconds(5),
      path: "fallback",
      destroys: {
        asks: "always",
        loss: "every key that the cache holds; it serves nobody for some minutes",
      },
    },
    "await-nodes": {
      title: "Wait until the cache serves again",
      expected: minutes(3),
      path: "fallback",
    },
    ...practiceSteps,
    compare: drillSteps.compare,
    undo: drillSteps.undo,
    "await-undone": drillSteps["await-undone"],
    residue: drillSteps.residue,
  },
  fallbacks: [
    {
      when: "all nodes are ordered to be rebooted",
      steps: ["find-export", "inject-all", "await-nodes"],
      dataLoss:
        "every key that the cache does not save itself; the set that is restored was taken within an hour before",
    },
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
