import type { EnvironmentName } from "../../src/domain/environment-name.js";
import { environmentOf, type Environment } from "../../src/domain/estate.js";
import { servesAgain, type RunRecord } from "../../src/domain/run-record.js";
import { cacheAlert } from "../stack/alert.js";
import type { ServiceClient } from "../stack/service-client.js";
import type { Stack } from "../stack/stack.js";
import { planOf, proposeFirst, recoverByAlert } from "./failure.js";
import { operatorOf, say, watch, type Options, type Show } from "./show.js";

/** What breaks, where, and what else is as it should not be. */
interface Mishap {
  readonly what: string;
  readonly environment: EnvironmentName;
  readonly fault: string;
  /** Whether there is a backup to begin from. */
  readonly backedUp: boolean;
  /** Which new caches Azure refuses. */
  readonly refuses?: { readonly kind?: "managed" | "classic" };
}

const lasting = "redis-reboot-does-not-help";
const mishaps: Readonly<Record<string, Mishap>> = {
  down: {
    what: "the cache of production takes no connections; a reboot heals it",
    ...{ environment: "production", fault: "redis-down", backedUp: false },
  },
  "auth-failed": {
    what: "the cache of production lets nobody in, whatever the key; a reboot heals it",
    ...{ environment: "production", fault: "redis-auth-failed", backedUp: false },
  },
  "reboot-does-not-help": {
    what: "the cache of production stays down; its geo-replica takes over, with approval",
    ...{ environment: "production", fault: lasting, backedUp: true },
  },
  "no-secondary": {
    what: "the cache of development stays down, and there is no other; one is made and filled",
    ...{ environment: "development", fault: lasting, backedUp: true },
  },
  "creation-refused": {
    what: "the same, and Azure makes no Azure Managed Redis; a cache of the other kind is made",
    ...{ environment: "development", fault: lasting, backedUp: true },
    refuses: { kind: "managed" },
  },
  "no-usable-set": {
    what: "the same, and nothing was backed up; the app gets an empty cache",
    ...{ environment: "development", fault: lasting, backedUp: false },
  },
  "nothing-to-be-had": {
    what: "the same, and Azure makes no cache at all; an operator is needed",
    ...{ environment: "development", fault: lasting, backedUp: true },
    refuses: {},
  },
};

const faults = Object.fromEntries(Object.entries(mishaps).map(([name, { what }]) => [name, what]));

/** Seconds after which the metric alert fires. */
const untilNoticed = 60;

/** Breaks a cache, posts the alert that Azure Monitor would send, shows the recovery. */
export const redisFailure: Show = {
  title: "the cache fails, an alert comes, the app gets its cache back or another one",
  faults,
  async run(stack, options) {
    const mishap = mishaps[options.fault];
    if (mishap === undefined) throw new Error(`there is no mishap ${options.fault}`);
    const environment = environmentOf(stack.estate, mishap.environment);
    const service = operatorOf(stack, options);
    if (mishap.backedUp) await backUp(service, mishap.environment);
    await breakCache(stack, mishap, environment, options);
    const record = options.plan
      ? await planOf(stack, options, "redis-failure", mishap.environment)
      : await recover(stack, options, environment, mishap.environment);
    if (record.outcome === "planned") return { code: 0, shown: record };
    const uses = await cacheOfApp(stack, environment);
    say(`The app says of its cache: ${uses}.`);
    const well = uses.startsWith("ok");
    const code =
      record.outcome === "needs-operator" ? 3 : well && servesAgain(record.outcome) ? 0 : 1;
    return { code, shown: record };
  },
};

/** The night before: a set that can be trusted. */
async function backUp(service: ServiceClient, environment: EnvironmentName): Promise<void> {
  const order = { environment, kinds: ["redis"], reason: "the demo begins with a backup" };
  const answer = await service.call("POST", "/api/backups", JSON.stringify(order));
  const [backup] = (answer.json as { backups: { id: string }[] }).backups;
  say(`A backup is made first: ${backup?.id ?? answer.text}\n`);
  await watch(service, backup?.id ?? "");
  say();
}

async function breakCache(
  stack: Stack,
  { what, fault, refuses }: Mishap,
  { redis, recoveryRegion }: Environment,
  { fault: name }: Options,
): Promise<void> {
  await stack.simulator.fault({ name: fault, resource: redis.primary });
  if (refuses !== undefined) {
    await stack.simulator.fault({ name: "cache-refused", region: recoveryRegion, ...refuses });
  }
  say(`Fault ${name}: ${what}.`);
  await stack.simulator.advance(untilNoticed);
}

async function recover(
  stack: Stack,
  options: Options,
  { redis }: Environment,
  environment: EnvironmentName,
): Promise<RunRecord> {
  await proposeFirst(stack, options, environment);
  say(`${untilNoticed} seconds later no client has been connected for long enough.`);
  return recoverByAlert(stack, options, cacheAlert(redis.primary, await stack.simulator.now()));
}

/** What the app's replicas say of their cache, by the simulator: the demo itself is no client of it. */
export async function cacheOfApp(stack: Stack, { containerApp }: Environment): Promise<string> {
  const app = await stack.simulator.app(containerApp.primary);
  const replicas = app.revisions
    .filter(({ active, weight }) => active && weight > 0)
    .flatMap((revision) => revision.replicas);
  const ill = replicas.find(({ ailment }) => ailment !== undefined);
  return ill?.ailment ?? (replicas.length === 0 ? "it does not run" : "ok");
}
