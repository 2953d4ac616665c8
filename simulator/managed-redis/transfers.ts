import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { checkedContent } from "../arm/invalid-content.js";
import { beginOn } from "../arm/resource-operation.js";
import type { ArmContext } from "../arm/router.js";
import { blobIn, checkStorage, failingAsConflict, failure } from "../redis-server/archive.js";
import type { BlobAccess, BlobClient } from "../redis-server/blob-client.js";
import { accepted, PROVIDER } from "../redis-server/operation-routes.js";
import { badRequest } from "../redis/rules.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import { checkIdle } from "./rules.js";
import type { ManagedDatabase } from "./state.js";

const ExportBody = z.strictObject({ sasUri: z.string().min(1) });
const ImportBody = z.strictObject({ sasUris: z.array(z.string().min(1)).min(1) });
/** The interface has no other way: the identity of a cluster is for its keys of encryption. */
const bySas: BlobAccess = { kind: "sas" };
const GZIP = Buffer.from([0x1f, 0x8b]);
const ends = { location: "operationsResult", status: "operationsStatus" } as const;

/** Writes what the database holds into a container: one compressed block blob, named after database and time. */
export function exportDatabase(context: ArmContext, database: ManagedDatabase): Answer {
  const { world, outcomes } = context;
  const { sasUri } = checkedContent(ExportBody, context.body);
  checkIdle(database);
  const blobs = checkMayArchive(world);
  const fails = outcomes.befalls("export-failed") !== undefined;
  const work = fails
    ? Promise.reject(failure("the data could not be written"))
    : failingAsConflict(write(database, sasUri, blobs, world));
  const operation = beginOn(database, world, {
    provider: PROVIDER,
    what: "the export",
    duration: world.durations.redisExport,
    outcomes,
    work: world.redisServers.track(work),
    failure: failure("the export was given up"),
    ended: () => undefined,
  });
  const effect = { kind: "managed-redis-exported", resource: database.id };
  return accepted(context, operation, effect, ends);
}

/** Replaces what the database holds by what files hold. Until it has ended it serves nobody. */
export function importDatabase(context: ArmContext, database: ManagedDatabase): Answer {
  const { world, outcomes } = context;
  const { sasUris } = checkedContent(ImportBody, context.body);
  checkIdle(database);
  if (database.group && database.group.members.size > 1) {
    throw badRequest("Data cannot be imported into a database that is linked with others.");
  }
  const blobs = checkMayArchive(world);
  const fails = outcomes.befalls("import-failed") !== undefined;
  database.outages.add("import");
  database.endpoint.cut();
  const work = fails
    ? database.store.empty().then(() => {
        throw failure("the data could not be loaded");
      })
    : failingAsConflict(load(database, sasUris, blobs, world));
  const operation = beginOn(database, world, {
    provider: PROVIDER,
    what: "the import",
    duration: world.durations.redisImport,
    outcomes,
    work: world.redisServers.track(work),
    failure: failure("the import was given up"),
    ended: () => {
      database.outages.delete("import");
    },
  });
  const effect = { kind: "managed-redis-imported", resource: database.id };
  return accepted(context, operation, effect, ends);
}

async function write(
  database: ManagedDatabase,
  sasUri: string,
  blobs: BlobClient,
  world: World,
): Promise<void> {
  const container = checkStorage(sasUri, database, bySas, world);
  const stamp = new Date(world.timeline.now()).toISOString().replace(/[-:]|\.\d+/g, "");
  const [file] = await database.store.snapshot();
  if (file === undefined) throw new Error("there is no server to export from");
  const name = `${database.name}-default-${stamp}_1_of_1.rdb.gz`;
  await blobs.writeBlockBlob(blobIn(container, name), gzipSync(file), bySas);
}

async function load(
  database: ManagedDatabase,
  sasUris: readonly string[],
  blobs: BlobClient,
  world: World,
): Promise<void> {
  const files: Buffer[] = [];
  for (const sasUri of sasUris) {
    const content = await blobs.read(checkStorage(sasUri, database, bySas, world), bySas);
    files.push(content.subarray(0, 2).equals(GZIP) ? gunzipSync(content) : content);
  }
  await database.store.load(files, () => database.store.empty());
}

function checkMayArchive({ redisServers }: World): BlobClient {
  const blobs = redisServers.surroundings?.blobs;
  if (redisServers.available && blobs) return blobs;
  throw new Refusal(
    501,
    "NotSimulated",
    "Import and export need a redis-server on PATH of this machine (apt-get install redis-server).",
  );
}
