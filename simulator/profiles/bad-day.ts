import { calm } from "./calm.js";
import type { Profile } from "./profile.js";

/** Everything takes as long as it may without being broken. */
export const badDay: Profile = {
  ...calm,
  revisionProvisioning: { seconds: 120, source: "assumed: four times a calm day" },
  revisionReady: { seconds: 300, source: "azure-facts 1.6: new revision 1-5 min, unverified" },
  revisionActivation: {
    seconds: 180,
    source: "azure-facts 1.6: activate an existing revision 1-3 min, unverified",
  },
  revisionRestart: { seconds: 120, source: "azure-facts 1.6: restart 30-120 s, unverified" },
  replicaShutdown: { seconds: 60, source: "assumed" },
  appSettings: { seconds: 60, source: "assumed" },
  appStop: { seconds: 180, source: "azure-facts 1.6: stop 1-3 min, unverified" },
  appStart: { seconds: 180, source: "azure-facts 1.6: start 1-3 min, unverified" },
  appDeletion: { seconds: 120, source: "assumed" },
  logIngestion: {
    seconds: 600,
    source: "assumed: beyond the documented average of 20 s to 3 min",
  },
  rolePropagation: {
    seconds: 600,
    source: "documented: up to 10 min (Troubleshoot Azure RBAC); azure-facts 3.5",
  },
  listConsistency: { seconds: 60, source: "assumed" },
  redisCreation: {
    seconds: 2400,
    source: "azure-facts 2.8: classic create 15-40 min, unverified",
  },
  redisScaling: { seconds: 2700, source: "assumed" },
  redisRebootBegin: { seconds: 30, source: "assumed" },
  redisFailover: { seconds: 60, source: "assumed" },
  redisReboot: { seconds: 300, source: "azure-facts 2.8: reboot 2-5 min, unverified" },
  redisExport: { seconds: 600, source: "assumed" },
  redisImport: { seconds: 900, source: "assumed" },
  redisLinking: { seconds: 1200, source: "assumed" },
  redisUnlinking: { seconds: 300, source: "azure-facts 2.8: unlink 1-5 min, unverified" },
  redisReplicationLag: { seconds: 60, source: "assumed" },
  managedRedisCreation: {
    seconds: 1200,
    source: "azure-facts 2.8: AMR cluster 5-20 min, unverified",
  },
  managedRedisDatabase: { seconds: 300, source: "azure-facts 2.8: database 1-5 min, unverified" },
  blobCopyPerGibibyte: { seconds: 60, source: "assumed" },
};
