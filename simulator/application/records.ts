import { type Answer, json, readBody, type Request } from "../server/exchange.js";
import type { Application } from "./dependencies.js";
import { type RecordStore, StoreFailure } from "./record-store.js";

const LARGEST_RECORD_BYTES = 1024;
const PATH = /^\/records(?:\/([A-Za-z0-9._-]{1,64}))?\/?$/;

const NAMES = ["storage", "redis"] as const;
type StoreName = (typeof NAMES)[number];
export type RecordStores = Readonly<Record<StoreName, RecordStore>>;

/** What came of asking both stores: what each said, and why one could not say anything. */
interface Told<T> {
  readonly said: Partial<Record<StoreName, T>>;
  readonly failed: Partial<Record<StoreName, string>>;
}

/** The id in a path of records: empty where it names all of them, undefined where it is no such path. */
export function recordIn(path: string): string | undefined {
  const found = PATH.exec(path);
  return found === null ? undefined : (found[1] ?? "");
}

/**
 * The data of the recovered application: each record is in its storage account and in its cache, whatever these are at
 * the moment, so that whoever writes and reads them sees what survives.
 */
export async function answerAboutRecords(
  request: Request,
  id: string,
  application: Application,
  stores: RecordStores,
): Promise<Answer> {
  if (request.method === "PUT" && id !== "") {
    const text = (await readBody(request.stream, LARGEST_RECORD_BYTES)).toString("utf8");
    const { said, failed } = await askBoth(stores, async (store) => {
      await store.write(application, id, text);
      return true;
    });
    const written = { id, storage: said.storage ?? false, redis: said.redis ?? false };
    return isEmpty(failed) ? json(201, written) : json(503, { ...written, failed });
  }
  if (request.method !== "GET") return json(405, { error: "records are put and got" });
  return id === "" ? list(application, stores) : read(id, application, stores);
}

async function read(id: string, application: Application, stores: RecordStores): Promise<Answer> {
  const { said, failed } = await askBoth(stores, (store) => store.read(application, id));
  const found = { id, storage: said.storage ?? null, redis: said.redis ?? null };
  if (!isEmpty(failed)) return json(503, { ...found, failed });
  const nowhere = NAMES.every((name) => found[name] === null);
  return nowhere ? json(404, { error: `there is no record ${id}` }) : json(200, found);
}

async function list(application: Application, stores: RecordStores): Promise<Answer> {
  const { said, failed } = await askBoth(stores, async (store) => {
    const ids = await store.list(application);
    return { count: ids.length, ids };
  });
  const found = { storage: said.storage ?? null, redis: said.redis ?? null };
  return isEmpty(failed) ? json(200, found) : json(503, { ...found, failed });
}

async function askBoth<T>(
  stores: RecordStores,
  ask: (store: RecordStore) => Promise<T>,
): Promise<Told<T>> {
  const [said, failed]: [Told<T>["said"], Told<T>["failed"]] = [{}, {}];
  await Promise.all(
    NAMES.map(async (name) => {
      try {
        said[name] = await ask(stores[name]);
      } catch (error) {
        if (!(error instanceof StoreFailure)) throw error;
        failed[name] = error.message;
      }
    }),
  );
  return { said, failed };
}

function isEmpty(failed: object): boolean {
  return Object.keys(failed).length === 0;
}
