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
  trafficManagerFirstProbe: { seconds: 30, source: "assumed: a whole interval" },
  trafficManagerPropagation: {
    seconds: 60,
    source: "azure-facts 5.3: changes reach the name servers in seconds to 1 min",
  },
  blobCopyPerGibibyte: { seconds: 60, source: "assumed" },
  vaultCreation: { seconds: 90, source: "azure-facts 3.6: vault create 30-90 s" },
  vaultRecovery: { seconds: 120, source: "azure-facts 3.6: recover 30-120 s" },
  vaultPurge: { seconds: 90, source: "assumed" },
  vaultNetworkRules: { seconds: 600, source: "assumed: users report 30 s to 15 min" },
  vaultFailover: { seconds: 900, source: "assumed: three times a calm day" },
  secretDeletion: { seconds: 30, source: "assumed" },
  secretRecovery: { seconds: 30, source: "assumed" },
  secretPurge: { seconds: 20, source: "assumed" },
  storageAccountCreation: { seconds: 60, source: "azure-facts 4: 20-60 s" },
  storageFailover: { seconds: 7200, source: "assumed: twice the documented hour" },
  geoReplicationStart: { seconds: 300, source: "assumed" },
  geoBootstrap: { seconds: 21_600, source: "assumed" },
  geoReplicationLag: {
    seconds: 1800,
    source: "assumed: beyond the documented usual 15 min, for which there is no promise",
  },
  zoneConversionStart: { seconds: 259_200, source: "documented: up to 72 h" },
  zoneConversion: { seconds: 172_800, source: "assumed" },
};
