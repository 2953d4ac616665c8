import { minutes, seconds } from "../domain/duration.js";
import { revisionSteps } from "./revision-steps.js";
import type { DeclaredStep } from "./scenario.js";

/** What recovery and failback of a storage account do alike, as steps: roles, the edge, the app, the proof. */
export const accountSteps = {
  "find-users": {
    title: "Find out whom the app writes blobs as",
    expected: seconds(5),
    path: "main",
  },
  "grant-roles": {
    title: "See that the app and this service have their roles at the account",
    expected: seconds(10),
    path: "main",
  },
  "await-access": {
    title: "Wait until this service can use the account",
    expected: seconds(30),
    path: "main",
  },
  "move-app": {
    title: "Tell the app to use the account, in one new revision",
    expected: seconds(30),
    path: "main",
  },
  ...revisionSteps,
  verify: {
    title: "Verify that the app uses its storage",
    expected: seconds(15),
    path: "main",
  },
} as const satisfies Record<string, DeclaredStep>;
export type AccountStep = keyof typeof accountSteps;

/** Looks come often at first and back off, and are never late by much more than a tenth of the wait. */
const eagerly = { first: seconds(2), growth: 1.1, longest: seconds(10) };
/** For what Azure itself takes minutes for. */
const calmly = { first: seconds(3), growth: 1.3, longest: seconds(30) };

/** How both wait: pauses between looks, and when a wait is given up. */
export const accountWaits = {
  operation: { within: minutes(6) },
  created: { ...eagerly, within: minutes(6) },
  // A role takes up to ten minutes to be felt.
  access: { ...calmly, within: minutes(14) },
  verify: { ...calmly, within: minutes(10) },
} as const;
