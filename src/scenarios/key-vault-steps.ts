import { minutes, seconds } from "../domain/duration.js";
import { revisionSteps } from "./revision-steps.js";
import type { DeclaredStep } from "./scenario.js";

/** What recovery and failback of a vault do alike, as steps: the vault is made usable, the app moved to it. */
export const vaultSteps = {
  "recover-deleted": {
    title: "Recover the vault from soft deletion",
    expected: seconds(10),
    path: "fallback",
  },
  "await-recovered": {
    title: "Wait until the recovered vault is there",
    expected: minutes(1),
    path: "fallback",
  },
  "find-users": {
    title: "Find out whom the app reads secrets as",
    expected: seconds(5),
    path: "main",
  },
  "grant-roles": {
    title: "See that the app and this service have their roles at the vault",
    expected: seconds(10),
    path: "main",
  },
  "await-access": {
    title: "Wait until this service can use the vault",
    expected: seconds(30),
    path: "main",
  },
  "move-app": {
    title: "Tell the app to use the vault, in one new revision",
    expected: seconds(30),
    path: "main",
  },
  ...revisionSteps,
  verify: {
    title: "Verify that the app reads a secret",
    expected: seconds(15),
    path: "main",
  },
} as const satisfies Record<string, DeclaredStep>;
export type VaultStep = keyof typeof vaultSteps;

/** Looks come often at first and back off, and are never late by much more than a tenth of the wait. */
const eagerly = { first: seconds(2), growth: 1.1, longest: seconds(10) };
/** For what Azure itself takes minutes for. */
const calmly = { first: seconds(3), growth: 1.3, longest: seconds(30) };

/** How both wait: pauses between looks, and when a wait is given up. */
export const vaultWaits = {
  operation: { within: minutes(6) },
  recovered: { ...eagerly, within: minutes(6) },
  // A role takes up to ten minutes to be felt, and so does a changed network rule.
  access: { ...calmly, within: minutes(14) },
  verify: { ...calmly, within: minutes(14) },
} as const;
