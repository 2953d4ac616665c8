import { hours, minutes, seconds } from "../domain/duration.js";
import { edgeSteps } from "./edge-steps.js";
import { declareScenario, type DeclaredStep } from "./scenario.js";
import { accountSteps } from "./storage-steps.js";

/** What brings the blobs home to the original account. */
export const blobsHomeSteps = {
  compare: {
    title: "Compare the account in use with the original, blob by blob",
    expected: seconds(30),
    path: "main",
  },
  "compare-back": {
    title: "See what only the original has",
    expected: seconds(30),
    path: "main",
  },
  "bring-home": {
    title: "Bring home the blobs that were written meanwhile",
    expected: minutes(1),
    path: "main",
  },
  "bring-late": {
    title: "Bring home what was written while the app was told",
    expected: seconds(30),
    path: "main",
  },
  "check-blobs": {
    title: "See that nothing was left behind",
    expected: seconds(30),
    path: "main",
  },
} as const satisfies Record<string, DeclaredStep>;
export type BlobsHomeStep = keyof typeof blobsHomeSteps;

export const storageFailback = declareScenario({
  id: "storage-failback",
  kind: "failback",
  title: "Storage failback",
  orchestrator: "failBackStorage",
  resource: "storage",
  symptoms: [],
  signals: [],
  rto: minutes(30),
  automatic: false,
  dataLoss: "none: what was written meanwhile is brought home first",
  steps: {
    "find-active": {
      title: "See which storage account the app uses",
      expected: seconds(5),
      path: "main",
    },
    "find-original": {
      title: "See whether the original account is well",
      expected: seconds(5),
      path: "main",
    },
    compare: blobsHomeSteps.compare,
    "compare-back": blobsHomeSteps["compare-back"],
    "bring-home": blobsHomeSteps["bring-home"],
    ...edgeSteps,
    ...accountSteps,
    "bring-back": {
      title: "Bring back what was written at home before the app was led back",
      expected: seconds(30),
      path: "fallback",
    },
    "bring-late": blobsHomeSteps["bring-late"],
    "check-blobs": blobsHomeSteps["check-blobs"],
    "set-redundancy": {
      title: "Have the account copied to its other region again",
      expected: seconds(10),
      path: "fallback",
    },
    "await-replicated": {
      title: "Wait until the other region has everything",
      expected: hours(1),
      path: "fallback",
    },
    "fail-home": {
      title: "Have both regions of the account change places",
      expected: minutes(60),
      path: "fallback",
      destroys: {
        asks: "unless-ordered",
        loss: "nothing; while the regions change places nobody can write for some minutes",
      },
    },
    "await-failover": {
      title: "Wait until the first region is the primary one again",
      expected: minutes(60),
      path: "fallback",
    },
  },
  fallbacks: [
    {
      when: "the account itself was failed over to its other region",
      steps: ["set-redundancy", "await-replicated", "fail-home", "await-failover", "verify"],
      dataLoss: "none: the regions change places only once both have everything",
    },
    {
      when: "the app does not get on with the original account",
      steps: ["move-app", "await-revision", "verify", "bring-back"],
      dataLoss: "none: the account in use until then is still there",
    },
  ],
});

/** How the failback waits for what only it waits for. */
export const failbackWaits = {
  original: { first: seconds(5), longest: seconds(10), inARow: 2, within: minutes(2) },
  /** All that an account holds is copied anew, by Azure, in its own time. */
  replicated: { first: seconds(30), growth: 1.2, longest: minutes(5), within: hours(24) },
  /** Blobs that are too large for one call are copied by the service in its own time. */
  copies: hours(2),
  failover: { first: seconds(30), growth: 1.1, longest: minutes(2), within: minutes(180) },
} as const;
