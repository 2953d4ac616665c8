import { Checkpoint } from "../../src/domain/checkpoint.js";
import { EnvironmentName } from "../../src/domain/environment-name.js";
import {
  RecoveryScenario,
  type EnvironmentReadiness,
} from "../../src/domain/readiness/readiness.js";
import type { ServiceClient } from "../stack/service-client.js";
import { operatorOf, say, type Show } from "./show.js";
import { aligned } from "./table.js";

/** Backs everything up once, as the timers would, and asks of every environment whether it could be recovered now. */
export const readiness: Show = {
  title: "could every environment be recovered right now, and if not, what is to be done",
  faults: {},
  async run(stack, options) {
    const service = operatorOf(stack, options);
    const names = EnvironmentName.options.filter(
      (name) => stack.estate.environments[name] !== undefined,
    );
    say("Nothing has been backed up yet, so everything is backed up once ...");
    for (const environment of names) await backUp(service, environment);
    const environments = await evaluated(service);
    const findings = environments.flatMap((each) =>
      each.findings.map((finding) => ({ environment: each.environment, ...finding })),
    );
    say(`\nCould we recover right now?\n${verdictTable(environments)}`);
    if (findings.length === 0) say("\nNothing was found.");
    for (const { environment, level, what, remedy, scenarios } of findings) {
      say(
        `\n${environment}, ${level}: ${what}\n  for ${scenarios.join(", ")}\n  do this: ${remedy}`,
      );
    }
    return { code: findings.length === 0 ? 0 : 3, shown: environments };
  },
};

async function backUp(service: ServiceClient, environment: EnvironmentName): Promise<void> {
  const order = JSON.stringify({ environment, reason: "the demo" });
  const { json, status, text } = await service.call("POST", "/api/backups", order);
  if (status !== 202) throw new Error(`POST /api/backups was answered ${status}: ${text}`);
  const { backups } = json as { backups: readonly { kind: string; id: string }[] };
  for (const { kind, id } of backups) {
    const giveUpAt = performance.now() + 120_000;
    for (;;) {
      const { record, checkpoint } = await service.run(id);
      if (record !== undefined) {
        say(`  ${environment.padEnd(12)} ${kind.padEnd(10)} ${record.outcome}`);
        break;
      }
      if (performance.now() > giveUpAt) {
        const { step } = Checkpoint.parse(checkpoint);
        throw new Error(`${id} did not end; it stands at ${step.title}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Has every check made, and gives what was found once all environments are through. */
export async function evaluated(service: ServiceClient): Promise<readonly EnvironmentReadiness[]> {
  const order = JSON.stringify({ reason: "the demo" });
  const ordered = await service.call("POST", "/api/readiness", order);
  if (ordered.status !== 202) throw new Error(`readiness was answered: ${ordered.text}`);
  const { at } = ordered.json as { at: string };
  const giveUpAt = performance.now() + 120_000;
  for (;;) {
    const { json } = await service.call("GET", "/api/readiness");
    const { environments } = json as { environments: readonly EnvironmentReadiness[] };
    if (environments.every(({ evaluatedAt = "" }) => evaluatedAt >= at)) return environments;
    if (performance.now() > giveUpAt) throw new Error("the evaluation did not end");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Environments by scenarios. */
function verdictTable(environments: readonly EnvironmentReadiness[]): string {
  const head = ["environment", ...RecoveryScenario.options];
  const rows = environments.map(({ environment, scenarios }) => [
    environment,
    ...RecoveryScenario.options.map(
      (name) => scenarios.find(({ scenario }) => scenario === name)?.verdict ?? "-",
    ),
  ]);
  return aligned([head, ...rows])
    .map((line) => `  ${line}`)
    .join("\n");
}
