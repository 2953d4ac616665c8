import { minutes, seconds } from "../domain/duration.js";
import type { DeclaredStep } from "./scenario.js";

/** What follows once an app has been told something by a new revision. */
export const revisionSteps = {
  "await-revision": {
    title: "Wait until the new revision serves",
    expected: minutes(2),
    path: "main",
  },
  "shift-traffic": {
    title: "Send all traffic to the new revision",
    expected: seconds(30),
    path: "fallback",
  },
} as const satisfies Record<string, DeclaredStep>;
export type RevisionStep = keyof typeof revisionSteps;

/** Looks come often at first and back off, and are never late by much more than a tenth of the wait. */
const eagerly = { first: seconds(2), growth: 1.1, longest: seconds(10) };

export const revisionWaits = {
  operation: { within: minutes(6) },
  revision: { ...eagerly, failedInARow: 3, apart: seconds(5), within: minutes(10) },
  traffic: { ...eagerly, within: minutes(2) },
} as const;
