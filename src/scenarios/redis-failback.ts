import { hours, minutes, seconds } from "../domain/duration.js";
import { findingSteps } from "./redis-steps.js";
import { declareScenario, type DeclaredStep } from "./scenario.js";

/** What brings the keys home to the original cache, and makes the pair what it was. */
export const keysHomeSteps = {
  "inspect-original": {
    title: "Look at what the original cache holds, and how it is linked",
    expected: seconds(3),
    path: "main",
  },
  unlink: {
    title: "Unlink the original, which is a replica of the cache in use",
    expected: seconds(5),
    path: "fallback",
    destroys: { asks: "unless-ordered", loss: "what has not been replicated" },
  },
  "await-unlink": {
    title: "Wait until the original can be written to",
    expected: minutes(3),
    path: "fallback",
  },
  "empty-original": {
    title: "Remove the keys that the original has held since it failed",
    expected: seconds(5),
    path: "main",
    destroys: {
      asks: "unless-ordered",
      loss: "what the original held when it failed: the cache in use has gone on from there",
    },
  },
  "copy-keys": {
    title: "Copy the keys of the cache in use into the original",
    expected: minutes(2),
    path: "main",
  },
  "copy-late-keys": {
    title: "Copy the keys that were written meanwhile",
    expected: minutes(1),
    path: "main",
  },
  "stop-persistence": {
    title: "Turn the persistence of both caches off, which would forbid the link",
    expected: minutes(1),
    path: "fallback",
  },
  link: {
    title: "Link the secondary again as the geo-replica",
    expected: seconds(10),
    path: "fallback",
    destroys: {
      asks: "unless-ordered",
      loss: "what the secondary holds; the original has it by now",
    },
  },
  "await-link": {
    title: "Wait until the replica is in step",
    expected: minutes(6),
    path: "fallback",
  },
} as const satisfies Record<string, DeclaredStep>;
export type KeysHomeStep = keyof typeof keysHomeSteps;

export const redisFailback = declareScenario({
  id: "redis-failback",
  kind: "failback",
  title: "Redis failback",
  orchestrator: "failBackRedis",
  resource: "redis",
  symptoms: [],
  signals: [],
  rto: hours(2),
  automatic: false,
  dataLoss:
    "what is written to the cache in use while its keys are copied, where a key is changed again in those minutes",
  steps: {
    ...findingSteps,
    "confirm-original": {
      title: "See that the original cache is well again",
      expected: seconds(10),
      path: "main",
    },
    "inspect-original": keysHomeSteps["inspect-original"],
    unlink: keysHomeSteps.unlink,
    "await-unlink": keysHomeSteps["await-unlink"],
    "empty-original": keysHomeSteps["empty-original"],
    "copy-keys": keysHomeSteps["copy-keys"],
    "write-secret": {
      title: "Write the connection string into the vault in use, if it differs",
      expected: seconds(3),
      path: "main",
    },
    "restart-revision": {
      title: "Restart the revisions that serve traffic, one after the other",
      expected: seconds(5),
      path: "main",
    },
    "await-restart": {
      title: "Wait until every replica has read the connection string",
      expected: seconds(75),
      path: "main",
    },
    verify: {
      title: "Verify by a write and a read, and that the app uses the original",
      expected: seconds(10),
      path: "main",
    },
    "copy-late-keys": keysHomeSteps["copy-late-keys"],
    "stop-persistence": keysHomeSteps["stop-persistence"],
    link: keysHomeSteps.link,
    "await-link": keysHomeSteps["await-link"],
  },
  fallbacks: [
    {
      when: "both caches are of the Premium tier and were linked",
      steps: ["stop-persistence", "link", "await-link"],
      dataLoss: "none",
    },
  ],
});

export const linkWait = {
  first: seconds(10),
  growth: 1.3,
  longest: seconds(30),
  within: minutes(40),
} as const;
