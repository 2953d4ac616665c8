import { app } from "@azure/functions";
import * as df from "durable-functions";
import { containerAppActivities } from "./activities/container-app.js";
import { evidenceActivities } from "./activities/evidence.js";
import { deliveryActivities, postingActivity } from "./activities/notices.js";
import { runActivities } from "./activities/run.js";
import { blobContainer } from "./azure/blob-container.js";
import { classifyError } from "./azure/classify-error.js";
import { containerApps } from "./azure/container-apps.js";
import { serviceCredential } from "./azure/credential.js";
import { httpsHealthProbe } from "./azure/health-probe.js";
import { logQueries } from "./azure/log-queries.js";
import { webhookChannel } from "./azure/webhook-channel.js";
import { loadEstate } from "./config/load-estate.js";
import { readSettings } from "./config/settings.js";
import { milliseconds, seconds } from "./domain/duration.js";
import { instantOf } from "./domain/instant.js";
import { deliveryOrchestrator } from "./domain/notice.js";
import { deliverNotice } from "./orchestrators/deliver-notice.js";
import { recoverContainerApp } from "./orchestrators/recover-container-app.js";
import { containerAppFailure } from "./scenarios/container-app-failure.js";
import { stateStore } from "./state/state-store.js";
import { receiveAlert } from "./triggers/alerts/alerts.js";
import { durableRuns } from "./triggers/durable-runs.js";
import { endpoint, type EndpointDependencies } from "./triggers/endpoint.js";
import { showHealth } from "./triggers/health.js";
import { showOpenApi } from "./triggers/openapi.js";
import { listRecoveries, showRecovery, showReport, startRecovery } from "./triggers/recoveries.js";

/*
 * The composition root, and the only file with side effects: read settings, build ports, register
 * every function. An SDK is loaded when its port is first used, so that an alert does not wait.
 */
const settings = readSettings(process.env);
const credential = serviceCredential(settings.azure);
const apps = containerApps(settings.azure, credential);
const health = httpsHealthProbe(settings.azure.probeTimeLimit);
const logs = logQueries(settings.azure, credential);
const store = stateStore(blobContainer(settings.azure, credential, settings.state));
const webhook = webhookChannel(
  settings.webhookKey,
  milliseconds(Math.min(seconds(10), settings.azure.callTimeLimit)),
);

df.app.orchestration(containerAppFailure.orchestrator, recoverContainerApp);
df.app.orchestration(deliveryOrchestrator, deliverNotice);

for (const { name, handler } of [
  ...containerAppActivities(apps, health, store),
  ...evidenceActivities(apps, logs, store),
  ...runActivities(store),
  ...deliveryActivities(store, webhook),
]) {
  df.app.activity(name, { handler });
}
const posting = postingActivity(
  store,
  (invocation) => durableRuns(df.getClient(invocation)),
  settings.address,
);
df.app.activity(posting.name, {
  handler: posting.handler,
  extraInputs: [df.input.durableClient()],
});

const dependencies: EndpointDependencies = {
  store,
  estate:
    settings.findings.length > 0
      ? { ok: false, findings: settings.findings }
      : loadEstate(settings.estateFile),
  now: () => instantOf(new Date()),
  classify: classifyError,
};

df.app.client.http("receiveAlert", {
  route: "alerts",
  methods: ["POST"],
  authLevel: "function",
  handler: endpoint(dependencies, receiveAlert),
});
df.app.client.http("startRecovery", {
  route: "recoveries",
  methods: ["POST"],
  authLevel: "function",
  handler: endpoint(dependencies, startRecovery),
});
df.app.client.http("listRecoveries", {
  route: "recoveries",
  methods: ["GET"],
  authLevel: "function",
  handler: endpoint(dependencies, listRecoveries),
});
df.app.client.http("showRecovery", {
  route: "recoveries/{id}",
  methods: ["GET"],
  authLevel: "function",
  handler: endpoint(dependencies, showRecovery),
});
df.app.client.http("showReport", {
  route: "reports/{id}",
  methods: ["GET"],
  authLevel: "function",
  handler: endpoint(dependencies, showReport),
});
app.http("showHealth", {
  route: "health",
  methods: ["GET"],
  authLevel: "anonymous",
  handler: showHealth(dependencies),
});
app.http("showOpenApi", {
  route: "openapi.json",
  methods: ["GET"],
  authLevel: "anonymous",
  handler: showOpenApi,
});
