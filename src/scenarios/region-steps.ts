import { minutes, seconds } from "../domain/duration.js";
import { revisionSteps } from "./revision-steps.js";
import type { DeclaredStep } from "./scenario.js";

/** What leading users to the other side and back do alike with the app of the side that takes over. */
export const sideSteps = {
  "write-secret": {
    title: "Write the cache's connection string into the vault of the side that takes over",
    expected: seconds(3),
    path: "main",
  },
  "tell-app": {
    title: "Tell the app of that side its vault and its storage, and keep enough replicas",
    expected: seconds(30),
    path: "main",
  },
  ...revisionSteps,
  "restart-app": {
    title: "Restart it, so that it reads the connection string",
    expected: seconds(5),
    path: "main",
  },
  "await-restart": {
    title: "Wait until every replica has read the connection string",
    expected: seconds(75),
    path: "main",
  },
  "verify-app": {
    title: "Verify that the app of that side is well",
    expected: seconds(15),
    path: "main",
  },
  "prove-app": {
    title: "Prove by a write and a read through it that its data can be used",
    expected: seconds(10),
    path: "main",
  },
} as const satisfies Record<string, DeclaredStep>;
export type SideStep = keyof typeof sideSteps;

const eagerly = { first: seconds(3), growth: 1.1, longest: seconds(10) };

/** How both wait. */
export const sideWaits = {
  restart: { ...eagerly, within: minutes(5) },
  well: { ...eagerly, apart: seconds(5), within: minutes(6) },
  proof: { ...eagerly, within: minutes(2) },
} as const;
