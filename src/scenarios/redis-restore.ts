import { hours, minutes, seconds } from "../domain/duration.js";
import { declareScenario } from "./scenario.js";

export const redisRestore = declareScenario({
  id: "redis-restore",
  kind: "restore",
  title: "Redis restore",
  orchestrator: "restoreRedis",
  resource: "redis",
  symptoms: [],
  signals: [],
  rto: hours(1),
  automatic: false,
  dataLoss:
    "what was written after the set was taken, where keys are overwritten; all of it where an export is imported",
  steps: {
    "find-active": {
      title: "Find the cache that the app uses now",
      expected: seconds(3),
      path: "main",
    },
    "find-set": { title: "Read the set and the target cache", expected: seconds(5), path: "main" },
    "restore-keys": {
      title: "Put the keys of the snapshot back",
      expected: minutes(3),
      path: "fallback",
    },
    "prepare-import": {
      title: "Choose the storage account of the cache's region",
      expected: seconds(3),
      path: "fallback",
    },
    "copy-files": {
      title: "Copy the export into the cache's region",
      expected: minutes(5),
      path: "fallback",
    },
    import: {
      title: "Import the export into the empty cache",
      expected: minutes(15),
      path: "fallback",
    },
    "import-over": {
      title: "Import the export over the keys that the cache holds",
      expected: minutes(15),
      path: "fallback",
      destroys: {
        asks: "always",
        loss: "every key that the cache holds now; it serves nobody until the import has ended",
      },
    },
    "import-with-sas": {
      title: "Import again, with a SAS instead of the cache's own identity",
      expected: minutes(15),
      path: "fallback",
    },
    "check-import": {
      title: "See that the cache serves the imported keys",
      expected: seconds(30),
      path: "fallback",
    },
  },
  fallbacks: [
    {
      when: "the cache may not read with its own identity",
      steps: ["import-with-sas"],
      dataLoss: "none beyond that of the import",
    },
  ],
});
