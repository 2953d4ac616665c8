import type { Environment } from "../../src/domain/estate.js";
import type { FailbackResource } from "../../src/domain/failback.js";
import { endpointAlert, storageAlert } from "../stack/alert.js";
import type { Stack } from "../stack/stack.js";
import { backUpFirst, conclude, recoverByAlert } from "./failure.js";
import { approver, operator, People } from "./people.js";
import { as, operatorOf, say, watch, type Options, type Show } from "./show.js";

const faults = {
  region: "a region was away, users are in the other one; now it is well again",
  storage: "a storage account was away, the app uses the other one; now it is well again",
} as const;
type Fault = keyof typeof faults;

const environmentName = "production";

/** Lets something fail and be recovered, heals it, and shows how everything goes back to where it was. */
export const failback: Show = {
  title: "after a recovery: what was written meanwhile comes home, and then the users",
  faults,
  async run(stack, options) {
    const fault = options.fault as Fault;
    const environment = stack.estate.environments[environmentName];
    if (environment === undefined) throw new Error(`the sample estate has no ${environmentName}`);
    await backUpFirst(stack, options, environmentName, ["key-vault", "redis", "blobs"]);
    const broken = await breakIt(stack, fault, environment);
    await stack.simulator.advance(240);
    const alert = alertOf(fault, environment, await stack.simulator.now());
    const recovery = await recoverByAlert(stack, options, alert);
    if (recovery.outcome !== "failed-over") throw new Error(`it ended as ${recovery.outcome}`);
    await stack.simulator.removeFault(broken);
    say(`\nHours later ${faults[fault]}.`);
    await stack.simulator.advance(3 * 3_600);
    const record = await goBack(stack, options, fault);
    return { code: await conclude(stack, record, environment.containerApp.primary), shown: record };
  },
};

const breakIt = (stack: Stack, fault: Fault, { primaryRegion, storage }: Environment) =>
  stack.simulator.fault(
    fault === "region"
      ? { name: "region-down", region: primaryRegion }
      : { name: "storage-unavailable", resource: storage.primary },
  );

const alertOf = (fault: Fault, { trafficManager, storage }: Environment, at: Date): unknown =>
  fault === "region"
    ? endpointAlert(trafficManager?.profile ?? "", at)
    : storageAlert(storage.primary, at);

/** An operator's order; a second person approves what replaces data. */
async function goBack(stack: Stack, options: Options, resource: FailbackResource) {
  const service = operatorOf(stack, options);
  const order = {
    environment: environmentName,
    resource,
    reason: "it is well again",
    mode: options.plan ? "plan" : "execute",
  };
  const answer = await service.call("POST", "/api/failbacks", JSON.stringify(order));
  if (answer.status !== 202) throw new Error(`no failback was started: ${answer.text}`);
  const { id } = answer.json as { id: string };
  say(`${operator} orders the failback: ${id}\n`);
  const cast = {
    operator: service,
    approver: as(stack, approver, "approver", options),
    silent: options.silent,
  };
  return watch(service, id, new People(cast, stack.simulator, say));
}
