import type { EnvironmentName } from "../../src/domain/environment-name.js";
import type { Environment } from "../../src/domain/estate.js";
import type { Stack } from "../stack/stack.js";
import { attend, serviceOf } from "./attendance.js";
import type { Draws } from "./draws.js";
import { courseUnder, type Exercise, type FaultName } from "./exercise.js";
import { faults } from "./faults.js";
import { Injection } from "./injection.js";
import type { Observed } from "./judgement.js";
import { backUpTwice, tearNewestSets } from "./sets.js";
import { Watch } from "./watch.js";

/** Seconds of an ordinary day before anything fails. */
export const ordinarySeconds = 300;

export interface PlayOptions {
  readonly draws: Draws;
  /** Real time, from the alert on. */
  readonly limitMs: number;
}

/** Plays one scenario under one fault, on a stack that it resets first, and says what was seen. */
export async function play(
  stack: Stack,
  exercise: Exercise,
  name: FaultName,
  { draws, limitMs }: PlayOptions,
): Promise<Observed> {
  const { simulator } = stack;
  const course = courseUnder(exercise, name);
  const environment = environmentIn(stack, course.environment);
  const service = serviceOf(stack);

  await simulator.reset();
  const watch = new Watch(stack, environment, { writes: exercise.recordless === undefined });
  await watch.begin();
  const { sets, when, orders } = faults[name];
  if (sets !== "none") await backUpTwice(stack, service, course.environment, course.backups);
  if (sets === "newest-torn") await tearNewestSets(stack, environment, course.backups);
  await watch.pass(ordinarySeconds);

  await watch.mark();
  for (const order of course.breaks(environment)) await simulator.fault(order);
  const injection = new Injection(
    simulator,
    when === "in-the-run" ? { operations: exercise.changes, change: draws.change } : undefined,
    async () => {
      const struck = { ...exercise, changes: draws.struck };
      for (const order of orders(struck, environment)) await simulator.fault(order);
    },
  );
  await injection.arm();
  await watch.pass(draws.untilNoticed);
  const alert = exercise.alert(environment, await simulator.now());
  const { run, reason } = await service.postAlert(alert);
  const [ending = { lacking: `the alert started nothing: ${reason}` }] = await attend(stack, {
    runs: () => (run === undefined ? [] : [run]),
    meanwhile: () => injection.attend(),
    decides: false,
    limitMs,
  });
  return { ...ending, ...(await watch.end()), injected: injection.done };
}

export function environmentIn({ estate }: Stack, name: EnvironmentName): Environment {
  const environment = estate.environments[name];
  if (environment === undefined) throw new Error(`the estate has no ${name}`);
  return environment;
}
