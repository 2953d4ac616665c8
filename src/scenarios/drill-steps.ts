import { hours, minutes, seconds } from "../domain/duration.js";
import type { DeclaredStep } from "./scenario.js";

/** What every drill does before and after its fault. */
export const drillSteps = {
  admit: {
    title: "See that a drill may begin: no blocked window, no other run, and the recovery is ready",
    expected: seconds(5),
    path: "main",
  },
  "steady-state": {
    title: "See that all is well, and note how it is",
    expected: seconds(5),
    path: "main",
  },
  compare: {
    title: "Compare with the target and with earlier drills",
    expected: seconds(5),
    path: "main",
  },
  undo: {
    title: "Undo what the drill has broken",
    expected: seconds(5),
    path: "main",
  },
  "await-undone": {
    title: "Wait until that is so",
    expected: seconds(15),
    path: "main",
  },
  residue: {
    title: "Compare the state with that before, field by field",
    expected: seconds(5),
    path: "main",
  },
} as const satisfies Record<string, DeclaredStep>;
export type DrillStep = keyof typeof drillSteps;

/** What a drill does whose fault the ordinary scenario answers. */
export const practiceSteps = {
  "await-alert": {
    title: "Wait for the alert of Azure Monitor",
    expected: minutes(3),
    path: "main",
  },
  "order-recovery": {
    title: "Start the recovery without an alert",
    expected: seconds(5),
    path: "fallback",
  },
  "await-recovery": {
    title: "Follow the recovery to its end",
    expected: minutes(3),
    path: "main",
  },
  "stop-recovery": {
    title: "Stop the recovery, because the drill ends",
    expected: seconds(5),
    path: "fallback",
  },
  verify: {
    title: "See by a look of our own that all is well again",
    expected: seconds(10),
    path: "main",
  },
} as const satisfies Record<string, DeclaredStep>;
export type PracticeStep = keyof typeof practiceSteps;

/** How drills wait. */
export const drillWaits = {
  look: { first: seconds(3), growth: 1.2, longest: seconds(15) },
  /** Beyond a drill's target, before it gives the recovery up and undoes its fault itself. */
  grace: minutes(5),
  verify: { within: minutes(2), first: seconds(5), longest: seconds(10) },
  undone: { within: minutes(6), first: seconds(3), growth: 1.2, longest: seconds(15) },
  /** Beside the time that people have to approve an import over keys. */
  restore: hours(2),
  stopped: { within: minutes(5), first: seconds(3), longest: seconds(15) },
} as const;
