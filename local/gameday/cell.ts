import type { RunRecord } from "../../src/domain/run-record.js";
import { approver, operator, People } from "../demo/people.js";
import { principal } from "../stack/principal.js";
import { ServiceClient } from "../stack/service-client.js";
import type { Stack } from "../stack/stack.js";
import { courseUnder, type Exercise, type FaultName } from "./exercise.js";
import { faults } from "./faults.js";
import { servesUsers } from "./health.js";
import { Injection } from "./injection.js";
import type { Observed } from "./judgement.js";
import { backUpTwice, tearNewestSets } from "./sets.js";

/** Seconds after which the alert comes. */
const untilNoticed = 120;

/**
 * Plays one scenario under one fault, on a stack that it resets first, and says what was seen. People
 * do what the one on call does: they approve, and nobody decides about a step that failed. `limitMs`
 * is real time, from the alert on; the run's own is skipped.
 */
export async function play(
  stack: Stack,
  exercise: Exercise,
  name: FaultName,
  limitMs: number,
): Promise<Observed> {
  const { simulator } = stack;
  const course = courseUnder(exercise, name);
  const environment = stack.estate.environments[course.environment];
  if (environment === undefined) throw new Error(`the estate has no ${course.environment}`);
  const service = new ServiceClient(stack.host, principal(operator, ["operator"]));

  await simulator.reset();
  const { sets } = faults[name];
  if (sets !== "none") await backUpTwice(stack, service, course.environment, course.backups);
  if (sets === "newest-torn") await tearNewestSets(stack, environment, course.backups);

  const since = (await simulator.log()).at(-1)?.n ?? 0;
  for (const order of course.breaks(environment)) await simulator.fault(order);
  const injection = new Injection(simulator, faults[name], exercise, environment);
  await injection.arm();
  await simulator.advance(untilNoticed);
  const alert = exercise.alert(environment, await simulator.now());
  const { run, reason } = await service.postAlert(alert);
  const ending =
    run === undefined
      ? { lacking: `the alert started nothing: ${reason}` }
      : await endOf(run, stack, service, injection, limitMs);
  return {
    ...ending,
    log: await simulator.log(since),
    injected: injection.done,
    well: await servesUsers(stack, environment.containerApp),
  };
}

/** Attends a run until it has left its record, or is given up. */
async function endOf(
  run: string,
  { host, simulator }: Stack,
  operates: ServiceClient,
  injection: Injection,
  limitMs: number,
): Promise<{ readonly record: RunRecord } | { readonly lacking: string }> {
  const cast = {
    operator: operates,
    approver: new ServiceClient(host, principal(approver, ["approver"])),
    silent: false,
    undecided: true,
  };
  const people = new People(cast, simulator, () => undefined);
  const deadline = performance.now() + limitMs;
  for (;;) {
    await injection.attend();
    const { status, checkpoint, record } = await operates.run(run);
    if (record !== undefined) return { record };
    if (status === "stopped") return { lacking: "the run stopped without a record" };
    if (checkpoint !== undefined) await people.attend(run, checkpoint);
    if (performance.now() > deadline) {
      const where = checkpoint === undefined ? "its start" : checkpoint.step.title;
      return { lacking: `it hung for ${limitMs / 1000} s of real time at: ${where}` };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
