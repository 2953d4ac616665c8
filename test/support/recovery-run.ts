import { availabilityAlert } from "../../local/stack/alert.js";
import type { LogEntry } from "../../local/stack/simulator-client.js";
import { ServiceClient, type AlertAnswer, type RunView } from "../../local/stack/service-client.js";
import type { Stack } from "../../local/stack/stack.js";
import type { Environment } from "../../src/domain/estate.js";
import type { RunRecord } from "../../src/domain/run-record.js";

export const productionOf = (stack: Stack): Environment => {
  const { production } = stack.estate.environments;
  if (production === undefined) throw new Error("the sample estate has no production");
  return production;
};

/** The alert that production's availability test sends at the stack's present time. */
export async function freshAlert(stack: Stack, alertId?: string): Promise<unknown> {
  const { component, availabilityTests } = productionOf(stack).applicationInsights;
  const now = await stack.simulator.now();
  return availabilityAlert(component, availabilityTests[0] ?? component, now, alertId);
}

/**
 * Waits until a run has ended, and gives its record. Real time is bounded; the run's own is not. A
 * person who is asked what to do about a failed step gives up.
 */
export async function ended(stack: Stack, run: string, withinMs = 20_000): Promise<RunRecord> {
  const service = new ServiceClient(stack.host);
  const deadline = performance.now() + withinMs;
  let last: RunView | undefined;
  while (performance.now() < deadline) {
    last = await service.run(run);
    if (last.status !== "running" && last.record !== undefined) return last.record;
    const asked = last.checkpoint?.decisions.find(({ status }) => status === "open");
    if (asked !== undefined) {
      await service.say(run, "decision", { step: asked.step, choice: "abort", reason: "a test" });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${run} did not end: ${JSON.stringify(last?.checkpoint ?? last)}`);
}

/** Waits until a run has come to where a test wants it. */
export async function reached(
  stack: Stack,
  run: string,
  there: (view: RunView) => boolean,
  withinMs = 20_000,
): Promise<RunView> {
  const service = new ServiceClient(stack.host);
  const deadline = performance.now() + withinMs;
  for (;;) {
    const view = await service.run(run);
    if (there(view)) return view;
    if (performance.now() > deadline) {
      throw new Error(`${run} did not get there: ${JSON.stringify(view.checkpoint ?? view)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Breaks the app, posts the alert and waits for the end. */
export async function recoverFrom(
  stack: Stack,
  fault: string,
  withinMs?: number,
): Promise<{ answer: AlertAnswer; record: RunRecord; effects: readonly LogEntry[] }> {
  const app = productionOf(stack).containerApp.primary;
  await stack.simulator.fault({ name: fault, resource: app });
  const service = new ServiceClient(stack.host);
  const answer = await service.postAlert(await freshAlert(stack));
  if (answer.run === undefined) throw new Error(`nothing was started: ${answer.reason}`);
  const record = await ended(stack, answer.run, withinMs);
  return { answer, record, effects: await stack.simulator.log(0, true) };
}

/** What a run did to Azure itself, apart from its own state: operation and resource. */
export const actsOn = (effects: readonly LogEntry[]): readonly string[] =>
  effects
    .filter(({ service, operation }) => service !== "blobs" && operation !== "app.get")
    .map(({ operation }) => operation);

export async function appIsHealthy(stack: Stack): Promise<boolean> {
  const app = await stack.simulator.app(productionOf(stack).containerApp.primary);
  return app.revisions.some(
    ({ active, weight, replicas }) =>
      active &&
      weight > 0 &&
      replicas.length > 0 &&
      replicas.every(({ ready, ailment }) => ready && ailment === undefined),
  );
}
