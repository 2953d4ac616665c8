"use strict";
// Runs activities of the compiled app as the host would, on the clock of the simulator: one JSON
// line { id, name, input } in, one JSON line { id, answer } or { id, error } out.
const { createInterface } = require("node:readline");
const path = require("node:path");

const app = (file) => require(path.join(__dirname, "../../dist/src", file));
const settings = app("config/settings.js").readSettings(process.env);
const credential = app("azure/credential.js").serviceCredential(settings.azure);
const apps = app("azure/container-apps.js").containerApps(settings.azure, credential);
const health = app("azure/health-probe.js").httpsHealthProbe(settings.azure.probeTimeLimit);
const logs = app("azure/log-queries.js").logQueries(settings.azure, credential);
const store = app("state/state-store.js").stateStore(
  app("azure/blob-container.js").blobContainer(settings.azure, credential, settings.state),
);
const arm = app("azure/arm-rest.js").armRest(settings.azure, credential);
const redis = {
  caches: app("azure/redis-caches.js").redisCaches(
    app("azure/classic-redis.js").classicRedis(settings.azure, credential),
    app("azure/managed-redis.js").managedRedis(arm),
  ),
  changes: app("azure/cache-changes.js").cacheChanges(
    app("azure/classic-cache-changes.js").classicCacheChanges(settings.azure, credential),
    app("azure/managed-cache-changes.js").managedCacheChanges(arm),
  ),
  apps,
  health,
  vaults: app("azure/key-vault.js").keyVaults(settings.azure, credential, arm),
  secrets: app("azure/secrets.js").keyVaultSecrets(settings.azure, credential),
  accounts: app("azure/storage-accounts.js").storageAccounts(settings.azure, credential),
  copies: app("azure/blob-copies.js").blobCopies(settings.azure, credential),
  files: app("azure/cache-files.js").cacheFiles(settings.azure, credential),
  store,
};
const vaults = {
  vaults: app("azure/key-vault.js").keyVaults(settings.azure, credential, arm),
  secrets: app("azure/secrets.js").keyVaultSecrets(settings.azure, credential),
  roles: app("azure/role-assignments.js").roleAssignments(settings.azure, credential, arm),
};
const connectTo = app("azure/redis-connection.js").redisConnections(settings.azure.callTimeLimit);
const activities = new Map(
  [
    ...app("activities/container-app.js").containerAppActivities(apps, health, store),
    ...app("activities/key-vault-failure.js").keyVaultFailureActivities(
      apps,
      vaults.vaults,
      vaults.roles,
      store,
    ),
    ...app("activities/vault-diagnosis.js").vaultDiagnosisActivities({ apps, health, ...vaults }),
    app("activities/compare-vaults.js").compareVaultsActivity(vaults.secrets, store),
    ...app("activities/evidence.js").evidenceActivities(apps, logs, store),
    ...app("activities/protection.js").protectionActivities(redis),
    ...app("activities/redis-backup.js").redisBackupActivities(redis),
    ...app("activities/redis-restore.js").redisRestoreActivities(redis, connectTo),
    ...app("activities/redis-failure.js").redisFailureActivities(redis, connectTo),
    ...app("activities/cache-creation.js").cacheCreationActivities(redis),
    ...app("activities/cache-connection.js").cacheConnectionActivities(redis),
    ...app("activities/redis-failback.js").redisFailbackActivities(redis, connectTo),
    ...app("activities/run.js").runActivities(store),
  ].map((activity) => [activity.name, activity]),
);

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, name, input } = JSON.parse(line);
  try {
    const answer = await activities.get(name).handler(input, { log: () => undefined });
    say({ id, answer });
  } catch (error) {
    say({ id, error: String(error) });
  }
});
say({ ready: true });
