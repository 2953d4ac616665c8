import { minutes, seconds } from "../domain/duration.js";
import type { DeclaredStep } from "./scenario.js";

/** What leads the edge to another storage account, as steps. */
export const edgeSteps = {
  "observe-edge": {
    title: "Find out where the edge leads",
    expected: seconds(5),
    path: "main",
  },
  "find-asset": {
    title: "Choose a file that proves where the edge leads",
    expected: seconds(5),
    path: "main",
  },
  "move-origin": {
    title: "Lead the origin of the edge to the storage account",
    expected: seconds(30),
    path: "main",
  },
  "await-origin": {
    title: "Wait until the edge has taken in the change",
    expected: seconds(15),
    path: "main",
  },
  "await-edge": {
    title: "Wait until the edge asks the storage account",
    expected: minutes(3),
    path: "main",
  },
  "purge-edge": {
    title: "Purge what the edge has kept",
    expected: seconds(30),
    path: "main",
  },
  "verify-edge": {
    title: "Verify that the edge gives what the storage account has",
    expected: minutes(2),
    path: "main",
  },
} as const satisfies Record<string, DeclaredStep>;
export type EdgeStep = keyof typeof edgeSteps;

/** Pauses between looks, and when a wait is given up. */
export const edgeWaits = {
  operation: { within: minutes(10) },
  origin: {
    ...{ first: seconds(2), growth: 1.1, longest: seconds(10) },
    within: minutes(5),
  },
  // Twenty minutes on a bad day, of which nobody is told when they are over.
  edge: {
    ...{ first: seconds(5), growth: 1.1, longest: seconds(30) },
    ...{ inARow: 3, apart: seconds(5), within: minutes(30) },
  },
  // A purge takes up to ten minutes.
  purged: {
    ...{ first: seconds(5), growth: 1.1, longest: seconds(30) },
    ...{ inARow: 3, apart: seconds(5), within: minutes(15) },
  },
} as const;
