import type { Protection } from "../../src/domain/protection.js";
import { backupRunId } from "../../src/domain/backup-schedule.js";
import type { Checkpoint } from "../../src/domain/checkpoint.js";
import { days, describeDuration } from "../../src/domain/duration.js";
import { elapsed, instantOf } from "../../src/domain/instant.js";
import type { ServiceClient } from "../stack/service-client.js";
import type { Stack } from "../stack/stack.js";
import { operatorOf, say, type Show } from "./show.js";
import { aligned } from "./table.js";

/** Lets midnight come, shows the backups that the timer starts, and what is protected afterwards. */
export const nightlyBackup: Show = {
  title: "the night's backups of production, and what is protected afterwards",
  faults: {},
  settings: { "AzureWebJobs.startBackups.Disabled": "false" },
  async run(stack, options) {
    const service = operatorOf(stack, options);
    const now = await stack.simulator.now();
    const midnight = Math.ceil(now.getTime() / days(1)) * days(1);
    say(`It is ${instantOf(now)}; nothing has been backed up yet. Midnight comes.`);
    await stack.simulator.advance(Math.ceil((midnight - now.getTime()) / 1000) + 1);
    const kinds = (await protections(service)).map(({ kind }) => kind);
    const runs = kinds.map((kind) =>
      backupRunId(kind, "production", instantOf(new Date(midnight))),
    );
    const outcomes = await watchAll(service, runs);
    const backups = await protections(service);
    say(`\nWhat is protected:\n${protectionTable(backups)}`);
    await showRest(stack, service);
    const well =
      outcomes.every((outcome) => outcome.startsWith("passed")) &&
      backups.every(({ status }) => status === "protected");
    return { code: well ? 0 : 1, shown: backups };
  },
};

/** What is known of production's backups. */
export async function protections(service: ServiceClient): Promise<readonly Protection[]> {
  const { json } = await service.call("GET", "/api/backups?environment=production");
  return (json as { backups: readonly Protection[] }).backups;
}

/** Shows several runs at once, each with its progress, until all have left their records. */
async function watchAll(
  service: ServiceClient,
  runs: readonly string[],
): Promise<readonly string[]> {
  const shown = new Map<string, string>();
  const outcomes = new Map<string, string>();
  const giveUpAt = performance.now() + 300_000;
  while (outcomes.size < runs.length) {
    if (performance.now() > giveUpAt) throw new Error("the backups did not end in five minutes");
    for (const run of runs) {
      if (outcomes.has(run)) continue;
      const answer = await service.call("GET", `/api/recoveries/${run}`);
      // The timer has not come to it yet.
      if (answer.status === 404) continue;
      const view = answer.json as Awaited<ReturnType<ServiceClient["run"]>>;
      const line = view.checkpoint === undefined ? "" : lineOf(view.checkpoint);
      if (line !== "" && shown.get(run) !== line) say(line);
      shown.set(run, line);
      if (view.record === undefined) continue;
      const { outcome, reason, findings, title } = view.record;
      outcomes.set(run, outcome);
      say(`${title.padEnd(27)} ${outcome}: ${reason}`);
      for (const finding of findings) say(`${" ".repeat(20)} finding: ${finding}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return runs.map((run) => outcomes.get(run) ?? "");
}

function lineOf({ title, step, progress, at }: Checkpoint): string {
  const many =
    progress === undefined
      ? ""
      : ` | ${progress.done} of ${progress.total ?? "?"} ${progress.unit}, ${progress.perMinute} per min` +
        (progress.forecastAt === undefined
          ? ""
          : `, done in about ${describeDuration(elapsed(at, progress.forecastAt))}`);
  return `${title.padEnd(27)} ${step.title}${many}`;
}

/** What is protected, how old it is and how far it can be trusted. */
export function protectionTable(backups: readonly Protection[]): string {
  const rows = backups.map(({ kind, status, newest, rpo }) =>
    newest === undefined
      ? [kind, status, "-", "-", "-", "-", "-", describeDuration(rpo)]
      : [
          kind,
          status,
          newest.takenAt,
          describeDuration(newest.age),
          `${newest.check.level} ${newest.check.at ?? ""}`,
          String(newest.count),
          String(newest.bytes),
          describeDuration(rpo),
        ],
  );
  const head = ["kind", "status", "taken at", "age", "checked", "items", "bytes", "RPO"];
  return aligned([head, ...rows])
    .map((line) => `  ${line}`)
    .join("\n");
}

/** What else the night has done. */
async function showRest(stack: Stack, service: ServiceClient): Promise<void> {
  const day = instantOf(await stack.simulator.now())
    .slice(0, 10)
    .replaceAll("-", "");
  const pruning = await service.call(
    "GET",
    `/api/recoveries/backup-pruning-production-${day}T000000Z`,
  );
  const { record } = (pruning.json ?? {}) as { record?: { outcome: string; reason: string } };
  if (record !== undefined) say(`\nPruning: ${record.outcome}, ${record.reason}`);
}
