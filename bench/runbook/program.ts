import { ContainerAppsAPIClient } from "@azure/arm-appcontainers";
import { DefaultAzureCredential } from "@azure/identity";
import type { Environment } from "../../src/domain/estate.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import { pause } from "./pause.js";

/** What the operator of the runbook works with. */
export interface Console {
  readonly credential: DefaultAzureCredential;
  readonly production: Environment;
  readonly apps: ContainerAppsAPIClient;
  /** The container app, as its group and name. */
  readonly app: readonly [group: string, name: string];
  /** Says that a command begins, so that one can see where the time goes. */
  readonly run: <Answer>(command: string, work: () => Promise<Answer>) => Promise<Answer>;
  /** Whether the app answers as well as often as the estate wants it to. */
  readonly isWell: () => Promise<boolean>;
}

/** Runs a program of the runbook to its end and says how many simulated seconds it took. */
export function program(recover: (console: Console) => Promise<void>): void {
  const begun = Date.now();
  const passed = (): number => (Date.now() - begun) / 1_000;
  const production = JSON.parse(process.argv[2] ?? "") as Environment;
  const credential = new DefaultAzureCredential({
    managedIdentityClientId: process.env["AZURE_CLIENT_ID"] ?? "",
  });
  const { subscription, group, name } = partsOf(production.containerApp.primary);
  const apps = new ContainerAppsAPIClient(credential, subscription);
  recover({
    credential,
    production,
    apps,
    app: [group, name],
    run: (command, work) => {
      process.stderr.write(`  ${passed().toFixed(0)} s: ${command}\n`);
      return work();
    },
    isWell: async () => {
      const { configuration } = await apps.containerApps.get(group, name);
      const { health } = production.containerApp;
      const address = `https://${configuration?.ingress?.fqdn ?? ""}${health.path}`;
      for (let well = 0; well < health.inARow; well += 1) {
        const { status } = await fetch(address);
        if (status !== health.expectedStatus) return false;
        if (well + 1 < health.inARow) await pause(seconds(health.interval));
      }
      return true;
    },
  }).then(
    () => {
      process.stdout.write(JSON.stringify({ seconds: passed() }));
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    },
  );
}

export function partsOf(id: string) {
  const parts = parseResourceId(id);
  if (parts === undefined) throw new Error(`${id} is no resource id`);
  return parts;
}

export const addressOf = (vault: string): string =>
  `https://${partsOf(vault).name}.vault.azure.net`;

const seconds = (milliseconds: number): number => milliseconds / 1_000;
