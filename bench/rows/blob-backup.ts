import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { compiled } from "../../local/stack/repository.js";
import { seedFromEstate } from "../../local/stack/seed-from-estate.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { onSharedClock } from "../../local/stack/simulator-process.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import type { BackupOrder } from "../../src/domain/backup-order.js";
import type { Environment } from "../../src/domain/estate.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import { historyLength } from "../history-length.js";
import type { Measurement, Row } from "../measurement.js";
import { watchMemory } from "../peak-memory.js";

/** Blobs that are backed up from account to account, beside a loop over the SDK on the same simulator. */
export const blobBackup: readonly Measurement[] = [
  {
    group: "backup",
    name: "blobs",
    async measure({ blobs, loop }) {
      const stack = await startStack();
      try {
        return await measured(stack, blobs, loop);
      } finally {
        await stack.stop();
      }
    },
  },
];

/** Milliseconds that each call of the blob service takes longer here, as over a network. */
const latency = 20;

async function measured(stack: Stack, count: number, loop: number): Promise<readonly Row[]> {
  const few = Math.ceil(count / 10);
  await fill(stack, few);
  // Each in a host of its own: what an earlier backup left in memory would count for a later one.
  const small = await backUp(stack, few, "full");
  await fill(stack, count);
  await stack.killHost();
  await stack.startHost();
  const large = await backUp(stack, count, "full");
  const unchanged = await backUp(stack, count, "interval");
  const looped = Math.min(loop, count);
  const alone = await copiedBySdk(stack, looped);
  const slow = `each call ${latency} ms longer`;
  const rate = count / large.seconds;
  const loopRate = looped / alone;
  return [
    { what: `${n(count)} blobs backed up and verified, ${slow}`, value: rate, unit: "per s" },
    {
      what: `a loop over the SDK that copies one after the other and looks at each copy, ${n(looped)} of them, ${slow}`,
      value: loopRate,
      unit: "per s",
    },
    { what: "how many times as fast", value: rate / loopRate, unit: "", goal: { atLeast: 3 } },
    {
      what: `the same ${n(count)} again, unchanged: taken over by reference, each copy looked at`,
      value: count / unchanged.seconds,
      unit: "per s",
    },
    { what: `peak memory of the host, ${n(few)} blobs`, value: small.memory, unit: "MB" },
    {
      what: `peak memory of the host, ${n(count)} blobs`,
      value: large.memory,
      unit: "MB",
      goal: { atMost: 300 },
    },
    {
      what: `events in the history for each blob, ${n(count)} blobs`,
      value: large.events / count,
      unit: "",
    },
    { what: `events in the history, ${n(count)} blobs`, value: large.events, unit: "" },
  ];
}

interface BackedUp {
  readonly seconds: number;
  readonly memory: number;
  readonly events: number;
}

async function backUp(stack: Stack, count: number, scope: BackupOrder["scope"]): Promise<BackedUp> {
  const service = new ServiceClient(stack.host);
  const estate = productionOf(stack);
  const now = (await stack.simulator.now()).toISOString();
  const order: BackupOrder = {
    environment: "production",
    kind: "blobs",
    resource: estate.storage.primary,
    period: now,
    scope,
    mode: "execute",
    authority: "act",
    trigger: { kind: "timer", schedule: "bench" },
    detectedAt: now,
    estate,
  };
  const id = `bench-${count}-${scope}`;
  const memory = watchMemory(stack.hostPid());
  const begun = performance.now();
  const answer = await service.call(
    "POST",
    `/runtime/webhooks/durabletask/orchestrators/backUpBlobs/${id}`,
    JSON.stringify(order),
  );
  if (answer.status !== 202) throw new Error(`${id} was answered ${answer.status}: ${answer.text}`);
  for (;;) {
    const { status, record } = await service.run(id);
    if (status === "stopped") throw new Error(`${id} stopped without a record`);
    if (record !== undefined) {
      if (!record.reason.startsWith(`${count} blobs`)) throw new Error(record.reason);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const seconds = (performance.now() - begun) / 1_000;
  return { seconds, memory: memory.end(), events: historyLength(stack.stateDirectory, id) };
}

/** Seconds that a loop over the SDK alone takes. */
async function copiedBySdk(stack: Stack, count: number): Promise<number> {
  const account = endpointOf(productionOf(stack).storage.primary);
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=UNDICI-EHPA",
      ...onSharedClock,
      compiled("bench/blob-client.js"),
      ...[`${account}/branding`, `${account}/looped`, String(count)],
    ],
    {
      env: { PATH: process.env["PATH"], ...stack.simulatorReady.env },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`the loop ended with ${String(code)}`);
  return (JSON.parse(said) as { seconds: number }).seconds;
}

/** Begins anew, with so many blobs of the application and none else. */
async function fill(stack: Stack, count: number): Promise<void> {
  const { primary } = productionOf(stack).storage;
  const { storageAccounts, ...others } = seedFromEstate(stack.estate) as {
    storageAccounts: { id: string }[];
  };
  const blobs = Array.from({ length: count }, (_, index) => {
    const number = String(index).padStart(6, "0");
    return {
      container: "branding",
      name: `tenant-${number}/theme.css`,
      contentType: "text/css",
      text: `:root { --accent: #${number}; }`,
    };
  });
  const seed = {
    ...others,
    storageAccounts: storageAccounts.map((account) => ({
      ...account,
      blobs: account.id === primary ? blobs : [],
    })),
  };
  const answer = await fetch(`${stack.simulatorReady.control}/reset`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ seed }),
  });
  if (!answer.ok) throw new Error(`the simulator was not filled: ${await answer.text()}`);
  await stack.simulator.fault({ name: "slow", ms: latency, match: { service: "blobs" } });
}

function productionOf({ estate }: Stack): Environment {
  const { production } = estate.environments;
  if (production === undefined) throw new Error("the sample estate has no production environment");
  return production;
}

const endpointOf = (account: string): string =>
  `https://${parseResourceId(account)?.name ?? ""}.blob.core.windows.net`;

const n = (count: number): string => count.toLocaleString("en-US");
