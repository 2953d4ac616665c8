import { DrillOrder } from "../domain/drill.js";
import { framed } from "../recovery/framed.js";
import { containerAppDrill } from "../scenarios/container-app-drill.js";
import { drilled, recoveredByScenario, stopRecovery } from "./run-drill.js";

/** The revision that serves is deactivated; the alert comes, and the ordinary recovery brings the app back. */
export const drillContainerApp = framed(containerAppDrill, DrillOrder, function* (run, order) {
  const { primary: app, health: rule } = order.estate.containerApp;
  const exercise = {
    scenario: "container-app-failure",
    resource: app,
    state: { what: "app", app, rule },
  } as const;
  return yield* drilled(run, order, {
    ...exercise,
    breaks: (revision = "") => ({
      fault: { kind: "deactivate-revision", app, revision },
      undo: { kind: "activate-revision", app, revision },
    }),
    practise: (brokenAt) => recoveredByScenario(run, order, exercise, brokenAt),
    stop: () => stopRecovery(run, order),
  });
});
