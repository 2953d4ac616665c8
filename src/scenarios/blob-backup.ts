import { minutes, seconds } from "../domain/duration.js";
import { declareScenario } from "./scenario.js";

export const blobBackup = declareScenario({
  id: "blob-backup",
  kind: "backup",
  title: "Blob backup",
  orchestrator: "backUpBlobs",
  resource: "storage",
  symptoms: [],
  signals: [],
  rto: minutes(30),
  automatic: false,
  dataLoss: "none: nothing at the source is changed",
  steps: {
    "find-active": {
      title: "Find the storage account that the app uses now",
      expected: seconds(3),
      path: "main",
    },
    prepare: {
      title: "Make the day's containers in the backup account",
      expected: seconds(3),
      path: "main",
    },
    list: { title: "List the blobs page by page", expected: seconds(20), path: "main" },
    "copy-blobs": {
      title: "Copy what has changed and prove each copy",
      expected: minutes(5),
      path: "main",
    },
    "copy-large": {
      title: "Have the service copy large blobs, and read the copies back",
      expected: minutes(10),
      path: "fallback",
    },
    complete: { title: "Write the manifest, then the pointer", expected: seconds(3), path: "main" },
    protect: {
      title: "Ensure versions and soft deletion; report what redundancy lacks",
      expected: seconds(5),
      path: "main",
    },
    "keep-images": {
      title: "Ensure how long the registries keep the app's images",
      expected: seconds(5),
      path: "main",
    },
  },
  fallbacks: [],
});
