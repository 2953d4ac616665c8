import { startStack, type Stack } from "../../local/stack/stack.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import {
  backUp,
  fill,
  hostHeap,
  secondsOf,
  n,
  productionOf,
  type BackedUp,
} from "../backup-run.js";
import type { Measurement, Row } from "../measurement.js";

/** Blobs that are backed up from account to account, beside a loop over the SDK on the same simulator. */
export const blobBackup: readonly Measurement[] = [
  {
    group: "backup",
    name: "blobs",
    async measure({ blobs, loop }) {
      const stack = await startStack({ hostHeap });
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
  await fillWithBlobs(stack, few);
  // Each in a host of its own: what an earlier backup left in memory would count for a later one.
  const small = await backUpBlobs(stack, few, "full");
  await fillWithBlobs(stack, count);
  await stack.killHost();
  await stack.startHost();
  const large = await backUpBlobs(stack, count, "full");
  const unchanged = await backUpBlobs(stack, count, "interval");
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
    {
      what: `peak memory of the host with a heap of ${hostHeap} MB, ${n(few)} blobs`,
      value: small.memory,
      unit: "MB",
    },
    {
      what: `the same, ${n(count)} blobs`,
      value: large.memory,
      unit: "MB",
      goal: { atMost: 300 },
    },
    {
      what: `how many times as much memory for ${n(count)} blobs as for ${n(few)}`,
      value: large.memory / small.memory,
      unit: "",
      // Ten times as many blobs; what is held must not grow with them.
      goal: { atMost: 1.5 },
    },
    {
      what: `events in the history for each blob beyond the first ${n(few)}, up to ${n(count)}`,
      value: (large.events - small.events) / (count - few),
      unit: "",
      // A piece of 500 blobs is one activity, which takes less than ten.
      goal: { atMost: 0.02 },
    },
    { what: `events in the history, ${n(count)} blobs`, value: large.events, unit: "" },
  ];
}

/** Begins anew, with so many blobs of the application and none else. */
async function fillWithBlobs(stack: Stack, count: number): Promise<void> {
  const { primary } = productionOf(stack).storage;
  const blobs = Array.from({ length: count }, (_, index) => {
    const number = String(index).padStart(6, "0");
    return {
      container: "branding",
      name: `tenant-${number}/theme.css`,
      contentType: "text/css",
      text: `:root { --accent: #${number}; }`,
    };
  });
  await fill(stack, ({ storageAccounts }) => ({
    storageAccounts: storageAccounts.map((account) => ({
      ...account,
      blobs: account.id === primary ? blobs : [],
    })),
  }));
  await stack.simulator.fault({ name: "slow", ms: latency, match: { service: "blobs" } });
}

const backUpBlobs = (stack: Stack, count: number, scope: "full" | "interval"): Promise<BackedUp> =>
  backUp(stack, "blobs", "backUpBlobs", { count, scope, unit: "blobs" });

/** Seconds that a loop over the SDK alone takes. */
function copiedBySdk(stack: Stack, count: number): Promise<number> {
  const account = endpointOf(productionOf(stack).storage.primary);
  const args = [`${account}/branding`, `${account}/looped`, String(count)];
  return secondsOf(stack, "bench/blob-client.js", args);
}

const endpointOf = (account: string): string =>
  `https://${parseResourceId(account)?.name ?? ""}.blob.core.windows.net`;
