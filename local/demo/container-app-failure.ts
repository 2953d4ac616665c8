import type { Environment } from "../../src/domain/estate.js";
import { servesAgain, type RunRecord } from "../../src/domain/run-record.js";
import { availabilityAlert } from "../stack/alert.js";
import type { Stack } from "../stack/stack.js";
import { approver, operator, People } from "./people.js";
import { planTable } from "./plan-table.js";
import { as, operatorOf, say, watch, type Options, type Show } from "./show.js";

const faults = {
  "app-unhealthy": "the app's worker hangs; a restart heals it",
  "bad-revision": "a deployment brings a bad revision; only the one before it is good",
  "restart-does-not-help": "nothing that can be done to the app heals it",
} as const;

/** Seconds after which the availability test alerts. */
const untilNoticed = 120;

/** Breaks the container app of production, posts the alert that Azure Monitor would send, shows the recovery. */
export const containerAppFailure: Show = {
  title: "the container app fails, an alert comes, the app is recovered",
  faults,
  async run(stack, options) {
    const record = options.plan ? await plan(stack, options) : await recover(stack, options);
    if (record.outcome === "planned") return { code: 0, shown: record };
    const app = await stack.simulator.app(record.resource);
    const healthy = app.revisions.some(
      ({ active, weight, replicas }) =>
        active &&
        weight > 0 &&
        replicas.some((replica) => replica.ready && replica.ailment === undefined),
    );
    say(`The app is ${healthy ? "healthy" : "NOT healthy"}.`);
    const code =
      record.outcome === "needs-operator" ? 3 : healthy && servesAgain(record.outcome) ? 0 : 1;
    return { code, shown: record };
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

async function recover(stack: Stack, options: Options): Promise<RunRecord> {
  const service = operatorOf(stack, options);
  const cast = {
    operator: service,
    approver: as(stack, approver, "approver", options),
    silent: options.silent,
  };
  if (options.propose) {
    const wish = { mode: "propose", reason: "the demo wants to be asked" };
    await service.call("PUT", "/api/automation/production", JSON.stringify(wish));
    say(`${operator} switches the automation of production to "propose".`);
  }
  const { component, availabilityTests } = (await breakApp(stack, options)).applicationInsights;
  const alert = availabilityAlert(
    component,
    availabilityTests[0] ?? component,
    await stack.simulator.now(),
  );
  const answer = await service.postAlert(alert);
  say(`${untilNoticed / 60} minutes later the availability test has failed often enough.`);
  say(`Alert posted: ${answer.status}, ${answer.reason}`);
  if (answer.run === undefined) throw new Error("the alert started no run");
  say(`Run ${answer.run}\n`);
  return watch(service, answer.run, new People(cast, stack.simulator, say));
}

/** Asks what a recovery would do. */
async function plan(stack: Stack, options: Options): Promise<RunRecord> {
  const service = operatorOf(stack, options);
  await breakApp(stack, options);
  const order = {
    scenario: "container-app-failure",
    environment: "production",
    reason: "what would it do?",
    mode: "plan",
  };
  const answer = await service.call("POST", "/api/recoveries", JSON.stringify(order));
  if (answer.status !== 202) throw new Error(`no plan was started: ${answer.text}`);
  const { id } = answer.json as { id: string };
  say(`${operator} asks for a plan: ${id}\n`);
  const record = await watch(service, id);
  if (record.plan !== undefined) say(`\n${planTable(record.plan)}`);
  return record;
}
