import { EnvironmentName } from "../../src/domain/environment-name.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import { vaultAlert } from "../stack/alert.js";
import type { Stack } from "../stack/stack.js";
import {
  backUpFirst,
  conclude,
  planOf,
  proposeFirst,
  recoverByAlert,
  untilNoticed,
} from "./failure.js";
import { mishap } from "./restore.js";
import { say, type Show } from "./show.js";

const faults = {
  deleted: "somebody deletes the vault; it is in soft deletion",
  gone: "the vault is gone for good; the other side's vault stands by",
  "gone-without-standby": "the same in development, which has one vault only",
  firewall: "somebody closes the vault to every address",
  "role-missing": "somebody takes the app's role at the vault away",
  "read-only": "the vault does not answer; then the platform serves it, read-only",
} as const;
type Fault = keyof typeof faults;

const secretsUser = "4633458b-17de-408a-b874-0445c86b69e6";
/** How long a vault is away until the platform's own failover has come through. */
const platformSeconds = 600;

/** Breaks the key vault that the app uses, posts the alert that Azure Monitor would send, shows the recovery. */
export const keyVaultFailure: Show = {
  title: "the key vault fails, an alert comes, the app gets its secrets again",
  faults,
  async run(stack, options) {
    const fault = options.fault as Fault;
    const name = EnvironmentName.parse(
      fault === "gone-without-standby" ? "development" : "production",
    );
    const environment = stack.estate.environments[name];
    if (environment === undefined) throw new Error(`the sample estate has no ${name}`);
    const { keyVault, containerApp } = environment;
    // The other side's vault is in sync then, too.
    await backUpFirst(stack, options, name, ["key-vault"]);
    if (!options.plan) await proposeFirst(stack, options, name);
    await breakVault(stack, fault, keyVault.primary);
    say(`Fault ${fault}: ${faults[fault]}.`);
    await stack.simulator.advance(untilNoticed);
    say(`${untilNoticed / 60} minutes later requests to the vault have failed often enough.`);
    const record = options.plan
      ? await planOf(stack, options, "key-vault-failure", name)
      : await recoverByAlert(
          stack,
          options,
          vaultAlert(keyVault.primary, await stack.simulator.now()),
        );
    return { code: await conclude(stack, record, containerApp.primary), shown: record };
  },
};

async function breakVault(stack: Stack, fault: Fault, vault: string): Promise<void> {
  const inject = (name: string, more: object = {}) =>
    stack.simulator.fault({ name, resource: vault, ...more });
  switch (fault) {
    case "deleted":
      await inject("vault-deleted");
      return;
    case "gone":
    case "gone-without-standby":
      await inject("vault-purged");
      return;
    case "firewall":
      await inject("vault-firewall");
      return;
    case "role-missing":
      await mishap(stack, "role", vault, secretsUser);
      // What is taken away is felt after minutes, as what is given.
      await stack.simulator.advance(platformSeconds);
      return;
    case "read-only":
      await inject("vault-unavailable", { forSeconds: platformSeconds });
      await inject("vault-read-only");
      say(`${parseResourceId(vault)?.name ?? ""} will be served again in some minutes.`);
  }
}
