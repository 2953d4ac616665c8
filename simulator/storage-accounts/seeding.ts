import { nameFrom } from "../world/names.js";
import type { Seed } from "../world/seed.js";
import type { World } from "../world/world.js";
import { type Container, nameIn, newAccount, newContainer, type StorageAccount } from "./state.js";

type SeedAccount = Seed["storageAccounts"][number];

const DAY_MS = 24 * 3_600_000;

/** An account that has been there for a day, with its containers; their blobs are put in place by who keeps them. */
export function seedStorageAccount(
  seed: SeedAccount,
  { timeline, durations, stores }: Pick<World, "timeline" | "durations" | "stores">,
): StorageAccount {
  const name = nameIn(seed.id);
  const store = stores.take(name);
  if (store === undefined) throw new Error("the seed has more storage accounts than Azure allows");
  const createdAt = timeline.now() - DAY_MS;
  const account = newAccount(
    {
      id: seed.id,
      location: seed.location,
      kind: seed.kind ?? "StorageV2",
      createdAt,
      store,
      sku: seed.sku,
      tags: seed.tags ?? {},
      settings: {
        allowSharedKeyAccess: seed.allowSharedKeyAccess ?? false,
        ...(seed.allowBlobPublicAccess !== undefined && {
          allowBlobPublicAccess: seed.allowBlobPublicAccess,
        }),
        ...(seed.accessTier && { accessTier: seed.accessTier }),
      },
      blobService: seed.blobService ?? {},
    },
    {
      until: "Unavailable",
      liveFrom: createdAt,
      lag: seed.lagSeconds === undefined ? durations.geoReplicationLag : seed.lagSeconds * 1000,
      stall: undefined,
    },
  );
  account.provisioningState = "Succeeded";
  for (const { container } of seed.blobs ?? []) {
    account.containers.set(container, newContainer(container));
  }
  for (const container of seed.containers ?? []) {
    account.containers.set(container.name, seedContainer(container));
  }
  return account;
}

function seedContainer(seed: NonNullable<SeedAccount["containers"]>[number]): Container {
  const { name, publicAccess, immutabilityDays, locked, legalHolds } = seed;
  return {
    ...newContainer(name, publicAccess),
    holds: legalHolds ?? [],
    policy:
      immutabilityDays === undefined
        ? undefined
        : {
            days: immutabilityDays,
            state: locked === true ? "Locked" : "Unlocked",
            appends: false,
            appendsAll: false,
            etag: nameFrom(15, name, "seed"),
            extensions: 0,
          },
  };
}
