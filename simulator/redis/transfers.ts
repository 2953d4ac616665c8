import { z } from "zod";
import { checkedContent } from "../arm/invalid-content.js";
import { beginOn } from "../arm/resource-operation.js";
import type { ArmContext } from "../arm/router.js";
import {
  blobIn,
  checkStorage,
  failingAsConflict,
  failure,
  identityOf,
} from "../redis-server/archive.js";
import type { BlobAccess, BlobClient } from "../redis-server/blob-client.js";
import { accepted, PROVIDER } from "../redis-server/operation-routes.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import { linkedTo } from "./geo-link.js";
import { beginOutage, endOutage, isClustered } from "./lifecycle.js";
import { badRequest, checkIdle } from "./rules.js";
import type { RedisCache } from "./state.js";

const archive = {
  format: z.literal("RDB").nullish(),
  "preferred-data-archive-auth-method": z.enum(["SAS", "ManagedIdentity"]).nullish(),
  "storage-subscription-id": z.string().nullish(),
};
const ExportBody = z.strictObject({
  ...archive,
  prefix: z.string().min(1),
  container: z.string().min(1),
});
const ImportBody = z.strictObject({ ...archive, files: z.array(z.string().min(1)).min(1) });

/** Writes what the cache holds into a container: a page blob, or one for each shard. The cache stays online. */
export function exportData(context: ArmContext, cache: RedisCache): Answer {
  const { world, outcomes } = context;
  const body = checkedContent(ExportBody, context.body);
  const blobs = checkMayArchive(cache, world);
  const access = accessOf(cache, body, world);
  const fails = outcomes.befalls("export-failed") !== undefined;
  const work = fails
    ? Promise.reject(failure("the data could not be written"))
    : failingAsConflict(write(cache, body, { access, blobs }, world));
  const operation = beginOn(cache, world, {
    provider: PROVIDER,
    what: "the export",
    duration: world.durations.redisExport,
    outcomes,
    work: world.redisServers.track(work),
    failure: failure("the export was given up"),
    ended: () => undefined,
  });
  const effect = { kind: "redis-exported", resource: cache.id, detail: body.prefix };
  return accepted(context, operation, effect, { location: "operationresults" });
}

/** Replaces what the cache holds by what files hold. Until it has ended the cache serves nobody. */
export function importData(context: ArmContext, cache: RedisCache): Answer {
  const { world, outcomes } = context;
  const body = checkedContent(ImportBody, context.body);
  const blobs = checkMayArchive(cache, world);
  if (linkedTo(cache)?.role === "Primary") {
    throw badRequest("Data cannot be imported into the secondary cache of a geo-replication link.");
  }
  const access = accessOf(cache, body, world);
  const fails = outcomes.befalls("import-failed") !== undefined;
  beginOutage(cache, "import");
  const work = fails
    ? cache.store.empty().then(() => {
        throw failure("the data could not be loaded");
      })
    : failingAsConflict(load(cache, body, { access, blobs }, world));
  const operation = beginOn(cache, world, {
    provider: PROVIDER,
    what: "the import",
    duration: world.durations.redisImport,
    outcomes,
    work: world.redisServers.track(work),
    failure: failure("the import was given up"),
    ended: () => {
      endOutage(cache, "import");
    },
  });
  const effect = { kind: "redis-imported", resource: cache.id };
  return accepted(context, operation, effect, { location: "operationresults" });
}

interface Storage {
  readonly access: BlobAccess;
  readonly blobs: BlobClient;
}

async function write(
  cache: RedisCache,
  body: z.infer<typeof ExportBody>,
  { access, blobs }: Storage,
  world: World,
): Promise<void> {
  const other = body["storage-subscription-id"] ?? undefined;
  const container = checkStorage(body.container, cache, access, world, other);
  const files = await cache.store.snapshot();
  for (const [shard, file] of files.entries()) {
    const name = isClustered(cache) ? `${body.prefix}_c${shard}` : body.prefix;
    await blobs.writePageBlob(blobIn(container, name), file, access);
  }
}

async function load(
  cache: RedisCache,
  body: z.infer<typeof ImportBody>,
  { access, blobs }: Storage,
  world: World,
): Promise<void> {
  const other = body["storage-subscription-id"] ?? undefined;
  const files: Buffer[] = [];
  for (const file of body.files) {
    const url = checkStorage(file, cache, access, world, other);
    files.push(await blobs.read(url, access));
  }
  await cache.store.load(files, () => cache.store.empty());
}

function checkMayArchive(cache: RedisCache, { redisServers }: World): BlobClient {
  checkIdle(cache);
  if (cache.envelope.properties.sku.name !== "Premium") {
    throw badRequest("Import and export of data are only available for the Premium SKU.");
  }
  const blobs = redisServers.surroundings?.blobs;
  if (redisServers.available && blobs) return blobs;
  throw new Refusal(
    501,
    "NotSimulated",
    "Import and export need a redis-server on PATH of this machine (apt-get install redis-server).",
  );
}

function accessOf(
  cache: RedisCache,
  body: { readonly "preferred-data-archive-auth-method"?: string | null | undefined },
  world: World,
): BlobAccess {
  if (body["preferred-data-archive-auth-method"] !== "ManagedIdentity") return { kind: "sas" };
  const identity = identityOf(cache, cache.envelope.identity, world);
  if (identity) return { kind: "identity", identity };
  throw badRequest("The cache has no managed identity to reach the storage account with.");
}
