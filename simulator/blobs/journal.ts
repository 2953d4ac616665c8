import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { lastSyncAt } from "../storage-accounts/replication.js";
import type { StorageAccount } from "../storage-accounts/state.js";
import { type Change, ChangeLog, type Former } from "./change-log.js";
import type { BlobStore } from "./store.js";

/** Pages are written so many bytes at a time. */
const LARGEST_WRITE_BYTES = 4 * 1024 * 1024;

/**
 * What has been written to geo-redundant accounts and is not yet in their other region. There is no second copy of
 * anything: the secondary is the primary without these changes, and a failover undoes them. So what has been in step
 * long ago costs nothing, keeps its ETags and times through a failover, and is listed at the primary's speed. One thing
 * is simpler than in Azure: the deletion of a whole container reaches the other region at once.
 */
export class Journal {
  readonly #logs = new WeakMap<StorageAccount, ChangeLog>();
  readonly #undoing = new WeakMap<StorageAccount, Promise<void>>();
  readonly #store: BlobStore;
  readonly #now: () => number;

  constructor(store: BlobStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** What a change is about to replace; `path` is the blob's, as it was sent. To be asked before, noted after it. */
  async formerOf(
    account: StorageAccount,
    path: string,
    headers: IncomingHttpHeaders,
  ): Promise<Former | undefined> {
    // A write on this condition succeeds only where there is nothing.
    if (account.geo === undefined || headers["if-none-match"] === "*") return undefined;
    const reply = await this.#store.call(account.store, { method: "GET", target: path });
    if (reply.status >= 300) return undefined;
    const tagged = Number(reply.headers["x-ms-tag-count"] ?? 0) > 0;
    const tags = tagged
      ? await this.#store.call(account.store, { method: "GET", target: `${path}?comp=tags` })
      : undefined;
    return { headers: reply.headers, body: reply.body, tags: tags?.body };
  }

  note(account: StorageAccount, change: Omit<Change, "at">): void {
    if (account.geo === undefined) return;
    const now = this.#now();
    const log = this.#logOf(account);
    log.forgetUntil(lastSyncAt(account, now) ?? now - account.geo.lag);
    log.add({ ...change, at: now });
  }

  /** The change of a blob that the other region has not heard of. */
  unsynced(account: StorageAccount, container: string, blob: string): Change | undefined {
    return this.#logOf(account).firstSince(this.#synced(account), container, blob);
  }

  /** The names of all such blobs of a container, and what they were at the last sync time. */
  allUnsynced(account: StorageAccount, container: string): ReadonlyMap<string, Former | undefined> {
    return formerOnes(this.#logOf(account).since(this.#synced(account)), container);
  }

  /** Whether a container is so new that the other region has not heard of it. */
  isNew(account: StorageAccount, container: string): boolean {
    return this.#logOf(account).firstSince(this.#synced(account), container) !== undefined;
  }

  forgetContainer(account: StorageAccount, container: string): void {
    this.#logs.get(account)?.forgetContainer(container);
  }

  /** After a failover, before anything else: what had not reached the other region is gone. */
  async settle(account: StorageAccount): Promise<void> {
    if (account.lostSince === undefined) return;
    const undoing = this.#undoing.get(account) ?? this.#undo(account, account.lostSince);
    this.#undoing.set(account, undoing);
    try {
      await undoing;
    } finally {
      this.#undoing.delete(account);
    }
  }

  async #undo(account: StorageAccount, since: number): Promise<void> {
    const lost = this.#logOf(account).since(since);
    const fresh = lost.filter(({ blob }) => blob === undefined).map(({ container }) => container);
    for (const container of new Set(fresh)) {
      await this.#store.call(account.store, {
        method: "PUT",
        target: `/${container}?restype=container&comp=lease`,
        headers: { "x-ms-lease-action": "break", "x-ms-lease-break-period": "0" },
      });
      await this.#store.call(account.store, {
        method: "DELETE",
        target: `/${container}?restype=container`,
      });
      account.containers.delete(container);
    }
    for (const container of new Set(lost.map((change) => change.container))) {
      if (!account.containers.has(container)) continue;
      for (const [blob, former] of formerOnes(lost, container)) {
        await this.#restore(account, `/${container}/${encodePath(blob)}`, former);
      }
    }
    this.#logs.delete(account);
    account.lostSince = undefined;
  }

  async #restore(
    { store }: StorageAccount,
    target: string,
    former: Former | undefined,
  ): Promise<void> {
    await this.#store.call(store, {
      method: "PUT",
      target: `${target}?comp=lease`,
      headers: { "x-ms-lease-action": "break", "x-ms-lease-break-period": "0" },
    });
    await this.#store.call(store, {
      method: "DELETE",
      target,
      headers: { "x-ms-delete-snapshots": "include" },
    });
    if (former === undefined) return;
    const { body, tags } = former;
    const type = former.headers["x-ms-blob-type"];
    const [appends, pages] = [type === "AppendBlob", type === "PageBlob"];
    await this.#store.demand(store, {
      method: "PUT",
      target,
      headers: {
        ...writingHeaders(former.headers),
        ...(pages && { "x-ms-blob-content-length": body.length }),
      },
      ...(!appends && !pages && { body }),
    });
    for (let start = 0; pages && start < body.length; start += LARGEST_WRITE_BYTES) {
      const part = body.subarray(start, start + LARGEST_WRITE_BYTES);
      const range = `bytes=${start}-${start + part.length - 1}`;
      await this.#store.demand(store, {
        method: "PUT",
        target: `${target}?comp=page`,
        headers: { "x-ms-page-write": "update", "x-ms-range": range },
        body: part,
      });
    }
    if (appends && body.length > 0) {
      await this.#store.demand(store, {
        method: "PUT",
        target: `${target}?comp=appendblock`,
        body,
      });
    }
    if (tags) {
      await this.#store.demand(store, { method: "PUT", target: `${target}?comp=tags`, body: tags });
    }
  }

  #logOf(account: StorageAccount): ChangeLog {
    const log = this.#logs.get(account) ?? new ChangeLog();
    this.#logs.set(account, log);
    return log;
  }

  /** Nothing is out of step where there is no copy to be read. */
  #synced(account: StorageAccount): number {
    return lastSyncAt(account, this.#now()) ?? Infinity;
  }
}

/** By name, what the first of the changes has replaced. */
function formerOnes(
  changes: readonly Change[],
  container: string,
): ReadonlyMap<string, Former | undefined> {
  const found = new Map<string, Former | undefined>();
  for (const { blob, container: where, former } of changes) {
    if (blob !== undefined && where === container && !found.has(blob)) found.set(blob, former);
  }
  return found;
}

/** The headers that make a blob which is answered with these. */
export function writingHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const carried = ["type", "encoding", "language", "disposition"].map((part) => [
    `x-ms-blob-content-${part}`,
    headers[`content-${part}`],
  ]);
  const kept = Object.entries(headers).filter(
    ([name]) => name.startsWith("x-ms-meta-") || name === "x-ms-blob-type",
  );
  const md5 = headers["x-ms-blob-content-md5"] ?? headers["content-md5"];
  const all: (readonly [string, string | string[] | undefined])[] = [
    ...(carried as [string, string | undefined][]),
    ["x-ms-blob-cache-control", headers["cache-control"]],
    ["x-ms-blob-content-md5", md5],
    ...kept,
  ];
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

function encodePath(blob: string): string {
  return blob.split("/").map(encodeURIComponent).join("/");
}
