import { hours, minutes, seconds } from "../domain/duration.js";
import { declareScenario } from "./scenario.js";

export const telemetryBackup = declareScenario({
  id: "application-insights-backup",
  kind: "backup",
  title: "Application Insights backup",
  orchestrator: "backUpTelemetry",
  resource: "container-app",
  symptoms: [],
  signals: [],
  rto: hours(2),
  automatic: false,
  dataLoss: "none: nothing at the source is changed",
  steps: {
    plan: {
      title: "Count the requests of the last 30 days hour by hour",
      expected: seconds(10),
      path: "main",
    },
    export: {
      title: "Export the requests of each piece as CSV and read it back",
      expected: minutes(10),
      path: "main",
    },
    compare: {
      title: "Count once more and compare day by day",
      expected: seconds(10),
      path: "main",
    },
    complete: { title: "Write the manifest, then the pointer", expected: seconds(3), path: "main" },
    stream: {
      title: "Ensure that telemetry flows into a storage account from now on",
      expected: seconds(5),
      path: "main",
    },
  },
  fallbacks: [],
});
