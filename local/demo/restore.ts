import type { RestorableKind } from "../../src/domain/backup.js";
import type { Environment } from "../../src/domain/estate.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { beforeSimulator } from "../stack/simulator-process.js";
import { startChild } from "../stack/child.js";
import { compiled, repository } from "../stack/repository.js";
import type { ServiceClient } from "../stack/service-client.js";
import type { Stack } from "../stack/stack.js";
import { approver, operator, People } from "./people.js";
import { planTable } from "./plan-table.js";
import { protections, protectionTable } from "./nightly-backup.js";
import { as, operatorOf, say, watch, type Show } from "./show.js";

/** What is lost of each kind, and what is ordered to bring it back. */
interface Loss {
  lose(stack: Stack, from: Environment): Promise<string>;
  readonly order: Readonly<Record<string, unknown>>;
}
const losses: Readonly<Record<RestorableKind, Loss>> = {
  "key-vault": {
    async lose(stack, { keyVault }) {
      const vault = parseResourceId(keyVault.primary)?.name ?? "";
      await mishap(stack, "secret", `https://${vault}.vault.azure.net`, "jwt-signing-key");
      return `the secret jwt-signing-key of ${vault}`;
    },
    order: { items: ["jwt-signing-key"] },
  },
  blobs: {
    async lose(stack, { storage }) {
      const account = parseResourceId(storage.primary)?.name ?? "";
      await mishap(stack, "blobs", `https://${account}.blob.core.windows.net`, "branding");
      return `every blob of the container branding of ${account}`;
    },
    order: { items: ["branding/*"] },
  },
  redis: {
    async lose(stack, { keyVault, redis }) {
      const vault = parseResourceId(keyVault.primary)?.name ?? "";
      const address = `https://${vault}.vault.azure.net`;
      const { lost } = await mishap(stack, "keys", address, redis.connectionSecret);
      return `all ${lost} keys of ${parseResourceId(redis.primary)?.name ?? ""}`;
    },
    // An import replaces what a cache in use holds; only an order that says so does that.
    order: { overwrite: true },
  },
};

/** Backs production up, loses something of each kind, and brings it back. */
export const restore: Show = {
  title: "something is lost by mistake and is brought back from the newest set",
  faults: {},
  async run(stack, options) {
    const { production } = stack.estate.environments;
    if (production === undefined) throw new Error("the sample estate has no production");
    const service = operatorOf(stack, options);
    const cast = {
      operator: service,
      approver: as(stack, approver, "approver", options),
      silent: options.silent,
    };
    const people = new People(cast, stack.simulator, say);
    await backUp(service);
    say(`\nWhat is protected:\n${protectionTable(await protections(service))}\n`);
    await stack.simulator.advance(600);

    const records: RunRecord[] = [];
    for (const kind of Object.keys(losses) as RestorableKind[]) {
      const loss = losses[kind];
      say(`By mistake somebody deletes ${await loss.lose(stack, production)}.`);
      await stack.simulator.advance(60);
      const order = { kind, ...loss.order, reason: "deleted by mistake" };
      const plan = await ordered(service, { ...order, mode: "plan" }, people);
      if (plan.plan !== undefined) say(`\n${planTable(plan.plan)}\n`);
      records.push(options.plan ? plan : await ordered(service, order, people));
    }
    const well = records.every(({ outcome }) => outcome === "passed" || outcome === "planned");
    return { code: well ? 0 : 1, shown: records };
  },
};

async function backUp(service: ServiceClient): Promise<void> {
  const wish = { environment: "production", reason: "the demo needs something to restore" };
  const answer = await service.call("POST", "/api/backups", JSON.stringify(wish));
  if (answer.status !== 202) throw new Error(`no backup was started: ${answer.text}`);
  const { backups } = answer.json as { backups: { id: string }[] };
  for (const { id } of backups) await watch(service, id);
}

async function ordered(
  service: ServiceClient,
  order: Readonly<Record<string, unknown>>,
  people: People,
): Promise<RunRecord> {
  const wish = { environment: "production", from: "latest", ...order };
  say(`${operator} orders: POST /api/restores ${JSON.stringify(wish)}`);
  const answer = await service.call("POST", "/api/restores", JSON.stringify(wish));
  if (answer.status !== 202) throw new Error(`no restore was started: ${answer.text}`);
  return watch(service, (answer.json as { id: string }).id, people);
}

/** Somebody else's script, in a process of its own. */
export async function mishap(stack: Stack, ...args: string[]): Promise<{ readonly lost: number }> {
  const child = await startChild<{ lost: number }>({
    name: "the mishap",
    nodeArguments: [...beforeSimulator, compiled("local/demo/mishap.js"), ...args],
    environment: stack.simulatorReady.env,
    directory: repository,
    onLog: () => undefined,
  });
  await child.stop();
  return child.ready;
}
