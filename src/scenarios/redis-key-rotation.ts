import { minutes, seconds } from "../domain/duration.js";
import { findingSteps } from "./redis-steps.js";
import { declareScenario } from "./scenario.js";

export const redisKeyRotation = declareScenario({
  id: "redis-key-rotation",
  kind: "recovery",
  title: "Redis key rotation",
  orchestrator: "rotateRedisKey",
  resource: "redis",
  symptoms: ["The key of the cache may be known to somebody who should not have it"],
  signals: [],
  rto: minutes(60),
  automatic: false,
  dataLoss: "none",
  steps: {
    ...findingSteps,
    "confirm-well": {
      title: "See that the app is well with its cache",
      expected: seconds(10),
      path: "main",
    },
    "use-secondary-key": {
      title: "Write the secondary key into the vault in use",
      expected: seconds(3),
      path: "main",
    },
    "restart-with-secondary": {
      title: "Restart the revisions that serve traffic",
      expected: seconds(5),
      path: "main",
    },
    "await-secondary": {
      title: "Wait until every replica has read the secondary key",
      expected: seconds(75),
      path: "main",
    },
    "verify-secondary": {
      title: "Verify that the app is well with the secondary key",
      expected: seconds(10),
      path: "main",
    },
    "fingerprint-key": {
      title: "Note the hash of the primary key",
      expected: seconds(2),
      path: "main",
    },
    "regenerate-key": {
      title: "Make the primary key anew",
      expected: seconds(5),
      path: "main",
      destroys: {
        asks: "unless-ordered",
        loss: "no data; whoever else uses the primary key is locked out at once",
      },
    },
    "use-primary-key": {
      title: "Write the new primary key into the vault in use",
      expected: seconds(3),
      path: "main",
    },
    "restart-with-primary": {
      title: "Restart the revisions that serve traffic again",
      expected: seconds(5),
      path: "main",
    },
    "await-primary": {
      title: "Wait until every replica has read the new primary key",
      expected: seconds(75),
      path: "main",
    },
    "verify-primary": {
      title: "Verify that the app is well with the new primary key",
      expected: seconds(10),
      path: "main",
    },
  },
  fallbacks: [],
});
