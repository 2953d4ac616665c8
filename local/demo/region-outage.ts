import { EnvironmentName } from "../../src/domain/environment-name.js";
import { endpointAlert } from "../stack/alert.js";
import type { Stack } from "../stack/stack.js";
import { backUpFirst, conclude, planOf, proposeFirst, recoverByAlert } from "./failure.js";
import { say, type Show } from "./show.js";

const faults = {
  down: "everything in the primary region is away: Azure's control plane, data, names",
  "control-plane-up": "the data of the region is away, and Resource Manager still answers for it",
  "standby-cache-down": "the same, and the other side's cache does not answer either",
} as const;
type Fault = keyof typeof faults;

/** Traffic Manager's probes, then the alert rule, need as long. */
const untilNoticed = 240;

/** Takes the primary region of production away, posts Traffic Manager's alert, shows the recovery. */
export const regionOutage: Show = {
  title: "a whole region is away, an alert comes, a person approves, the other region serves",
  faults,
  async run(stack, options) {
    const fault = options.fault as Fault;
    const name = EnvironmentName.parse("production");
    const environment = stack.estate.environments[name];
    const profile = environment?.trafficManager?.profile;
    const standby = environment?.containerApp.secondary;
    if (environment === undefined || profile === undefined || standby === undefined) {
      throw new Error(`the sample estate has no ${name} of two regions`);
    }
    await backUpFirst(stack, options, name, ["key-vault", "redis", "blobs"]);
    if (!options.plan) await proposeFirst(stack, options, name);
    await breakRegion(stack, fault, environment.primaryRegion, environment.redis.secondary);
    say(`Fault ${fault}: ${faults[fault]}.`);
    await stack.simulator.advance(untilNoticed);
    say(`${untilNoticed / 60} minutes later Traffic Manager has found its endpoint degraded.`);
    const record = options.plan
      ? await planOf(stack, options, "region-outage", name)
      : await recoverByAlert(stack, options, endpointAlert(profile, await stack.simulator.now()));
    return { code: await conclude(stack, record, standby), shown: record };
  },
};

async function breakRegion(
  stack: Stack,
  fault: Fault,
  region: string,
  cache: string | undefined,
): Promise<void> {
  const planes = fault === "control-plane-up" ? { planes: ["data"] } : {};
  await stack.simulator.fault({ name: "region-down", region, ...planes });
  if (fault !== "standby-cache-down" || cache === undefined) return;
  await stack.simulator.fault({ name: "redis-reboot-does-not-help", resource: cache });
}
