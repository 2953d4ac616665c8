import { cacheAlert } from "../../local/stack/alert.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import type { Stack } from "../../local/stack/stack.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import type { BackupStack } from "./backup-stack.js";
import { productionOf } from "./recovery-run.js";

export const cacheOf = (stack: Stack, side: "primary" | "secondary" = "primary"): string =>
  productionOf(stack).redis[side] ?? "";

/** A second person, who answers whatever a run asks until it has ended. */
export async function endedWithPeople(
  stack: Stack,
  run: string,
  { approve = true, withinMs = 240_000 }: { approve?: boolean; withinMs?: number } = {},
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
    await new Promise((resolve) => setTimeout(resolve, 100));
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

/** Orders the failback, and sees it to the end. */
export async function failBack(stack: Stack): Promise<RunRecord> {
  const service = new ServiceClient(stack.host, { "x-operator": "olga" });
  const order = { environment: "production", resource: "redis", reason: "the original is well" };
  const answer = await service.call("POST", "/api/failbacks", JSON.stringify(order));
  if (answer.status !== 202) throw new Error(`no failback was started: ${answer.text}`);
  return endedWithPeople(stack, (answer.json as { id: string }).id);
}

/** The cache whose address is in the vault that the app uses. */
export async function cacheInUse({ stack, azure }: BackupStack): Promise<string | undefined> {
  const { containerApp, keyVault, redis } = productionOf(stack);
  const vault = await azure.keyVaults.vault(keyVault.primary);
  const secret = await azure.secrets.value(vault?.uri ?? "", redis.connectionSecret);
  const [address] = (secret?.value ?? "").split(",");
  const groups = [redis.primary, redis.secondary ?? redis.primary].map((id) =>
    id.split("/").slice(0, 5).join("/"),
  );
  const listed = await Promise.all(groups.map((group) => azure.cacheChanges.inGroup(group)));
  for (const id of [redis.primary, redis.secondary, ...listed.flat()]) {
    const view = id === undefined ? undefined : await azure.redisCaches.cache(id);
    if (view !== undefined && `${view.host}:${view.port}` === address) return id;
  }
  throw new Error(`no cache of ${containerApp.primary} answers at ${address}`);
}
