import { minutes, seconds } from "../domain/duration.js";
import { declareScenario } from "./scenario.js";

export const containerAppFailure = declareScenario({
  id: "container-app-failure",
  kind: "recovery",
  title: "Container app failure",
  orchestrator: "recoverContainerApp",
  resource: "container-app",
  symptoms: [
    "The health endpoint answers 503 or not at all",
    "The availability test fails from several locations",
    "Replicas restart again and again",
  ],
  signals: [
    "availability-test",
    "server-errors",
    "no-replicas",
    "no-requests",
    "restarts",
    "resource-health",
  ],
  rto: minutes(15),
  automatic: true,
  dataLoss: "none: the app keeps no data of its own",
  steps: {
    confirm: {
      title: "Confirm the failure by probes of our own",
      expected: seconds(15),
      path: "main",
    },
    "gather-evidence": {
      title: "Gather state, logs and error rates before anything changes",
      expected: seconds(10),
      path: "main",
    },
    recheck: {
      title: "Look once more before the first change",
      expected: seconds(1),
      path: "main",
    },
    "tell-apart": {
      title: "Tell the failing revisions from the healthy ones that share the traffic",
      expected: seconds(2),
      path: "fallback",
    },
    "restart-revision": {
      title: "Restart the revisions that serve traffic",
      expected: seconds(5),
      path: "main",
    },
    "await-restart": {
      title: "Wait until the restarted app is healthy",
      expected: seconds(75),
      path: "main",
    },
    "choose-known-good": {
      title: "Choose the last revision known to be good",
      expected: seconds(5),
      path: "fallback",
    },
    "activate-known-good": {
      title: "Activate the known good revision",
      expected: seconds(5),
      path: "fallback",
    },
    "await-activation": {
      title: "Wait until the known good revision runs",
      expected: seconds(90),
      path: "fallback",
    },
    "shift-traffic": {
      title: "Send all traffic to the known good revision",
      expected: seconds(30),
      path: "fallback",
    },
    "roll-forward": {
      title: "Roll forward with the known good template",
      expected: minutes(2),
      path: "fallback",
    },
    "await-health": {
      title: "Wait until the app is healthy on the known good revision",
      expected: seconds(30),
      path: "fallback",
    },
    "await-settled": {
      title: "Wait until the app is healthy on the new revision",
      expected: seconds(15),
      path: "fallback",
    },
    verify: {
      title: "Verify health through the app's own address",
      expected: seconds(5),
      path: "main",
    },
  },
  fallbacks: [
    {
      when: "the restart does not bring the app back",
      steps: [
        "choose-known-good",
        "activate-known-good",
        "await-activation",
        "await-health",
        "roll-forward",
        "await-settled",
      ],
      dataLoss: "none; the changes that the bad revision brought are rolled back",
    },
    {
      when: "several revisions share the traffic and one of them is well",
      steps: ["shift-traffic", "await-health"],
      dataLoss: "none",
    },
  ],
});

/** Looks come often at first and back off, and are never late by much more than a tenth of the wait. */
const eagerly = { first: seconds(2), growth: 1.1, longest: seconds(10) };

/**
 * How the scenario waits: pauses between looks, how many in a row decide, and when it gives up. What
 * a healthy app needs in a row, and how far apart, is the estate's.
 */
export const waits = {
  confirm: {
    inARow: 2,
    failedInARow: 3,
    within: minutes(1),
    first: seconds(5),
    longest: seconds(5),
  },
  recheck: { failedInARow: 1, within: minutes(1), first: seconds(5), longest: seconds(5) },
  // A restarted app gets half a minute, at five seconds from look to look, to find its feet.
  restart: { ...eagerly, failedInARow: 6, within: minutes(4) },
  activation: { ...eagerly, failedInARow: 3, apart: seconds(5), within: minutes(4) },
  // A new revision takes up to five minutes, and all of them where the answer of its operation was lost.
  rollForward: { ...eagerly, failedInARow: 3, apart: seconds(5), within: minutes(6) },
  operation: { within: minutes(5) },
  health: { ...eagerly, within: minutes(3) },
  verify: { within: seconds(20), first: seconds(5), longest: seconds(5) },
} as const;
