import { minutes, seconds } from "../domain/duration.js";
import { edgeSteps } from "./edge-steps.js";
import { keyVaultFailure } from "./key-vault-failure.js";
import { replacementSteps } from "./redis-failure.js";
import { sideSteps } from "./region-steps.js";
import { declareScenario } from "./scenario.js";
import { storageFailure } from "./storage-failure.js";
import { trafficSteps } from "./traffic-steps.js";

const {
  "find-standby": findStandby,
  // The one approval of the run is for this, and for the account's failover below.
  unlink: { destroys: _asked, ...unlink },
  "await-unlink": awaitUnlink,
  "find-set": _findSet,
  ...otherReplacementSteps
} = replacementSteps;
const {
  "await-edge": awaitEdge,
  "purge-edge": purgeEdge,
  "verify-edge": verifyEdge,
  ...edgeChange
} = edgeSteps;
const { "restore-secrets": restoreSecrets, "check-secrets": checkSecrets } = keyVaultFailure.steps;
const {
  "choose-account": chooseAccount,
  "fail-over": { destroys: _askedToo, ...failOver },
  "await-failover": awaitFailover,
  prepare,
  restore,
  "bring-newer": bringNewer,
  "find-users": findUsers,
  "grant-roles": grantRoles,
  "await-access": awaitAccess,
} = storageFailure.steps;

export const regionOutage = declareScenario({
  id: "region-outage",
  kind: "recovery",
  title: "Region outage",
  orchestrator: "recoverRegion",
  resource: "traffic-manager",
  symptoms: [
    "Several services of the primary region do not answer",
    "Traffic Manager finds the primary endpoint degraded",
    "Azure Service Health announces an issue of the region",
  ],
  signals: ["traffic-manager-endpoint", "service-health-region"],
  rto: minutes(60),
  automatic: true,
  fallsBackOn: ["key-vault", "redis", "blobs"],
  dataLoss:
    "what had not reached the other region: cache entries of the last seconds, blobs and secrets since their last copy",
  steps: {
    "find-active-side": {
      title: "See which side users are led to",
      expected: seconds(5),
      path: "main",
    },
    confirm: {
      title: "Confirm by independent witnesses that the region is down",
      expected: seconds(30),
      path: "main",
    },
    "inspect-standby": {
      title: "See whether the app of the other side is ready",
      expected: seconds(10),
      path: "main",
    },
    "measure-loss": {
      title: "Find out how old the copies in the other region are",
      expected: seconds(10),
      path: "main",
    },
    "move-region": {
      title: "Give the primary region up and go on in the other one",
      expected: seconds(5),
      path: "main",
      destroys: {
        asks: "unless-ordered",
        loss: "what had not reached the other region",
        covers: "the-rest",
      },
    },
    "find-vault": {
      title: "Look at the other side's vault",
      expected: seconds(5),
      path: "main",
    },
    // Of the vault and of the account.
    "find-set": {
      title: "Find the newest verified set and see whether the other side can take it",
      expected: seconds(5),
      path: "main",
    },
    compare: {
      title: "Compare the set with what the other side holds",
      expected: seconds(30),
      path: "main",
    },
    "find-active": {
      title: "See which cache the other side's app is told to use",
      expected: seconds(3),
      path: "fallback",
    },
    "find-standby": { ...findStandby, path: "main" },
    unlink: { ...unlink, path: "main" },
    "await-unlink": { ...awaitUnlink, path: "main" },
    ...otherReplacementSteps,
    "restore-secrets": restoreSecrets,
    "check-secrets": checkSecrets,
    "choose-account": chooseAccount,
    "fail-over": failOver,
    "await-failover": awaitFailover,
    "find-users": findUsers,
    "grant-roles": grantRoles,
    "await-access": awaitAccess,
    prepare,
    restore,
    "bring-newer": bringNewer,
    ...edgeChange,
    ...sideSteps,
    ...trafficSteps,
    // It spreads while users are led to the app.
    "await-edge": awaitEdge,
    "purge-edge": purgeEdge,
    "verify-edge": verifyEdge,
    "look-back": {
      title: "See what can still be seen of the region that is down",
      expected: seconds(30),
      path: "main",
    },
  },
  fallbacks: [
    {
      when: "the other side's cache is not linked to the lost one",
      steps: ["choose-set", "find-set", "restore-keys"],
      dataLoss: "what was written to the cache since the newest verified set",
    },
    {
      when: "no cache of the other side can be used",
      steps: ["create-cache", "await-cache", "choose-set", "import"],
      dataLoss: "what was written to the cache since the newest verified set",
    },
    {
      when: "no account of the other side stands by",
      steps: ["fail-over", "await-failover"],
      dataLoss:
        "what was written since the account was last copied to its other region; it is locally redundant afterwards",
    },
    {
      when: "the other side's vault holds no secrets",
      steps: ["find-set", "compare", "restore-secrets", "check-secrets"],
      dataLoss: "what was written to secrets since the newest verified set",
    },
  ],
});

/** How the scenario waits for what only it waits for. */
export const waits = {
  /** What was seen longer ago than this is looked at anew before anything is changed. */
  stale: minutes(1),
  /** Service Health and Traffic Manager's probes speak minutes late. */
  confirm: {
    inARow: 2,
    failedInARow: 2,
    first: seconds(10),
    growth: 1.1,
    longest: seconds(20),
    apart: seconds(10),
    within: minutes(8),
  },
} as const;
