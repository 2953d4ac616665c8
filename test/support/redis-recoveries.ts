import { cacheAlert } from "../../local/stack/alert.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import type { Stack } from "../../local/stack/stack.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { productionOf } from "./recovery-run.js";

export const cacheOf = (stack: Stack, side: "primary" | "secondary" = "primary"): string =>
  productionOf(stack).redis[side] ?? "";

/** What the app's own health says of the cache that it uses. */
export async function appUses(stack: Stack): Promise<string> {
  const { fqdn } = await stack.simulator.app(productionOf(stack).containerApp.primary);
  return fqdn;
}

/** A second person, who answers whatever a run asks until it has ended. */
export async function endedWithPeople(
  stack: Stack,
  run: string,
  { approve = true, withinMs = 60_000 }: { approve?: boolean; withinMs?: number } = {},
): Promise<RunRecord> {
  const service = new ServiceClient(stack.host, { "x-operator": "otto" });
  const deadline = performance.now() + withinMs;
  const answered = new Set<string>();
  for (;;) {
    const view = await service.run(run);
    if (view.status !== "running" && view.record !== undefined) return view.record;
    const { approvals = [], decisions = [] } = view.checkpoint ?? {};
    for (const { nonce, status } of approvals) {
      if (status !== "open" || answered.has(nonce)) continue;
      answered.add(nonce);
      const decision = approve ? "approve" : "deny";
      await service.say(run, "approval", { nonce, decision, reason: "a test" });
    }
    for (const { step, status, askedAt } of decisions) {
      if (status !== "open" || answered.has(askedAt)) continue;
      answered.add(askedAt);
      await service.say(run, "decision", { step, choice: "abort", reason: "a test" });
    }
    if (performance.now() > deadline) {
      throw new Error(`${run} did not end: ${JSON.stringify(view.checkpoint ?? view)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Posts the alert of a cache and sees its run to the end. */
export async function recoverCache(
  stack: Stack,
  cache: string,
  people: Parameters<typeof endedWithPeople>[2] = {},
): Promise<RunRecord> {
  const service = new ServiceClient(stack.host);
  const answer = await service.postAlert(cacheAlert(cache, await stack.simulator.now()));
  if (answer.run === undefined) throw new Error(`nothing was started: ${answer.reason}`);
  return endedWithPeople(stack, answer.run, people);
}
