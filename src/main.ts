import { app, type HttpResponseInit } from "@azure/functions";
import * as df from "durable-functions";
import { containerAppActivities } from "./activities/container-app.js";
import { evidenceActivities } from "./activities/evidence.js";
import { runActivities } from "./activities/run.js";
import { blobContainer } from "./azure/blob-container.js";
import { classifyError } from "./azure/classify-error.js";
import { containerApps } from "./azure/container-apps.js";
import { serviceCredential } from "./azure/credential.js";
import { httpsHealthProbe } from "./azure/health-probe.js";
import { logQueries } from "./azure/log-queries.js";
import { loadEstate } from "./config/load-estate.js";
import { readSettings } from "./config/settings.js";
import { instantOf } from "./domain/instant.js";
import { recoverContainerApp } from "./orchestrators/recover-container-app.js";
import { containerAppFailure } from "./scenarios/container-app-failure.js";
import { stateStore } from "./state/state-store.js";
import { receiveAlert } from "./triggers/alerts/alerts.js";
import { setAutomation, showAutomation } from "./triggers/automation.js";
import { endpoint, type Endpoint, type EndpointDependencies } from "./triggers/endpoint.js";
import { showHealth } from "./triggers/health.js";
import { showOpenApi } from "./triggers/openapi.js";
import { listRecoveries, showRecovery, showReport, startRecovery } from "./triggers/recoveries.js";
import { answerApproval, cancelRun, decideStep, pauseRun, resumeRun } from "./triggers/verbs.js";

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

df.app.orchestration(containerAppFailure.orchestrator, recoverContainerApp);

for (const { name, handler } of [
  ...containerAppActivities(apps, health, store),
  ...evidenceActivities(apps, logs, store),
  ...runActivities(store),
]) {
  df.app.activity(name, { handler });
}

const dependencies: EndpointDependencies = {
  store,
  estate:
    settings.findings.length > 0
      ? { ok: false, findings: settings.findings }
      : loadEstate(settings.estateFile),
  now: () => instantOf(new Date()),
  classify: classifyError,
};

/** Every call is a function of its own, so that its key can be handed out apart. */
const calls: readonly {
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly route: string;
  readonly handle: (endpoint: Endpoint) => Promise<HttpResponseInit>;
}[] = [
  { name: "receiveAlert", method: "POST", route: "alerts", handle: receiveAlert },
  { name: "startRecovery", method: "POST", route: "recoveries", handle: startRecovery },
  { name: "listRecoveries", method: "GET", route: "recoveries", handle: listRecoveries },
  { name: "showRecovery", method: "GET", route: "recoveries/{id}", handle: showRecovery },
  {
    name: "answerApproval",
    method: "POST",
    route: "recoveries/{id}/approval",
    handle: answerApproval,
  },
  { name: "decideStep", method: "POST", route: "recoveries/{id}/decision", handle: decideStep },
  { name: "pauseRun", method: "POST", route: "recoveries/{id}/pause", handle: pauseRun },
  { name: "resumeRun", method: "POST", route: "recoveries/{id}/resume", handle: resumeRun },
  { name: "cancelRun", method: "POST", route: "recoveries/{id}/cancel", handle: cancelRun },
  { name: "showReport", method: "GET", route: "reports/{id}", handle: showReport },
  {
    name: "setAutomation",
    method: "PUT",
    route: "automation/{environment}",
    handle: setAutomation,
  },
  {
    name: "showAutomation",
    method: "GET",
    route: "automation/{environment}",
    handle: showAutomation,
  },
];
for (const { name, method, route, handle } of calls) {
  df.app.client.http(name, {
    route,
    methods: [method],
    authLevel: "function",
    handler: endpoint(dependencies, handle),
  });
}
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
