import type { Stack } from "../../stack/stack.js";
import { attend, serviceOf } from "../attendance.js";
import { environmentIn, ordinarySeconds, type PlayOptions } from "../cell.js";
import { Injection } from "../injection.js";
import type { DayObserved } from "../judgement.js";
import { backUpTwice } from "../sets.js";
import { Watch } from "../watch.js";
import type { CompoundDay, Happening } from "./day.js";

/** Plays a compound day on a stack that it resets first, and says what was seen. */
export async function playDay(
  stack: Stack,
  day: CompoundDay,
  { draws, limitMs }: PlayOptions,
): Promise<DayObserved> {
  const { simulator } = stack;
  const environment = environmentIn(stack, day.environment);
  const service = serviceOf(stack);
  const runs = new Set<string>();
  const unanswered = new Set<string>();

  const alertOf = async ({ alerts }: Happening): Promise<void> => {
    for (const alert of alerts(environment, await simulator.now())) {
      const { run, status, reason } = await service.postAlert(alert);
      if (run !== undefined) runs.add(run);
      else unanswered.add(`an alert was ${status}: ${reason}`);
    }
  };

  await simulator.reset();
  const watch = new Watch(stack, environment, { writes: true });
  await watch.begin();
  await backUpTwice(stack, service, day.environment, day.backups);
  await watch.pass(ordinarySeconds);

  await watch.mark();
  for (const order of day.breaks(environment)) await simulator.fault(order);
  const { later } = day;
  const injection = new Injection(
    simulator,
    later && { operations: later.with, change: 1 },
    async () => {
      for (const order of later?.breaks(environment) ?? []) await simulator.fault(order);
      if (later) await alertOf(later);
    },
  );
  await injection.arm();
  await watch.pass(draws.untilNoticed);
  await alertOf(day);
  const endings = await attend(stack, {
    runs: () => [...runs],
    meanwhile: () => injection.attend(),
    decides: true,
    limitMs,
  });
  return {
    endings,
    unanswered: [...unanswered],
    ...(await watch.end()),
    injected: injection.done,
  };
}
