import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { compiled } from "../local/stack/repository.js";
import { seedFromEstate } from "../local/stack/seed-from-estate.js";
import { ServiceClient, type RunView } from "../local/stack/service-client.js";
import { beforeSimulator } from "../local/stack/simulator-process.js";
import type { Stack } from "../local/stack/stack.js";
import type { BackupKind } from "../src/domain/backup.js";
import { sidesOf, type BackupOrder } from "../src/domain/backup-order.js";
import { backupRunId } from "../src/domain/backup-schedule.js";
import type { Environment } from "../src/domain/estate.js";
import { elapsed } from "../src/domain/instant.js";
import { historyLength } from "./history-length.js";
import { watchMemory } from "./peak-memory.js";

/**
 * The heap that the host gets, in MB. Node would let it grow by what the machine has before it cleans
 * up, and nobody could tell what the work needs; with less than it needs, the host would end.
 */
export const hostHeap = 128;

/** What a backup took. */
export interface BackedUp {
  readonly seconds: number;
  /** The same on the clock of the simulated Azure, where waits are skipped. */
  readonly simulatedSeconds: number;
  /** Of the host, in MB. */
  readonly memory: number;
  readonly events: number;
}

/** Backs production up by an orchestrator and checks that so many items came of it. */
export async function backUp(
  stack: Stack,
  kind: BackupKind,
  orchestrator: string,
  wanted: { readonly count: number; readonly scope: BackupOrder["scope"]; readonly unit: string },
): Promise<BackedUp> {
  const service = new ServiceClient(stack.host);
  const estate = productionOf(stack);
  const now = (await stack.simulator.now()).toISOString();
  const order: BackupOrder = {
    environment: "production",
    kind,
    resource: sidesOf(estate, kind).primary,
    period: now,
    scope: wanted.scope,
    mode: "execute",
    authority: "act",
    trigger: { kind: "timer", schedule: "bench" },
    detectedAt: now,
    estate,
  };
  const id = `${backupRunId(kind, "production", now)}-${wanted.scope}`;
  const memory = watchMemory(stack.hostPid());
  const begun = performance.now();
  const answer = await service.call(
    "POST",
    `/runtime/webhooks/durabletask/orchestrators/${orchestrator}/${id}`,
    JSON.stringify(order),
  );
  if (answer.status !== 202) throw new Error(`${id} was answered ${answer.status}: ${answer.text}`);
  for (;;) {
    const { status, record } = await seen(service, id);
    if (status === "stopped") throw new Error(`${id} stopped without a record`);
    if (record !== undefined) {
      if (!record.reason.startsWith(`${wanted.count} ${wanted.unit}`)) {
        throw new Error(record.reason);
      }
      return {
        seconds: (performance.now() - begun) / 1_000,
        simulatedSeconds: elapsed(record.startedAt, record.endedAt) / 1_000,
        memory: memory.end(),
        events: historyLength(stack.stateDirectory, id),
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** A machine with much else to do lets a question run into its time limit now and then. */
async function seen(service: ServiceClient, id: string): Promise<Partial<RunView>> {
  const answer = await service.call("GET", `/api/recoveries/${id}`);
  if (answer.status === 503) return {};
  if (answer.status !== 200) throw new Error(`${id} was answered ${answer.status}: ${answer.text}`);
  return answer.json as RunView;
}

/** The seconds that a program over the SDKs alone says it took, in a process of its own. */
export async function secondsOf(
  stack: Stack,
  program: string,
  args: readonly string[],
): Promise<number> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=UNDICI-EHPA", ...beforeSimulator, compiled(program), ...args],
    {
      env: { PATH: process.env["PATH"], ...stack.simulatorReady.env },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const [said] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (child.exitCode !== 0)
    throw new Error(`${program} ended with ${child.exitCode ?? "a signal"}`);
  return (JSON.parse(said) as { seconds: number }).seconds;
}

/** Begins anew, with some members of the seed changed. */
export async function fill(
  stack: Stack,
  change: (seed: SeedMembers) => Partial<SeedMembers>,
): Promise<void> {
  const seed = seedFromEstate(stack.estate) as SeedMembers;
  await stack.simulator.reset({ ...seed, ...change(seed) });
}

interface SeedMembers {
  readonly storageAccounts: readonly { readonly id: string }[];
  readonly keyVaults: readonly { readonly id: string }[];
  readonly redisCaches: readonly { readonly id: string; readonly copyOf?: string }[];
  readonly components: readonly { readonly id: string }[];
  readonly containerApps: readonly { readonly id: string }[];
}

export function productionOf({ estate }: Stack): Environment {
  const { production } = estate.environments;
  if (production === undefined) throw new Error("the sample estate has no production environment");
  return production;
}

export const n = (count: number): string => count.toLocaleString("en-US");
