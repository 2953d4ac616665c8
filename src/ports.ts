import { accountChanges } from "./azure/account-changes.js";
import { httpsAppProof } from "./azure/app-proof.js";
import { alertRules } from "./azure/alert-rules.js";
import { armRest } from "./azure/arm-rest.js";
import { blobContainer } from "./azure/blob-container.js";
import { blobCopies } from "./azure/blob-copies.js";
import { blobProbe } from "./azure/blob-probe.js";
import { cacheChanges } from "./azure/cache-changes.js";
import { cacheFiles } from "./azure/cache-files.js";
import { classicCacheChanges } from "./azure/classic-cache-changes.js";
import { communicationEmail } from "./azure/communication-email.js";
import { classicRedis } from "./azure/classic-redis.js";
import { containerApps } from "./azure/container-apps.js";
import { containerRegistries } from "./azure/container-registries.js";
import { controlPlane } from "./azure/control-plane.js";
import { serviceCredential } from "./azure/credential.js";
import { dataExports } from "./azure/data-exports.js";
import { diagnosticSettings } from "./azure/diagnostic-settings.js";
import { edges } from "./azure/edges.js";
import { httpsHealthProbe } from "./azure/health-probe.js";
import { httpProbes } from "./azure/http-probes.js";
import { jsonPost } from "./azure/json-post.js";
import { keyVaults } from "./azure/key-vault.js";
import { monitorExporters } from "./azure/monitor-exporters.js";
import { monitorTelemetry } from "./azure/monitor-telemetry.js";
import { logQueries } from "./azure/log-queries.js";
import { managedCacheChanges } from "./azure/managed-cache-changes.js";
import { managedRedis } from "./azure/managed-redis.js";
import { noticeChannels } from "./azure/notice-channels.js";
import { publicAssets } from "./azure/public-assets.js";
import { nameServers } from "./azure/name-servers.js";
import { secretPurges } from "./azure/scratch-vault.js";
import { redisCaches } from "./azure/redis-caches.js";
import { redisConnections } from "./azure/redis-connection.js";
import { requestMetrics } from "./azure/request-metrics.js";
import { resourceHealth } from "./azure/resource-health.js";
import { roleAssignments } from "./azure/role-assignments.js";
import { keyVaultSecrets } from "./azure/secrets.js";
import { smtpMail } from "./azure/smtp-mail.js";
import { storageAccounts } from "./azure/storage-accounts.js";
import { trafficManagers } from "./azure/traffic-manager.js";
import type { Settings } from "./config/settings.js";
import { milliseconds, seconds } from "./domain/duration.js";
import { noTelemetry, type RunTelemetry } from "./domain/telemetry.js";
import { backups } from "./state/backups.js";
import { stateStore } from "./state/state-store.js";

const scratchContainer = "backup-proof-scratch";

/**
 * Every port, by settings. An SDK is loaded when its port is first used, so that an alert does not
 * wait for SDKs that it does not need.
 */
export function portsOf(settings: Settings) {
  const credential = serviceCredential(settings.azure);
  const arm = armRest(settings.azure, credential);
  const store = stateStore(
    blobContainer(settings.azure, credential, settings.state),
    blobContainer(settings.azure, credential, settings.records),
  );
  const backupContainer = (container: string) =>
    blobContainer(settings.azure, credential, { ...settings.backup, container });
  // Other receivers wait for this one's turn, so none gets the whole time of a call.
  const noticeLimit = milliseconds(Math.min(seconds(10), settings.azure.callTimeLimit));
  return {
    apps: containerApps(settings.azure, credential),
    proof: httpsAppProof(settings.azure.probeTimeLimit),
    health: httpsHealthProbe(settings.azure.probeTimeLimit),
    http: httpProbes(),
    logs: logQueries(settings.azure, credential),
    vaults: keyVaults(settings.azure, credential, arm),
    secrets: keyVaultSecrets(settings.azure, credential),
    purges: secretPurges(settings.azure, credential),
    roles: roleAssignments(settings.azure, credential, arm),
    diagnostics: diagnosticSettings(arm),
    exports: dataExports(arm),
    registries: containerRegistries(settings.azure, credential),
    controlPlane: controlPlane(arm),
    alertRules: alertRules(arm),
    accounts: storageAccounts(settings.azure, credential),
    accountChanges: accountChanges(settings.azure, credential),
    probe: blobProbe(settings.azure, credential),
    copies: blobCopies(settings.azure, credential),
    edges: edges(settings.azure, credential),
    assets: publicAssets(settings.azure.probeTimeLimit),
    traffic: trafficManagers(settings.azure, credential),
    names: nameServers(settings.dns, settings.azure.probeTimeLimit),
    metrics: requestMetrics(arm),
    platformHealth: resourceHealth(arm),
    /** What one look at a service may take, of however many calls it consists. */
    probeTimeLimit: settings.azure.probeTimeLimit,
    caches: redisCaches(classicRedis(settings.azure, credential), managedRedis(arm)),
    changes: cacheChanges(
      classicCacheChanges(settings.azure, credential),
      managedCacheChanges(arm),
    ),
    connectTo: redisConnections(settings.azure.callTimeLimit),
    files: cacheFiles(settings.azure, credential),
    channels: noticeChannels({
      post: jsonPost(noticeLimit),
      smtp: smtpMail(noticeLimit),
      email: communicationEmail(credential, noticeLimit),
      secret: settings.notificationSecret,
    }),
    /** Whether what a channel keeps out of the estate is set. */
    hasSecret: (setting: string) => (settings.notificationSecret(setting) ?? "") !== "",
    /** The host that Azure Monitor calls. */
    alertAddress: settings.alertAddress,
    /** Told of runs, where there is a component to tell. */
    telemetry: telemetryOf(settings, credential),
    store,
    sets: backups(backupContainer(settings.backup.container), backupContainer),
    /** The container of the sets, and what is streamed into it. */
    streams: backupContainer(settings.backup.container),
    /** A container of the backup account that proofs restore blobs into. */
    scratch: {
      endpoint: settings.backup.endpoint.replace(/\/+$/, ""),
      container: scratchContainer,
      blobs: backupContainer(scratchContainer),
    },
    placeOfSets: {
      endpoint: settings.backup.endpoint.replace(/\/+$/, ""),
      container: settings.backup.container,
    },
  };
}
export type Ports = ReturnType<typeof portsOf>;

function telemetryOf(
  { azure, telemetry: { connectionString, serviceName } }: Settings,
  credential: ReturnType<typeof serviceCredential>,
): RunTelemetry {
  if (connectionString === "") return noTelemetry;
  const limit = milliseconds(Math.min(seconds(10), azure.callTimeLimit));
  return monitorTelemetry(serviceName, limit, async (on) =>
    monitorExporters(connectionString, await credential(), limit, on),
  );
}
