import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Answer, Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { lastSyncAt, readsSecondary } from "../storage-accounts/replication.js";
import type { StorageAccount } from "../storage-accounts/state.js";
import type { Former } from "./change-log.js";
import type { Journal } from "./journal.js";
import { blobEntry, type Entry, entriesIn, prefixEntry, textIn, withEntries } from "./list-xml.js";
import type { BlobOperation } from "./operations.js";
import type { BlobStore } from "./store.js";

/** Forwards a read to where the blobs are. */
export type PassOn = () => Promise<Answer>;

/** Reads from the copy in the other region: the account as it was at the last sync time. */
export class Secondary {
  readonly #journal: Journal;
  readonly #store: BlobStore;

  constructor(journal: Journal, store: BlobStore) {
    this.#journal = journal;
    this.#store = store;
  }

  async answer(
    request: Request,
    account: StorageAccount,
    asked: BlobOperation,
    passOn: PassOn,
  ): Promise<Answer> {
    const { container, blob, operation } = asked;
    if (container === undefined) {
      const answer = await passOn();
      return operation === "containers.list" ? this.#withoutNew(answer, account) : answer;
    }
    if (this.#journal.isNew(account, container)) {
      throw new Refusal(404, "ContainerNotFound", "The specified container does not exist.");
    }
    if (operation === "blobs.list") {
      const changed = this.#journal.allUnsynced(account, container);
      const answer = await passOn();
      return changed.size === 0 ? answer : this.#relist(request, account, answer, changed);
    }
    const change =
      blob === undefined ? undefined : this.#journal.unsynced(account, container, blob);
    if (change === undefined) return passOn();
    if (change.former === undefined) {
      throw new Refusal(404, "BlobNotFound", "The specified blob does not exist.");
    }
    if (operation !== "blobs.get" && operation !== "blobs.getProperties") {
      throw new Refusal(
        501,
        "NotSimulated",
        `${operation} of a blob that has changed since the last sync time is not simulated.`,
      );
    }
    return formerAnswer(request, change.former);
  }

  async #withoutNew(answer: Answer, account: StorageAccount): Promise<Answer> {
    const xml = await bodyOf(answer);
    const known = entriesIn(xml).filter(({ name }) => !this.#journal.isNew(account, name));
    return { ...answer, body: withEntries(xml, known) };
  }

  /** A page of the primary's listing with what has changed since put back, within the page's own bounds. */
  async #relist(
    request: Request,
    account: StorageAccount,
    answer: Answer,
    changed: ReadonlyMap<string, Former | undefined>,
  ): Promise<Answer> {
    if (answer.status !== 200) return answer;
    const xml = await bodyOf(answer);
    const { query } = request;
    const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter") ?? ""];
    const include = (query.get("include") ?? "").split(",");
    const from = query.get("marker") ?? "";
    const to = textIn(xml, "NextMarker");
    const page = new Map(entriesIn(xml).map((entry) => [entry.name, entry]));
    for (const [name, former] of changed) {
      if (!name.startsWith(prefix) || name <= from || (to !== "" && name > to)) continue;
      const end = delimiter === "" ? -1 : name.indexOf(delimiter, prefix.length);
      const shown = end === -1 ? name : name.slice(0, end + delimiter.length);
      if (former === undefined) {
        const gone = shown === name || (await this.#isAllNew(request, account, shown, changed));
        if (gone) page.delete(shown);
      } else
        page.set(shown, end === -1 ? blobEntry(name, former.headers, include) : prefixEntry(shown));
    }
    const sorted = [...page.values()].sort(byName);
    return { ...answer, body: withEntries(xml, sorted) };
  }

  /** Whether there was nothing below a prefix at the last sync time. */
  async #isAllNew(
    { path }: Request,
    { store }: StorageAccount,
    prefix: string,
    changed: ReadonlyMap<string, Former | undefined>,
  ): Promise<boolean> {
    const below = [...changed].filter(([name]) => name.startsWith(prefix));
    if (below.some(([, former]) => former !== undefined)) return false;
    const listing = await this.#store.demand(store, {
      method: "GET",
      target: `${path}?restype=container&comp=list&prefix=${encodeURIComponent(prefix)}&maxresults=${Math.min(below.length + 1, 5000)}`,
    });
    return entriesIn(listing.body.toString("utf8")).every(({ name }) => changed.has(name));
  }
}

/** GET ?comp=stats, which only the secondary answers. */
export function replicationStats(account: StorageAccount, now: number): string {
  const synced = lastSyncAt(account, now);
  const status = synced === undefined ? account.geo?.until.toLowerCase() : "live";
  const time = synced === undefined ? "" : new Date(synced).toUTCString();
  return `<?xml version="1.0" encoding="utf-8"?><StorageServiceStats><GeoReplication><Status>${status ?? "unavailable"}</Status><LastSyncTime>${time}</LastSyncTime></GeoReplication></StorageServiceStats>`;
}

/** What the copy in the other region does not do for anybody. */
export function checkSecondary(account: StorageAccount, { mutating }: BlobOperation): void {
  if (!readsSecondary(account)) {
    throw new Refusal(
      403,
      "InsufficientAccountPermissions",
      "Read-access geo-redundant replication is not enabled for the account.",
    );
  }
  if (mutating) {
    throw new Refusal(
      403,
      "InsufficientAccountPermissions",
      "Write operations are not allowed on the secondary location of the account.",
    );
  }
}

function formerAnswer(request: Request, { headers, body }: Former): Answer {
  const given = request.headers;
  const etag = headers.etag ?? "";
  if (given["if-match"] !== undefined && given["if-match"] !== "*" && given["if-match"] !== etag) {
    throw new Refusal(
      412,
      "ConditionNotMet",
      "The condition specified using HTTP conditional header(s) is not met.",
    );
  }
  if (given["if-none-match"] === etag) return { status: 304, headers: { etag } };
  const { connection: _c, "keep-alive": _k, "transfer-encoding": _t, ...kept } = headers;
  const part = rangeOf(String(given["x-ms-range"] ?? given.range ?? ""), body.length);
  if (part === undefined) return { status: 200, headers: kept, body };
  const { "content-md5": _whole, ...rest } = kept;
  return {
    status: 206,
    headers: {
      ...rest,
      "content-length": part.end - part.start,
      "content-range": `bytes ${part.start}-${part.end - 1}/${body.length}`,
    },
    body: body.subarray(part.start, part.end),
  };
}

function rangeOf(given: string, length: number): { start: number; end: number } | undefined {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(given) ?? [];
  if (first === undefined) return undefined;
  const start = Number(first);
  if (start >= length) {
    throw new Refusal(416, "InvalidRange", "The range specified is invalid for the current size.");
  }
  return {
    start,
    end: last === "" || last === undefined ? length : Math.min(length, Number(last) + 1),
  };
}

async function bodyOf({ body }: Answer): Promise<string> {
  if (body instanceof Readable) return text(body);
  return body === undefined ? "" : body.toString();
}

function byName(a: Entry, b: Entry): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
