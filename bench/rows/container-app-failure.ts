import { availabilityAlert } from "../../local/stack/alert.js";
import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { calm } from "../../simulator/profiles/calm.js";
import { durationsOf } from "../../simulator/profiles/profile.js";
import type { Environment } from "../../src/domain/estate.js";
import { elapsed } from "../../src/domain/instant.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { lengthOf, until, type CriticalPath } from "../critical-path.js";
import { criticalPaths } from "../critical-paths/container-app-failure.js";
import { historyLength } from "../history-length.js";
import type { Measurement, Row } from "../measurement.js";
import { median } from "../median.js";

/** A fault, and the way that heals it. */
interface Course {
  readonly fault: "app-unhealthy" | "bad-revision";
  readonly mode: "Single" | "Multiple";
  readonly path: keyof ReturnType<typeof criticalPaths>;
}

const courses = {
  "app-unhealthy": { fault: "app-unhealthy", mode: "Single", path: "restart" },
  "bad-revision": { fault: "bad-revision", mode: "Single", path: "roll-back" },
  "bad-revision-multiple": { fault: "bad-revision", mode: "Multiple", path: "traffic-shift" },
} as const satisfies Readonly<Record<string, Course>>;

/** Scenario 1 from alert to record in simulated time, beside what it cannot do without. */
export const containerAppFailure: readonly Measurement[] = Object.entries(courses).map(
  ([name, course]) => ({
    group: "scenario",
    name,
    measure: ({ runs }) => recoveries(course, runs),
  }),
);

interface Recovered {
  readonly record: RunRecord;
  readonly armCalls: number;
  readonly events: number;
}

async function recoveries(course: Course, runs: number): Promise<readonly Row[]> {
  const stack = await startStack();
  try {
    const production = productionOf(stack);
    const paths = criticalPaths(durationsOf(calm, 1), production.containerApp.health);
    const path = paths[course.path];
    const seen: Recovered[] = [];
    for (let run = 0; run < runs; run += 1) {
      const recovered = await recover(stack, production, course);
      checkCourse(recovered.record, path);
      seen.push(recovered);
    }
    return rowsOf(seen, path);
  } finally {
    await stack.stop();
  }
}

function rowsOf(seen: readonly Recovered[], path: CriticalPath): readonly Row[] {
  const of = `median of ${seen.length}`;
  const restored = median(
    seen.map(({ record }) => elapsed(record.detectedAt, record.restoredAt ?? "")),
  );
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
    ...beside("the app is restored", restored, until(path, "verify")),
    // What follows a restart or a shift of traffic is only the run's own papers.
    ...(path.at(-1)?.step === "verify" ? [] : beside("the end of the run", ended, path)),
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

async function recover(
  stack: Stack,
  { containerApp, applicationInsights }: Environment,
  { fault, mode }: Course,
): Promise<Recovered> {
  const { simulator } = stack;
  const service = new ServiceClient(stack.host);
  await simulator.reset(seedOf(stack, mode));
  await simulator.fault({ name: fault, resource: containerApp.primary });
  const since = (await simulator.log()).at(-1)?.n ?? 0;
  const { component, availabilityTests } = applicationInsights;
  const answer = await service.postAlert(
    availabilityAlert(component, availabilityTests[0] ?? component, await simulator.now()),
  );
  if (answer.run === undefined) throw new Error(`the alert started no run: ${answer.reason}`);
  const record = await recordOf(service, answer.run);
  const log = await simulator.log(since);
  return {
    record,
    armCalls: log.filter((entry) => entry.service === "arm").length,
    events: historyLength(stack.stateDirectory, answer.run),
  };
}

/** The seed of the estate, with every app in the mode that is asked for. */
function seedOf(stack: Stack, mode: Course["mode"]): unknown {
  const seed = seedFromEstate(stack.estate) as { containerApps: object[] };
  const containerApps = seed.containerApps.map((app) => ({ ...app, activeRevisionsMode: mode }));
  return { ...seed, containerApps };
}

async function recordOf(service: ServiceClient, id: string): Promise<RunRecord> {
  for (;;) {
    const { status, record } = await service.run(id);
    if (record !== undefined) return record;
    if (status === "stopped") throw new Error(`${id} stopped without a record`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A run that went another way has another critical path, and its figures would mean nothing. */
function checkCourse({ outcome, reason, steps }: RunRecord, path: CriticalPath): void {
  if (outcome !== "restored") throw new Error(`the run ended as ${outcome}: ${reason}`);
  const went = steps.map(({ id }) => id).join(", ");
  const expected = path.map(({ step }) => step).join(", ");
  if (went !== expected) throw new Error(`the run went ${went} instead of ${expected}`);
}

function productionOf({ estate }: Stack): Environment {
  const { production } = estate.environments;
  if (production === undefined) throw new Error("the sample estate has no production environment");
  return production;
}

const describe = (path: CriticalPath): string =>
  path
    .filter(({ takes }) => takes > 0)
    .map(({ step, takes }) => `${step} ${takes / 1_000} s`)
    .join(", ");
