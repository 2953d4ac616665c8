import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ServiceClient } from "../local/stack/service-client.js";
import { seedFromEstate } from "../local/stack/seed-from-estate.js";
import { startStack, type Stack } from "../local/stack/stack.js";
import type { Environment } from "../src/domain/estate.js";
import { elapsed } from "../src/domain/instant.js";
import type { RunRecord } from "../src/domain/run-record.js";
import { productionOf, secondsOf } from "./backup-run.js";
import { lengthOf, until, type CriticalPath } from "./critical-path.js";
import { historyLength } from "./history-length.js";
import type { Row } from "./measurement.js";
import { median } from "./median.js";

/** What befalls production, which alert tells of it, and the way that heals it. */
export interface Course {
  readonly fault: (production: Environment) => Readonly<Record<string, unknown>>;
  readonly alert: (production: Environment, firedAt: Date) => unknown;
  /** By default all that the estate names, and well. */
  readonly seed?: (stack: Stack) => unknown;
  /** What the service has done before. */
  readonly prepare?: (stack: Stack) => Promise<void>;
  /** Seconds from the fault until its alert comes; by default none. */
  readonly noticedAfter?: number;
  readonly outcome: RunRecord["outcome"];
  /** The step that holds once users are served again; by default `verify`. */
  readonly verifies?: string;
  readonly path: (production: Environment) => CriticalPath;
  /** The program under `runbook/` that does by the runbook's commands what the service does. */
  readonly runbook?: "redis-failure" | "key-vault-failure" | "storage-failure" | "region-outage";
}

interface Recovered {
  readonly record: RunRecord;
  readonly armCalls: number;
  readonly events: number;
}

/** A course from alert to record in simulated time, beside what it cannot do without. */
export async function recoveries(course: Course, runs: number): Promise<readonly Row[]> {
  const stack = await startStack();
  try {
    const production = productionOf(stack);
    const way = course.path(production);
    const seen: Recovered[] = [];
    for (let run = 0; run < runs; run += 1) {
      const recovered = await recover(stack, production, course);
      checkCourse(recovered.record, course.outcome, way);
      seen.push(recovered);
    }
    const rows = rowsOf(seen, way, course.verifies ?? "verify");
    const { runbook } = course;
    if (runbook === undefined) return rows;
    return [...rows, ...besideRunbook(await byRunbook(stack, { ...course, runbook }), seen)];
  } finally {
    await stack.stop();
  }
}

function rowsOf(seen: readonly Recovered[], path: CriticalPath, verifies: string): readonly Row[] {
  const of = `median of ${seen.length}`;
  const restored = restoredAfter(seen);
  const ended = median(seen.map(({ record }) => elapsed(record.detectedAt, record.endedAt)));
  const beside = (what: string, took: number, stretch: CriticalPath): readonly Row[] => {
    const least = lengthOf(stretch);
    return [
      { what: `from the alert until ${what}, ${of}`, value: took / 1_000, unit: "s" },
      { what: `its critical path: ${describe(stretch)}`, value: least / 1_000, unit: "s" },
      { what: "ratio of the two", value: took / least, unit: "", goal: { atMost: 1.1 } },
    ];
  };
  return [
    ...beside("the app is restored", restored, until(path, verifies)),
    // Where the run verifies last, what follows is only its own papers.
    ...(path.at(-1)?.step === verifies ? [] : beside("the end of the run", ended, path)),
    {
      what: `calls of ARM in a run, ${of}`,
      value: median(seen.map(({ armCalls }) => armCalls)),
      unit: "",
    },
    {
      what: `events in the history of a run, ${of}`,
      value: median(seen.map(({ events }) => events)),
      unit: "",
    },
  ];
}

/** Simulated seconds from the fault until the app is well, when nobody hesitates between two commands. */
async function byRunbook(
  stack: Stack,
  { runbook, fault, seed }: Course & { readonly runbook: string },
): Promise<number> {
  const { simulator } = stack;
  const production = productionOf(stack);
  const folder = mkdtempSync(path.join(os.tmpdir(), "runbook-"));
  const program = `bench/runbook/${runbook}.js`;
  const args = [JSON.stringify(production), folder];
  // A host without a run holds the clock back.
  await stack.killHost();
  try {
    await simulator.reset(seed?.(stack) ?? seedFromEstate(stack.estate));
    await secondsOf(stack, program, [...args, "backup"]);
    await simulator.fault(fault(production));
    return await secondsOf(stack, program, [...args, "recover"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function besideRunbook(seconds: number, seen: readonly Recovered[]): readonly Row[] {
  const restored = restoredAfter(seen) / 1_000;
  return [
    {
      what: "the runbook's commands one after the other, by a script that confirms nothing and asks nobody",
      value: seconds,
      unit: "s",
    },
    { what: "how many times as long as the service", value: seconds / restored, unit: "" },
  ];
}

const restoredAfter = (seen: readonly Recovered[]): number =>
  median(seen.map(({ record }) => elapsed(record.detectedAt, record.restoredAt ?? "")));

async function recover(stack: Stack, production: Environment, course: Course): Promise<Recovered> {
  const { simulator } = stack;
  const service = new ServiceClient(stack.host);
  await simulator.reset(course.seed?.(stack) ?? seedFromEstate(stack.estate));
  await course.prepare?.(stack);
  await simulator.fault(course.fault(production));
  if (course.noticedAfter !== undefined) await simulator.advance(course.noticedAfter);
  const since = (await simulator.log()).at(-1)?.n ?? 0;
  const answer = await service.postAlert(course.alert(production, await simulator.now()));
  if (answer.run === undefined) throw new Error(`the alert started no run: ${answer.reason}`);
  const record = await recordOf(service, answer.run);
  const log = await simulator.log(since);
  return {
    record,
    armCalls: log.filter((entry) => entry.service === "arm").length,
    events: historyLength(stack.stateDirectory, answer.run),
  };
}

async function recordOf(service: ServiceClient, id: string): Promise<RunRecord> {
  for (;;) {
    const { status, record, checkpoint } = await service.run(id);
    if (record !== undefined) return record;
    if (status === "stopped") throw new Error(`${id} stopped without a record`);
    const decision = checkpoint?.decisions.find((each) => each.status === "open");
    if (decision !== undefined) throw new Error(`${id} has failed: ${decision.failure}`);
    // Whoever is asked answers at once: how long people take is not measured here.
    const asked = checkpoint?.approvals.find((approval) => approval.status === "open");
    if (asked !== undefined) {
      const answer = { nonce: asked.nonce, decision: "approve", reason: "the bench" };
      await service.say(id, "approval", answer);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A run that went another way has another critical path, and its figures would mean nothing. */
function checkCourse(
  { outcome, reason, steps }: RunRecord,
  expected: RunRecord["outcome"],
  path: CriticalPath,
): void {
  if (outcome !== expected) throw new Error(`the run ended as ${outcome}: ${reason}`);
  const went = steps.map(({ id }) => id).join(", ");
  const wanted = path.map(({ step }) => step).join(", ");
  if (went !== wanted) throw new Error(`the run went ${went} instead of ${wanted}`);
}

const describe = (path: CriticalPath): string =>
  path
    .filter(({ takes }) => takes > 0)
    .map(({ step, takes }) => `${step} ${takes / 1_000} s`)
    .join(", ");
