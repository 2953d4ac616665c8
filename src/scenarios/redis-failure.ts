import { minutes, seconds } from "../domain/duration.js";
import { redisRestore } from "./redis-restore.js";
import { findingSteps } from "./redis-steps.js";
import { declareScenario, type DeclaredStep } from "./scenario.js";

/** The steps that bring keys back are those of a restore. */
const {
  "restore-keys": restoreKeys,
  "prepare-import": prepareImport,
  "copy-files": copyFiles,
  import: importEmpty,
  "import-over": importOver,
  "import-with-sas": importWithSas,
  "check-import": checkImport,
} = redisRestore.steps;

/** What finds or makes a cache that can take over, and brings it its keys. */
export const replacementSteps = {
  "find-standby": {
    title: "Look at the other side's cache",
    expected: seconds(5),
    path: "fallback",
  },
  unlink: {
    title: "Unlink the geo-replica, which makes it a cache of its own",
    expected: seconds(5),
    path: "fallback",
    destroys: {
      asks: "unless-ordered",
      loss: "what had not been replicated: the last seconds, for which Azure gives no promise",
    },
    dispensable: true,
  },
  "await-unlink": {
    title: "Wait until the replica can be written to",
    expected: minutes(3),
    path: "fallback",
  },
  "find-made": {
    title: "Look for a cache that an earlier run made and did not use",
    expected: seconds(5),
    path: "fallback",
  },
  "create-cache": {
    title: "Make a cache in the recovery region",
    expected: seconds(10),
    path: "fallback",
  },
  "await-cache": {
    title: "Wait until Azure has made the cache",
    expected: minutes(15),
    path: "fallback",
  },
  "create-database": {
    title: "Make the database of an Azure Managed Redis",
    expected: seconds(10),
    path: "fallback",
  },
  "await-database": {
    title: "Wait until Azure has made the database",
    expected: minutes(3),
    path: "fallback",
  },
  "choose-set": {
    title: "Choose the newest verified set that this cache can take",
    expected: seconds(5),
    path: "fallback",
  },
  "find-set": {
    title: "Read the set and the new cache",
    expected: seconds(5),
    path: "fallback",
  },
  "restore-keys": restoreKeys,
  "prepare-import": prepareImport,
  "copy-files": copyFiles,
  import: importEmpty,
  "import-over": { ...importOver, dispensable: true },
  "import-with-sas": importWithSas,
  "check-import": checkImport,
} as const satisfies Record<string, DeclaredStep>;
export type ReplacementStep = keyof typeof replacementSteps;

export const redisFailure = declareScenario({
  id: "redis-failure",
  kind: "recovery",
  title: "Redis failure",
  orchestrator: "recoverRedis",
  resource: "redis",
  symptoms: [
    "The app's health names its cache: connections are refused, time out or are not let in",
    "The cache has no connected clients",
    "Errors of the cache's clients rise",
  ],
  signals: ["redis-no-clients", "redis-errors", "redis-load", "resource-health"],
  rto: minutes(30),
  // Neither exports anything, and neither can be linked: their data comes back key by key.
  rtoIn: ({ redis: { tier } }) => minutes(tier === "Standard" || tier === "Basic" ? 60 : 30),
  automatic: true,
  fallsBackOn: ["redis"],
  dataLoss: "none while the cache itself comes back; each way around it says what it may lose",
  steps: {
    ...findingSteps,
    confirm: {
      title: "Confirm the failure: by a write and a read of our own, ARM, the app's health",
      expected: seconds(15),
      path: "main",
    },
    recheck: {
      title: "Look once more before the first change",
      expected: seconds(2),
      path: "main",
    },
    "reboot-primary": {
      title: "Reboot the primary node",
      expected: seconds(5),
      path: "main",
    },
    "reboot-only-node": {
      title: "Reboot the only node of a Basic cache",
      expected: seconds(5),
      path: "fallback",
      destroys: { asks: "unless-ordered", loss: "every key: a Basic cache has no other node" },
      dispensable: true,
    },
    "await-reboot": {
      title: "Wait until the cache answers again",
      expected: seconds(90),
      path: "main",
    },
    "check-region": {
      title: "See that not the whole region is down",
      expected: seconds(3),
      path: "fallback",
    },
    ...replacementSteps,
    "write-secret": {
      title: "Write the connection string into the vault in use, if it differs",
      expected: seconds(3),
      path: "fallback",
    },
    "restart-revision": {
      title: "Restart the revisions that serve traffic, one after the other",
      expected: seconds(5),
      path: "fallback",
    },
    "await-restart": {
      title: "Wait until every replica has read the new connection string",
      expected: seconds(75),
      path: "fallback",
    },
    verify: {
      title: "Verify by a write and a read, and that the app uses this cache",
      expected: seconds(10),
      path: "main",
    },
  },
  fallbacks: [
    {
      when: "the cache has one node alone (Basic)",
      steps: ["reboot-only-node", "await-reboot"],
      dataLoss: "every key of it",
    },
    {
      when: "the cache answers, but the app is not let in",
      steps: ["write-secret", "restart-revision", "await-restart"],
      dataLoss: "none",
    },
    {
      when: "a reboot does not help, and the estate has a secondary that is linked",
      steps: ["find-standby", "unlink", "await-unlink", "write-secret", "restart-revision"],
      dataLoss: "what had not been replicated",
    },
    {
      when: "a reboot does not help, and the secondary is not linked",
      steps: ["find-standby", "choose-set", "restore-keys", "write-secret", "restart-revision"],
      dataLoss: "what was written since the newest verified set",
    },
    {
      when: "there is no secondary, or it cannot be used",
      steps: [
        "find-made",
        "create-cache",
        "await-cache",
        "create-database",
        "await-database",
        "choose-set",
        "import",
        "write-secret",
        "restart-revision",
        "await-restart",
      ],
      dataLoss: "what was written since the newest verified set",
    },
  ],
});

const eagerly = { first: seconds(3), growth: 1.3, longest: seconds(15) };
/** A failover takes seconds, and most reboots end with it: a look that comes late is felt. */
const untilBack = { first: seconds(3), growth: 1.1, longest: seconds(5), inARow: 2 };

/** How the scenario waits: pauses between looks, how many in a row decide, and when it gives up. */
export const waits = {
  confirm: {
    inARow: 2,
    failedInARow: 3,
    within: minutes(2),
    first: seconds(5),
    longest: seconds(5),
  },
  recheck: { failedInARow: 1, within: minutes(1), first: seconds(5), longest: seconds(5) },
  reboot: { ...untilBack, within: minutes(4) },
  // A cluster has several shards to be tried, each of which fails over by itself.
  rebootOfShard: { ...untilBack, within: seconds(100) },
  unlink: { first: seconds(5), growth: 1.2, longest: seconds(15), within: minutes(8) },
  creation: { first: seconds(15), growth: 1.2, longest: seconds(30), within: minutes(50) },
  // An Azure Managed Redis takes at most half as long; what hangs leaves time for the other kind.
  creationOfManaged: { first: seconds(15), growth: 1.2, longest: seconds(30), within: minutes(25) },
  database: { first: seconds(10), growth: 1.2, longest: seconds(20), within: minutes(15) },
  restart: { first: seconds(3), growth: 1.1, longest: seconds(10), within: minutes(5) },
  verify: { ...eagerly, inARow: 3, within: minutes(3), apart: seconds(5) },
} as const;
