import { availabilityAlert } from "../../stack/alert.js";
import type { Exercise } from "../exercise.js";

const restart = "containerAppsRevisions.restart";
const activate = "containerAppsRevisions.activate";
const update = "containerApps.update";

const needsNone = "the app keeps no data of its own, so nothing is restored";

/** A bad revision: a restart does not help, and only what ran before it does. */
export const containerAppFailure: Exercise = {
  scenario: "container-app-failure",
  environment: "production",
  breaks: ({ containerApp }) => [{ name: "bad-revision", resource: containerApp.primary }],
  backups: [],
  certain: [restart, activate],
  alert: ({ applicationInsights: { component, availabilityTests } }, firedAt) =>
    availabilityAlert(component, availabilityTests[0] ?? component, firedAt),
  changes: [restart, activate, update],
  longChanges: [update],
  repeatable: [restart, activate, update],
  unlogged: [],
  // A wider role at the same group would do as well.
  missingRole: ({ containerApp }) =>
    ["Container Apps Contributor", "Contributor"].map((role) => ({
      name: "role-missing" as const,
      resource: containerApp.primary,
      role,
    })),
  courses: {},
  spared: {
    "cache-refused": "it makes no cache",
    "newest-set-corrupt": needsNone,
    "no-set": needsNone,
    "vault-read-only": "it changes no vault",
  },
};
