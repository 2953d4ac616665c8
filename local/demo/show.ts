import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { RunRecord } from "../../src/domain/run-record.js";
import { principal } from "../stack/principal.js";
import { repository } from "../stack/repository.js";
import { ServiceClient } from "../stack/service-client.js";
import type { Stack } from "../stack/stack.js";
import { operator, type People } from "./people.js";
import { ProgressView } from "./progress.js";

/** What every demo is told. */
export interface Options {
  readonly fault: string;
  readonly speed: number;
  /** How long Azure takes. */
  readonly profile: "calm" | "bad-day";
  readonly propose: boolean;
  readonly silent: boolean;
  readonly plan: boolean;
  /** Print what people are told. */
  readonly messages: boolean;
  readonly json: boolean;
  readonly keep: boolean;
}

/** One demo: what it shows, and what it does once everything runs. */
export interface Show {
  readonly title: string;
  /** What `--fault` may name, the first by default; none where nothing breaks. */
  readonly faults: Readonly<Record<string, string>>;
  /** App settings of its own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Gives the exit code, and the record or records for `--json`. */
  run(stack: Stack, options: Options): Promise<{ readonly code: number; readonly shown: unknown }>;
}

/** People read this; with --json the record alone goes to standard output. */
export const say = (text = ""): void => {
  process.stderr.write(`${text}\n`);
};

/** A client that calls under somebody's name: as the platform vouches for it, or as it says itself. */
export const as = (
  stack: Stack,
  name: string,
  role: string,
  { keep: kept }: Options,
): ServiceClient =>
  new ServiceClient(stack.host, kept ? { "x-operator": name } : principal(name, [role]));

/** The one who watches and decides. */
export const operatorOf = (stack: Stack, options: Options): ServiceClient =>
  as(stack, operator, "operator", options);

/** Shows a run until it has left its record. */
export async function watch(
  service: ServiceClient,
  id: string,
  people?: Pick<People, "attend">,
): Promise<RunRecord> {
  const view = new ProgressView(process.stderr);
  for (;;) {
    const run = await service.run(id);
    if (run.checkpoint !== undefined) {
      view.show(run.checkpoint);
      if (run.status === "running") await people?.attend(id, run.checkpoint);
    }
    if (run.status === "stopped") throw new Error("the run stopped without a record");
    if (run.record !== undefined) {
      view.end();
      await hand(service, run.record);
      return run.record;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Leaves the report where a person can open it. */
async function hand(service: ServiceClient, record: RunRecord): Promise<void> {
  const folder = path.join(repository, ".demo");
  mkdirSync(folder, { recursive: true });
  const file = (format: string): string => path.join(folder, `${record.id}.${format}`);
  for (const format of ["md", "html", "json"] as const) {
    writeFileSync(file(format), await service.report(record.id, format));
  }
  say(`\nOutcome: ${record.outcome}`);
  say(`Why:     ${record.reason}`);
  for (const finding of record.findings) say(`Finding: ${finding}`);
  if (record.nextSteps.length > 0) say("What you do now:");
  for (const [index, step] of record.nextSteps.entries()) say(`  ${index + 1}. ${step}`);
  const shown = (format: string): string => path.relative(process.cwd(), file(format));
  say(`Report:  ${shown("html")}\n         ${shown("md")}\n         ${shown("json")}`);
}
