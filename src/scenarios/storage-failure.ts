import { minutes, seconds } from "../domain/duration.js";
import { edgeSteps } from "./edge-steps.js";
import { declareScenario } from "./scenario.js";
import { accountSteps } from "./storage-steps.js";

export const storageFailure = declareScenario({
  id: "storage-failure",
  kind: "recovery",
  title: "Storage failure",
  orchestrator: "recoverStorage",
  resource: "storage",
  symptoms: [
    "The app says that it cannot use its storage account",
    "Blobs of the account cannot be read or written",
    "The storage account is deleted",
  ],
  signals: ["storage-availability", "storage-deleted", "resource-health"],
  rto: minutes(30),
  automatic: true,
  fallsBackOn: ["blobs"],
  dataLoss: "what was written to blobs since the account was last copied or backed up",
  steps: {
    confirm: {
      title: "Confirm that the app cannot use its storage",
      expected: seconds(15),
      path: "main",
    },
    diagnose: {
      title: "Find out why: the account, its regions, the app's own word",
      expected: seconds(5),
      path: "main",
    },
    recheck: {
      title: "Look once more before the first change",
      expected: seconds(5),
      path: "main",
    },
    "check-region": {
      title: "See that not the whole region is down",
      expected: seconds(5),
      path: "main",
    },
    "show-loss": {
      title: "Find out what would be lost",
      expected: seconds(15),
      path: "main",
    },
    "choose-account": {
      title: "Choose the account to go on with",
      expected: seconds(5),
      path: "main",
    },
    "fail-over": {
      title: "Fail the account over to its other region",
      expected: minutes(60),
      path: "fallback",
      destroys: {
        asks: "always",
        loss: "what was written since the account was last copied to its other region",
      },
      dispensable: true,
    },
    "await-failover": {
      title: "Wait until Azure has failed the account over",
      expected: minutes(60),
      path: "fallback",
    },
    "create-account": {
      title: "Make a new account in the recovery region",
      expected: seconds(10),
      path: "fallback",
    },
    "await-created": {
      title: "Wait until the new account is there",
      expected: minutes(1),
      path: "fallback",
    },
    "find-set": {
      title: "Find the newest verified set of blobs",
      expected: seconds(5),
      path: "main",
    },
    compare: {
      title: "Compare each blob of the set with the account",
      expected: seconds(30),
      path: "main",
    },
    prepare: {
      title: "Make the private containers that are missing",
      expected: seconds(5),
      path: "main",
    },
    restore: {
      title: "Copy back the blobs that are missing or older, and prove each",
      expected: minutes(1),
      path: "main",
    },
    "bring-newer": {
      title: "Bring over what is newer than the set from the account's readable copy",
      expected: seconds(30),
      path: "main",
    },
    ...edgeSteps,
    ...accountSteps,
  },
  fallbacks: [
    {
      when: "no other account stands by, or the estate prefers data to time",
      steps: ["fail-over", "await-failover", "verify"],
      dataLoss:
        "what was written since the account was last copied to its other region; it is locally redundant afterwards",
    },
    {
      when: "no other account stands by",
      steps: ["create-account", "await-created", "restore", "bring-newer", "move-app"],
      dataLoss:
        "what was written since the newest verified set, and less where the account's copy can be read",
    },
  ],
});

/** How the scenario waits for what only it waits for. */
export const waits = {
  confirm: {
    inARow: 2,
    failedInARow: 2,
    within: minutes(2),
    first: seconds(5),
    longest: seconds(5),
  },
  /** Azure takes about an hour, and longer on a bad day. */
  failover: { first: seconds(30), growth: 1.1, longest: minutes(2), within: minutes(150) },
  /** An account that fails over already may come back within the target. */
  healing: { first: seconds(10), growth: 1.1, longest: seconds(30), within: minutes(15) },
} as const;
