import { hours, minutes, seconds } from "../domain/duration.js";
import { edgeSteps } from "./edge-steps.js";
import { keyVaultFailback } from "./key-vault-failback.js";
import { keysHomeSteps } from "./redis-failback.js";
import { sideSteps } from "./region-steps.js";
import { declareScenario } from "./scenario.js";
import { blobsHomeSteps } from "./storage-failback.js";
import { trafficSteps } from "./traffic-steps.js";

const {
  list,
  compare: compareSecrets,
  "bring-home": bringSecrets,
  "bring-late": bringLateSecrets,
  "check-secrets": checkSecrets,
} = keyVaultFailback.steps;

export const regionFailback = declareScenario({
  id: "region-failback",
  kind: "failback",
  title: "Region failback",
  orchestrator: "failBackRegion",
  resource: "traffic-manager",
  symptoms: [],
  signals: [],
  rto: hours(2),
  automatic: false,
  dataLoss:
    "none of what can be compared: blobs and secrets are brought home before users are; of the cache, what is changed after it was copied and before users are home",
  steps: {
    "find-active-side": {
      title: "See which side users are led to",
      expected: seconds(5),
      path: "main",
    },
    "confirm-up": {
      title: "Confirm by independent witnesses that the primary region is up",
      expected: seconds(30),
      path: "main",
    },
    "inspect-sides": {
      title: "See what the apps of both sides use, and whether they are well",
      expected: seconds(10),
      path: "main",
    },
    "find-homes": {
      title: "See whether the vault and the storage account of the primary region can be used",
      expected: seconds(10),
      path: "main",
    },
    "find-cache": {
      title: "Find the cache that users use now",
      expected: seconds(3),
      path: "main",
    },
    soak: {
      title: "Wait until the primary app has been well for long enough",
      expected: minutes(15),
      path: "main",
    },
    list,
    "compare-secrets": { ...compareSecrets, title: "Compare both vaults secret by secret" },
    "bring-secrets": bringSecrets,
    ...blobsHomeSteps,
    ...keysHomeSteps,
    ...sideSteps,
    ...edgeSteps,
    ...trafficSteps,
    "bring-late-secrets": {
      ...bringLateSecrets,
      title: "Bring home the secrets written meanwhile",
    },
    "check-secrets": checkSecrets,
    "soak-afterwards": {
      title: "See that the primary app stays well with its users",
      expected: minutes(15),
      path: "main",
    },
  },
  fallbacks: [
    {
      when: "the primary app does not stay well with its users",
      steps: ["enable-endpoint", "await-online", "disable-endpoint", "verify-dns"],
      dataLoss:
        "what was written in the primary region in these minutes, until it is brought over by hand",
    },
    {
      when: "the other side's cache was a geo-replica",
      steps: ["stop-persistence", "link", "await-link"],
      dataLoss: "none: the original has what the replica holds",
    },
  ],
});

/** How the failback waits for what only it waits for. */
export const failbackWaits = {
  up: {
    inARow: 2,
    first: seconds(10),
    longest: seconds(20),
    apart: seconds(10),
    within: minutes(5),
  },
  /** Looks of the soak, and how much longer than it the app may take to become well at all. */
  soak: { every: seconds(30), grace: minutes(15) },
} as const;
