import { hours, minutes, seconds } from "../domain/duration.js";
import { declareScenario } from "./scenario.js";

export const redisBackup = declareScenario({
  id: "redis-backup",
  kind: "backup",
  title: "Redis backup",
  orchestrator: "backUpRedis",
  resource: "redis",
  symptoms: [],
  signals: [],
  rto: hours(1),
  automatic: false,
  dataLoss: "none: nothing at the source is changed",
  steps: {
    "find-active": {
      title: "Find the cache that the app uses now",
      expected: seconds(3),
      path: "main",
    },
    "copy-keys": {
      title: "Copy the keys of every database and read each part back",
      expected: minutes(2),
      path: "fallback",
    },
    "prepare-export": {
      title: "Choose the storage account of the cache's region",
      expected: seconds(3),
      path: "fallback",
    },
    export: {
      title: "Have the cache export its keys",
      expected: minutes(10),
      path: "fallback",
    },
    "export-with-sas": {
      title: "Have the cache export again, with a SAS instead of its own identity",
      expected: minutes(10),
      path: "fallback",
    },
    "check-export": {
      title: "See that the exported files are there to their end",
      expected: seconds(10),
      path: "fallback",
    },
    "copy-export": {
      title: "Copy the export into the recovery region",
      expected: minutes(5),
      path: "fallback",
    },
    "verify-export": {
      title: "Read the copies and prove that they are whole",
      expected: minutes(1),
      path: "fallback",
    },
    complete: { title: "Write the manifest, then the pointer", expected: seconds(3), path: "main" },
    protect: {
      title: "Ensure the maintenance window of the cache",
      expected: seconds(5),
      path: "main",
    },
    persist: {
      title: "Ensure persistence of the cache, where its tier has it",
      expected: seconds(5),
      path: "main",
    },
  },
  fallbacks: [
    {
      when: "the cache may not write with its own identity",
      steps: ["export-with-sas"],
      dataLoss: "none",
    },
  ],
});
