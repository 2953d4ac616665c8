import { backupAccount } from "../../local/stack/seed-from-estate.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import { backUp, fill, hostHeap, secondsOf, n, productionOf } from "../backup-run.js";
import type { Measurement, Row } from "../measurement.js";

/** Secrets that are backed up below what a vault grants, beside a loop over the SDK on the same simulator. */
export const keyVaultBackup: readonly Measurement[] = [
  {
    group: "backup",
    name: "key-vault",
    async measure({ secrets, loop }) {
      const stack = await startStack({ hostHeap });
      try {
        return await measured(stack, secrets, loop);
      } finally {
        await stack.stop();
      }
    },
  },
];

/** Milliseconds that each call of vaults and blobs takes longer here, as over a network. */
const latency = 20;

async function measured(stack: Stack, count: number, loop: number): Promise<readonly Row[]> {
  const few = Math.ceil(count / 10);
  await fillWithSecrets(stack, few);
  // Each in a host of its own: what an earlier backup left in memory would count for a later one.
  const small = await backedUp(stack, few, "full");
  await fillWithSecrets(stack, count);
  await stack.killHost();
  await stack.startHost();
  const large = await backedUp(stack, count, "full");
  const unchanged = await backedUp(stack, count, "interval");
  const looped = Math.min(loop, count);
  const vault = parseResourceId(productionOf(stack).keyVault.primary)?.name ?? "";
  const alone = await secondsOf(stack, "bench/secret-client.js", [
    `https://${vault}.vault.azure.net`,
    `https://${backupAccount}.blob.core.windows.net/looped`,
    String(looped),
  ]);
  const slow = `each call ${latency} ms longer, on the clock of the simulated Azure`;
  const rate = count / large.simulatedSeconds;
  const loopRate = looped / alone;
  return [
    {
      what: `${n(count)} secrets backed up, verified and brought to the recovery vault, ${slow}`,
      value: rate,
      unit: "per s",
    },
    {
      what: `a loop over the SDK that only backs up and reads back, one after the other, ${n(looped)} of them, ${slow}`,
      value: loopRate,
      unit: "per s",
    },
    { what: "how many times as fast", value: rate / loopRate, unit: "", goal: { atLeast: 1 } },
    {
      what: `the same ${n(count)} again, unchanged: taken over by reference`,
      value: count / unchanged.simulatedSeconds,
      unit: "per s",
    },
    {
      what: `peak memory of the host with a heap of ${hostHeap} MB, ${n(few)} secrets`,
      value: small.memory,
      unit: "MB",
    },
    {
      what: `the same, ${n(count)} secrets`,
      value: large.memory,
      unit: "MB",
      goal: { atMost: 300 },
    },
    {
      what: `events in the history for each secret, ${n(count)} secrets`,
      value: large.events / count,
      unit: "",
    },
  ];
}

const backedUp = (stack: Stack, count: number, scope: "full" | "interval") =>
  backUp(stack, "key-vault", "backUpKeyVault", { count, scope, unit: "secrets" });

async function fillWithSecrets(stack: Stack, count: number): Promise<void> {
  const { primary } = productionOf(stack).keyVault;
  const secrets = Array.from({ length: count }, (_, index) => ({
    name: `secret-${String(index).padStart(6, "0")}`,
    value: `value-${index}`,
  }));
  await fill(stack, ({ keyVaults }) => ({
    keyVaults: keyVaults.map((vault) => (vault.id === primary ? { ...vault, secrets } : vault)),
  }));
  for (const service of ["key-vault", "blobs"]) {
    await stack.simulator.fault({ name: "slow", ms: latency, match: { service } });
  }
}
