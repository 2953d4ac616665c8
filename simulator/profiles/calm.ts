import type { Profile } from "./profile.js";

const assumed = "assumed";

/** An ordinary day: nothing is slow, nothing is stuck. */
export const calm: Profile = {
  revisionProvisioning: {
    seconds: 30,
    source: "assumed, within the 1-5 min budget of a new revision",
  },
  revisionReady: { seconds: 75, source: "reported: new revision 1-5 min, unverified" },
  revisionActivation: {
    seconds: 60,
    source: "reported: activate an existing revision 1-3 min, unverified",
  },
  progressDeadline: {
    seconds: 600,
    source: "documented: the default of a Kubernetes Deployment's progressDeadlineSeconds",
  },
  revisionRestart: { seconds: 45, source: "reported: restart 30-120 s, unverified" },
  replicaShutdown: { seconds: 20, source: assumed },
  appSettings: { seconds: 10, source: assumed },
  appStop: { seconds: 60, source: "reported: stop 1-3 min, unverified" },
  appStart: { seconds: 90, source: "reported: start 1-3 min, unverified" },
  appDeletion: { seconds: 30, source: assumed },
  secretRefresh: {
    seconds: 1800,
    source: "documented: within 30 minutes (Manage secrets in Azure Container Apps)",
  },
  logIngestion: {
    seconds: 60,
    source: "documented: log data ingestion time in Azure Monitor, 20 s to 3 min on average",
  },
  rolePropagation: {
    seconds: 120,
    source: "reported: several minutes; documented: up to 10 (Troubleshoot Azure RBAC)",
  },
  resourceHealthDelay: { seconds: 180, source: "assumed: reported as a few minutes, unverified" },
  serviceHealthDelay: { seconds: 600, source: "assumed: people write announcements" },
  listConsistency: { seconds: 5, source: assumed },
  redisCreation: {
    seconds: 1200,
    source: "reported: classic create 15-40 min, unverified",
  },
  redisDeletion: { seconds: 240, source: "measured: recordings of the Azure CLI, 4 to 5 min" },
  redisUpdate: { seconds: 60, source: assumed },
  redisScaling: { seconds: 900, source: "assumed: documented as about 20 min" },
  redisRebootBegin: { seconds: 5, source: assumed },
  redisFailover: {
    seconds: 15,
    source: "documented: connections are lost for seconds at a failover",
  },
  redisReboot: { seconds: 180, source: "reported: reboot 2-5 min, unverified" },
  redisExport: { seconds: 90, source: "reported: minutes for each 10 GB, unverified" },
  redisImport: { seconds: 180, source: "reported: minutes for each 10 GB, unverified" },
  redisLinking: { seconds: 360, source: "measured: recordings of the Azure CLI, 6 min" },
  redisUnlinking: { seconds: 90, source: "reported: unlink 1-5 min, unverified" },
  redisReplicationLag: { seconds: 2, source: "assumed; Azure guarantees nothing" },
  managedRedisCreation: {
    seconds: 480,
    source: "reported: AMR cluster 5-20 min, unverified",
  },
  managedRedisDatabase: { seconds: 120, source: "reported: database 1-5 min, unverified" },
  managedRedisKey: { seconds: 30, source: assumed },
  trafficManagerFirstProbe: { seconds: 10, source: assumed },
  trafficManagerPropagation: {
    seconds: 10,
    source: "reported: changes reach the name servers in seconds to 1 min",
  },
  edgeOperation: { seconds: 10, source: "assumed: recordings of the Azure CLI show some polls" },
  edgePropagation: { seconds: 120, source: "assumed: minutes, for which there is no promise" },
  edgePurge: {
    seconds: 60,
    source: "assumed: within the documented 10 min (Cache purging in Azure Front Door)",
  },
  blobCopyPerGibibyte: { seconds: 20, source: assumed },
  vaultCreation: { seconds: 45, source: "reported: vault create 30-90 s" },
  vaultRecovery: { seconds: 60, source: "reported: recover 30-120 s" },
  vaultPurge: { seconds: 30, source: assumed },
  vaultNetworkRules: { seconds: 30, source: "assumed: users report 30 s to 15 min" },
  vaultFailover: {
    seconds: 300,
    source: "documented: it may take a few minutes (Reliability in Azure Key Vault)",
  },
  secretDeletion: { seconds: 5, source: "assumed: recordings of the SDK show some polls of 2 s" },
  secretRecovery: { seconds: 5, source: "assumed: recordings of the SDK show some polls of 2 s" },
  secretPurge: {
    seconds: 4,
    source: "assumed: a user reports 1-5 s (Azure/azure-sdk-for-net issue 26027)",
  },
  storageAccountCreation: {
    seconds: 20,
    source: "public recordings of the Azure CLI: 19 s; reported: 20-60 s",
  },
  storageFailover: {
    seconds: 3600,
    source: "documented: about an hour (Disaster recovery and storage account failover)",
  },
  storageFailoverSwitch: { seconds: 60, source: assumed },
  geoReplicationStart: { seconds: 60, source: "public recordings of the Azure CLI: 48-67 s" },
  geoBootstrap: { seconds: 1800, source: assumed },
  geoReplicationLag: { seconds: 120, source: "documented: usually less than 15 min" },
  zoneConversionStart: { seconds: 86_400, source: "documented: up to 72 h" },
  zoneConversion: { seconds: 21_600, source: assumed },
};
