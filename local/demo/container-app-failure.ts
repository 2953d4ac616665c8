import type { Environment } from "../../src/domain/estate.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { availabilityAlert } from "../stack/alert.js";
import type { Stack } from "../stack/stack.js";
import { conclude, planOf, proposeFirst, recoverByAlert, untilNoticed } from "./failure.js";
import { say, type Options, type Show } from "./show.js";

const faults = {
  "app-unhealthy": "the app's worker hangs; a restart heals it",
  "bad-revision": "a deployment brings a bad revision; only the one before it is good",
  "restart-does-not-help": "nothing that can be done to the app heals it",
} as const;

/** Breaks the container app of production, posts the alert that Azure Monitor would send, shows the recovery. */
export const containerAppFailure: Show = {
  title: "the container app fails, an alert comes, the app is recovered",
  faults,
  async run(stack, options) {
    if (!options.plan) await proposeFirst(stack, options, "production");
    const { containerApp, applicationInsights } = await breakApp(stack, options);
    const record = options.plan
      ? await planOf(stack, options, "container-app-failure", "production")
      : await recover(stack, options, applicationInsights);
    return { code: await conclude(stack, record, containerApp.primary), shown: record };
  },
};

/** Breaks the app, and waits as long as the availability test takes to notice. */
async function breakApp(stack: Stack, { fault }: Options): Promise<Environment> {
  const { production } = stack.estate.environments;
  if (production === undefined) throw new Error("the sample estate has no production environment");
  const { containerApp } = production;
  const app = await stack.simulator.app(containerApp.primary);
  say(`The app answers at https://${app.fqdn}${containerApp.health.path}`);
  await stack.simulator.fault({ name: fault, resource: containerApp.primary });
  say(`Fault ${fault}: ${faults[fault as keyof typeof faults]}.`);
  await stack.simulator.advance(untilNoticed);
  return production;
}

async function recover(
  stack: Stack,
  options: Options,
  { component, availabilityTests }: Environment["applicationInsights"],
): Promise<RunRecord> {
  const now = await stack.simulator.now();
  say(`${untilNoticed / 60} minutes later the availability test has failed often enough.`);
  const alert = availabilityAlert(component, availabilityTests[0] ?? component, now);
  return recoverByAlert(stack, options, alert);
}
