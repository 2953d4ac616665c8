import { app, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { drillRunActivities } from "./activities/drill.js";
import { postingActivity } from "./activities/notices.js";
import { classifyError } from "./azure/classify-error.js";
import { entraTokens } from "./azure/entra-tokens.js";
import { loadEstate } from "./config/load-estate.js";
import { readSettings } from "./config/settings.js";
import { instantOf } from "./domain/instant.js";
import { deliveryOrchestrator } from "./domain/notice.js";
import { evaluationOrchestrator } from "./domain/readiness/evaluation.js";
import { backUpBlobs } from "./orchestrators/back-up-blobs.js";
import { backUpKeyVault } from "./orchestrators/back-up-key-vault.js";
import { backUpRedis } from "./orchestrators/back-up-redis.js";
import { backUpTelemetry } from "./orchestrators/back-up-telemetry.js";
import { deliverNotice } from "./orchestrators/deliver-notice.js";
import { drillContainerApp } from "./orchestrators/drill-container-app.js";
import { drillKeyVault } from "./orchestrators/drill-key-vault.js";
import { drillRedis } from "./orchestrators/drill-redis.js";
import { drillRegion } from "./orchestrators/drill-region.js";
import { evaluateReadiness } from "./orchestrators/evaluate-readiness.js";
import { failBackRedis } from "./orchestrators/fail-back-redis.js";
import { proveBlobs } from "./orchestrators/prove-blobs.js";
import { proveKeyVault } from "./orchestrators/prove-key-vault.js";
import { proveRedis } from "./orchestrators/prove-redis.js";
import { pruneBackups } from "./orchestrators/prune-backups.js";
import { failBackStorage } from "./orchestrators/fail-back-storage.js";
import { failBackKeyVault } from "./orchestrators/fail-back-key-vault.js";
import { recoverContainerApp } from "./orchestrators/recover-container-app.js";
import { recoverRedis } from "./orchestrators/recover-redis.js";
import { failBackRegion } from "./orchestrators/fail-back-region.js";
import { recoverRegion } from "./orchestrators/recover-region.js";
import { recoverStorage } from "./orchestrators/recover-storage.js";
import { recoverKeyVault } from "./orchestrators/recover-key-vault.js";
import { restoreRedis } from "./orchestrators/restore-redis.js";
import { restoreBlobs } from "./orchestrators/restore-blobs.js";
import { restoreKeyVault } from "./orchestrators/restore-key-vault.js";
import { rotateRedisKey } from "./orchestrators/rotate-redis-key.js";
import { undoDrill } from "./orchestrators/undo-drill.js";
import { backupPruning } from "./scenarios/backup-pruning.js";
import { blobBackup } from "./scenarios/blob-backup.js";
import { blobProof } from "./scenarios/blob-proof.js";
import { blobRestore } from "./scenarios/blob-restore.js";
import { containerAppDrill } from "./scenarios/container-app-drill.js";
import { containerAppFailure } from "./scenarios/container-app-failure.js";
import { drillUndo } from "./scenarios/drill-undo.js";
import { keyVaultBackup } from "./scenarios/key-vault-backup.js";
import { keyVaultDrill } from "./scenarios/key-vault-drill.js";
import { keyVaultFailback } from "./scenarios/key-vault-failback.js";
import { keyVaultFailure } from "./scenarios/key-vault-failure.js";
import { keyVaultProof } from "./scenarios/key-vault-proof.js";
import { keyVaultRestore } from "./scenarios/key-vault-restore.js";
import { redisBackup } from "./scenarios/redis-backup.js";
import { redisDrill } from "./scenarios/redis-drill.js";
import { redisFailback } from "./scenarios/redis-failback.js";
import { redisFailure } from "./scenarios/redis-failure.js";
import { redisKeyRotation } from "./scenarios/redis-key-rotation.js";
import { redisProof } from "./scenarios/redis-proof.js";
import { redisRestore } from "./scenarios/redis-restore.js";
import { regionDrill } from "./scenarios/region-drill.js";
import { regionFailback } from "./scenarios/region-failback.js";
import { regionOutage } from "./scenarios/region-outage.js";
import { telemetryBackup } from "./scenarios/telemetry-backup.js";
import { storageFailback } from "./scenarios/storage-failback.js";
import { storageFailure } from "./scenarios/storage-failure.js";
import { alertSender } from "./triggers/alerts/alert-sender.js";
import { receiveAlert } from "./triggers/alerts/alerts.js";
import { backupTimer, startDueBackups } from "./triggers/backup-timer.js";
import { showBackups, startBackups } from "./triggers/backups.js";
import { setAutomation, showAutomation } from "./triggers/automation.js";
import { drillRunsIn } from "./triggers/drill-runs.js";
import {
  drillTimer,
  startDueDrills,
  undoForsakenDrills,
  undoTimer,
} from "./triggers/drill-timers.js";
import { orderDrill, showDrills } from "./triggers/drills.js";
import { durableRuns } from "./triggers/durable-runs.js";
import { endpoint, type EndpointDependencies } from "./triggers/endpoint.js";
import { showHealth } from "./triggers/health.js";
import { showOpenApi } from "./triggers/openapi.js";
import { orderEvaluation, showReadiness } from "./triggers/readiness.js";
import { readinessTimers, startEvaluations } from "./triggers/readiness-timers.js";
import { listRecoveries, showRecovery, startRecovery } from "./triggers/recoveries.js";
import { listReports, showReport } from "./triggers/reports.js";
import { compileSummary } from "./triggers/summary.js";
import { startFailback } from "./triggers/failbacks.js";
import { proofTimer, startDueProofs } from "./triggers/proof-timer.js";
import { orderProofs } from "./triggers/proofs.js";
import { startRestore } from "./triggers/restores.js";
import { answerApproval, cancelRun, decideStep, pauseRun, resumeRun } from "./triggers/verbs.js";
import type { Activity } from "./durable/activity-contract.js";
import { activitiesOf } from "./every-activity.js";
import { portsOf } from "./ports.js";

/* The composition root, and the only file with side effects: read settings, build ports, register every function. */
const settings = readSettings(process.env);
const ports = portsOf(settings);
const { store, sets } = ports;
const alertTokens =
  settings.alertToken && entraTokens(settings.alertToken, settings.azure.callTimeLimit);

const runbooks = [
  [containerAppFailure, recoverContainerApp],
  [redisFailure, recoverRedis],
  [redisKeyRotation, rotateRedisKey],
  [redisFailback, failBackRedis],
  [keyVaultFailure, recoverKeyVault],
  [keyVaultFailback, failBackKeyVault],
  [storageFailure, recoverStorage],
  [storageFailback, failBackStorage],
  [regionOutage, recoverRegion],
  [regionFailback, failBackRegion],
  [keyVaultBackup, backUpKeyVault],
  [keyVaultRestore, restoreKeyVault],
  [redisBackup, backUpRedis],
  [redisRestore, restoreRedis],
  [blobBackup, backUpBlobs],
  [blobRestore, restoreBlobs],
  [telemetryBackup, backUpTelemetry],
  [keyVaultProof, proveKeyVault],
  [redisProof, proveRedis],
  [blobProof, proveBlobs],
  [backupPruning, pruneBackups],
  [containerAppDrill, drillContainerApp],
  [keyVaultDrill, drillKeyVault],
  [redisDrill, drillRedis],
  [regionDrill, drillRegion],
  [drillUndo, undoDrill],
] as const;
for (const [{ orchestrator }, handler] of runbooks) df.app.orchestration(orchestrator, handler);
df.app.orchestration(deliveryOrchestrator, deliverNotice);
df.app.orchestration(evaluationOrchestrator, evaluateReadiness);

const stepIds = new Set(runbooks.flatMap(([{ steps }]) => Object.keys(steps)));
const witness = { telemetry: ports.telemetry, isStep: (id: string) => stepIds.has(id) };
const witnessed =
  (handler: Activity["handler"]) => (input: unknown, invocation: InvocationContext) =>
    handler(input, invocation, witness);
// What the last activity has told goes out before the instance does.
app.hook.appTerminate(() => ports.telemetry.flush());

for (const { name, handler } of activitiesOf(ports)) {
  df.app.activity(name, { handler: witnessed(handler) });
}
const dependencies: EndpointDependencies = {
  store,
  backups: sets,
  estate:
    settings.findings.length > 0
      ? { ok: false, findings: settings.findings }
      : loadEstate(settings.estateFile),
  now: () => instantOf(new Date()),
  classify: classifyError,
  platformAuthentication: settings.platformAuthentication,
};

const runsOf = (invocation: InvocationContext) => durableRuns(df.getClient(invocation));
for (const { name, handler } of [
  postingActivity(store, runsOf, settings.address),
  ...drillRunActivities(store, (invocation) => drillRunsIn(dependencies, runsOf(invocation))),
]) {
  df.app.activity(name, { handler: witnessed(handler), extraInputs: [df.input.durableClient()] });
}

const client = df.app.client;
const http = (method: "GET" | "POST" | "PUT", route: string) => ({
  route,
  methods: [method],
  authLevel: "function" as const,
});

client.http("receiveAlert", {
  ...http("POST", "alerts"),
  // A token is worth more than a key, which stands in every export of the action group.
  authLevel: alertTokens === undefined ? "function" : "anonymous",
  handler: endpoint(dependencies, receiveAlert, {
    permission: alertSender(alertTokens),
    action: "alert",
  }),
});

/** What people can say; each is a function of its own, so that its key can be handed out apart. */
const verbs = [
  ["startRecovery", "POST", "recoveries", startRecovery, "operate", "start-recovery"],
  ["answerApproval", "POST", "recoveries/{id}/approval", answerApproval, "approve", "approval"],
  ["decideStep", "POST", "recoveries/{id}/decision", decideStep, "operate", "decision"],
  ["pauseRun", "POST", "recoveries/{id}/pause", pauseRun, "operate", "pause"],
  ["resumeRun", "POST", "recoveries/{id}/resume", resumeRun, "operate", "resume"],
  ["cancelRun", "POST", "recoveries/{id}/cancel", cancelRun, "operate", "cancel"],
  ["orderBackups", "POST", "backups", startBackups, "operate", "start-backups"],
  ["orderProofs", "POST", "proofs", orderProofs, "operate", "start-proofs"],
  ["startRestore", "POST", "restores", startRestore, "operate", "start-restore"],
  ["startFailback", "POST", "failbacks", startFailback, "operate", "start-failback"],
  ["orderEvaluation", "POST", "readiness", orderEvaluation, "operate", "evaluate-readiness"],
  ["orderDrill", "POST", "drills", orderDrill, "operate", "start-drill"],
  ["setAutomation", "PUT", "automation/{environment}", setAutomation, "operate", "set-automation"],
] as const;
for (const [name, method, route, handle, permission, action] of verbs) {
  const handler = endpoint(dependencies, handle, { permission, action });
  client.http(name, { ...http(method, route), handler });
}

/** What people can look at. */
const views = [
  ["listRecoveries", "recoveries", listRecoveries, "read"],
  ["showRecovery", "recoveries/{id}", showRecovery, "read"],
  ["listReports", "reports", listReports, "report"],
  // The host tries functions in the order of their names, so this one stands before the next.
  ["compileSummary", "reports/summary", compileSummary, "report"],
  ["showReport", "reports/{id}", showReport, "report"],
  ["showBackups", "backups", showBackups, "read"],
  ["showDrills", "drills", showDrills, "read"],
  ["showReadiness", "readiness", showReadiness, "read"],
  ["showAutomation", "automation/{environment}", showAutomation, "read"],
] as const;
for (const [name, route, handle, permission] of views) {
  client.http(name, {
    ...http("GET", route),
    handler: endpoint(dependencies, handle, { permission }),
  });
}

client.timer("startBackups", {
  schedule: backupTimer,
  handler: startDueBackups(dependencies),
});

client.timer("startProofs", {
  schedule: proofTimer,
  handler: startDueProofs(dependencies),
});
client.timer("startDrills", { schedule: drillTimer, handler: startDueDrills(dependencies) });
client.timer("undoDrills", { schedule: undoTimer, handler: undoForsakenDrills(dependencies) });
for (const { name, schedule, weight } of readinessTimers) {
  client.timer(name, { schedule, handler: startEvaluations(dependencies, weight) });
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
