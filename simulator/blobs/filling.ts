import { newContainer } from "../storage-accounts/state.js";
import type { Seed } from "../world/seed.js";
import type { World } from "../world/world.js";
import { listContainers } from "./containers.js";
import type { BlobStore } from "./store.js";

const AT_ONCE = 8;

type SeedBlob = NonNullable<Seed["storageAccounts"][number]["blobs"]>[number];

/**
 * Brings what is kept into line with a world that has just been made of a seed. What a kept folder has in the accounts
 * of the seed is still theirs; what accounts of an earlier run have left in the spare ones is nobody's.
 */
export async function fillStores(
  store: BlobStore,
  world: World,
  seed: Seed,
  { kept }: { readonly kept: boolean },
): Promise<void> {
  if (kept) {
    await emptyStores(
      store,
      world.stores.names().filter((name) => world.stores.isSpare(name)),
    );
  }
  for (const account of world.storageAccounts.values()) {
    if (kept) {
      for (const { name } of await listContainers(store, account.store)) {
        if (!account.containers.has(name)) account.containers.set(name, newContainer(name));
      }
    }
    for (const name of account.containers.keys()) {
      await store.call(account.store, { method: "PUT", target: `/${name}?restype=container` });
    }
  }
  for (const { id, blobs = [] } of seed.storageAccounts) {
    const account = [...world.storageAccounts.values()].find((one) => one.id === id);
    if (account === undefined) continue;
    await inTurns(blobs, (blob) => putBlob(store, account.store, blob));
  }
}

/** Deletes every container of accounts of the process behind, whatever leases are on them. */
export async function emptyStores(store: BlobStore, names: readonly string[]): Promise<void> {
  await inTurns(names, async (account) => {
    for (const { name } of await listContainers(store, account)) {
      const container = `/${name}?restype=container`;
      await store.call(account, {
        method: "PUT",
        target: `${container}&comp=lease`,
        headers: { "x-ms-lease-action": "break", "x-ms-lease-break-period": "0" },
      });
      await store.demand(account, { method: "DELETE", target: container });
    }
  });
}

/** What is there already, from an earlier run, stays as it is. */
async function putBlob(store: BlobStore, account: string, blob: SeedBlob): Promise<void> {
  const { container, name, text, base64, contentType, metadata = {} } = blob;
  const body = text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text);
  const target = `/${container}/${name.split("/").map(encodeURIComponent).join("/")}`;
  const reply = await store.call(account, {
    method: "PUT",
    target,
    headers: {
      "if-none-match": "*",
      "x-ms-blob-type": "BlockBlob",
      "x-ms-blob-content-type": contentType ?? "application/octet-stream",
      ...Object.fromEntries(
        Object.entries(metadata).map(([key, value]) => [`x-ms-meta-${key}`, value]),
      ),
    },
    body,
  });
  if (reply.status >= 300 && reply.status !== 409) {
    throw new Error(`the seed's blob ${container}/${name} cannot be kept: ${reply.status}`);
  }
}

async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await act(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
