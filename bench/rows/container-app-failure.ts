import { availabilityAlert } from "../../local/stack/alert.js";
import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import type { Stack } from "../../local/stack/stack.js";
import { calm } from "../../simulator/profiles/calm.js";
import { durationsOf } from "../../simulator/profiles/profile.js";
import { criticalPaths } from "../critical-paths/container-app-failure.js";
import type { Measurement } from "../measurement.js";
import { recoveries, type Course } from "../recoveries.js";

const course = (
  fault: "app-unhealthy" | "bad-revision",
  mode: "Single" | "Multiple",
  path: keyof ReturnType<typeof criticalPaths>,
): Course => ({
  fault: ({ containerApp }) => ({ name: fault, resource: containerApp.primary }),
  alert: ({ applicationInsights: { component, availabilityTests } }, firedAt) =>
    availabilityAlert(component, availabilityTests[0] ?? component, firedAt),
  seed: (stack) => seedOf(stack, mode),
  outcome: "restored",
  path: ({ containerApp }) => criticalPaths(durationsOf(calm, 1), containerApp.health)[path],
});

const courses: Readonly<Record<string, Course>> = {
  "app-unhealthy": course("app-unhealthy", "Single", "restart"),
  "bad-revision": course("bad-revision", "Single", "roll-back"),
  "bad-revision-multiple": course("bad-revision", "Multiple", "traffic-shift"),
};

/** Scenario 1 from alert to record in simulated time, beside what it cannot do without. */
export const containerAppFailure: readonly Measurement[] = Object.entries(courses).map(
  ([name, each]) => ({
    group: "scenario",
    name,
    measure: ({ runs }) => recoveries(each, runs),
  }),
);

/** The seed of the estate, with every app in the mode that is asked for. */
function seedOf(stack: Stack, mode: "Single" | "Multiple"): unknown {
  const seed = seedFromEstate(stack.estate) as { containerApps: object[] };
  const containerApps = seed.containerApps.map((app) => ({ ...app, activeRevisionsMode: mode }));
  return { ...seed, containerApps };
}
