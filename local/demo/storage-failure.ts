import { EnvironmentName } from "../../src/domain/environment-name.js";
import { storageAlert } from "../stack/alert.js";
import type { Stack } from "../stack/stack.js";
import {
  backUpFirst,
  conclude,
  planOf,
  proposeFirst,
  recoverByAlert,
  untilNoticed,
} from "./failure.js";
import { say, type Show } from "./show.js";

const faults = {
  unavailable: "the account answers nobody; the other side's account stands by",
  "without-standby": "the same in development, which has one account only",
  "failover-alone":
    "the account of the other side is down too, and no new one may be made: Azure's failover is left",
} as const;
type Fault = keyof typeof faults;

const accountContributor = "Storage Account Contributor";

/** Breaks the storage account that the app uses, posts the alert that Azure Monitor would send, shows the recovery. */
export const storageFailure: Show = {
  title: "the storage account fails, an alert comes, app and edge get their blobs again",
  faults,
  async run(stack, options) {
    const fault = options.fault as Fault;
    const name = EnvironmentName.parse(fault === "without-standby" ? "development" : "production");
    const environment = stack.estate.environments[name];
    if (environment === undefined) throw new Error(`the sample estate has no ${name}`);
    const { storage, containerApp } = environment;
    await backUpFirst(stack, options, name, ["blobs"]);
    if (!options.plan) await proposeFirst(stack, options, name);
    await breakStorage(stack, fault, storage);
    say(`Fault ${fault}: ${faults[fault]}.`);
    await stack.simulator.advance(untilNoticed);
    say(`${untilNoticed / 60} minutes later requests to the account have failed often enough.`);
    const record = options.plan
      ? await planOf(stack, options, "storage-failure", name)
      : await recoverByAlert(
          stack,
          options,
          storageAlert(storage.primary, await stack.simulator.now()),
        );
    return { code: await conclude(stack, record, containerApp.primary), shown: record };
  },
};

async function breakStorage(
  stack: Stack,
  fault: Fault,
  { primary, secondary }: { readonly primary: string; readonly secondary?: string | undefined },
): Promise<void> {
  await stack.simulator.fault({ name: "storage-unavailable", resource: primary });
  if (fault !== "failover-alone" || secondary === undefined) return;
  await stack.simulator.fault({ name: "storage-unavailable", resource: secondary });
  const group = secondary.split("/").slice(0, 5).join("/");
  await stack.simulator.fault({ name: "role-missing", resource: group, role: accountContributor });
}
