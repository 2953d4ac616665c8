import {
  slowPartsFact,
  type BackupItem,
  type BackupManifest,
  type BackupSource,
} from "../domain/backup.js";
import type { Instant } from "../domain/instant.js";
import type { Backups } from "../state/backups.js";

/**
 * Walks through the items of an earlier set beside a listing in the same order, so that one part of
 * them is held at a time, however many there are. Where the two orders differ a copy is made again,
 * and nothing is lost.
 */
export class BaseItems {
  readonly #store: Backups;
  readonly #manifest: BackupManifest;
  #at: number;
  #items: readonly BackupItem[] | undefined;
  #unsorted: ReadonlyMap<string, BackupItem> | undefined;

  private constructor(store: Backups, manifest: BackupManifest, at: number) {
    this.#store = store;
    this.#manifest = manifest;
    this.#at = at;
  }

  /** Undefined where the set can no longer be used; everything is copied then. */
  static async open(
    store: Backups,
    base: BackupSource & { readonly set: string; readonly part: number },
    now: Instant,
  ): Promise<BaseItems | undefined> {
    const found = await store.read(base.set, base, now);
    return found.kind === "usable" ? new BaseItems(store, found.manifest, base.part) : undefined;
  }

  /** The part that is read next; a later activity goes on there. */
  get at(): number {
    return this.#at;
  }

  /** The items of these names, which are in order and come after those that were asked for before. */
  async among(names: readonly string[]): Promise<ReadonlyMap<string, BackupItem>> {
    const found = new Map<string, BackupItem>();
    const last = names.at(-1);
    if (last === undefined) return found;
    const wanted = new Set(names);
    for (const [name, item] of await this.#unsortedItems()) {
      if (wanted.has(name)) found.set(name, item);
    }
    for (; this.#at < this.#sortedParts; this.#at++, this.#items = undefined) {
      this.#items ??= await this.#part(this.#at);
      for (const item of this.#items) if (wanted.has(item.name)) found.set(item.name, item);
      const end = this.#items.at(-1);
      if (end !== undefined && comesAfter(end.name, last)) break;
    }
    return found;
  }

  get #slowParts(): number {
    return Number(this.#manifest.facts[slowPartsFact] ?? 0);
  }

  /** How many parts are in the order of names: those of large blobs, at the end, are not. */
  get #sortedParts(): number {
    const { parts } = this.#manifest;
    return parts.length === 0 ? 0 : parts.length - this.#slowParts;
  }

  /** What is held as a whole, in no order: large blobs, and a short set, which has both in its manifest. */
  async #unsortedItems(): Promise<ReadonlyMap<string, BackupItem>> {
    if (this.#unsorted !== undefined) return this.#unsorted;
    const { items, parts } = this.#manifest;
    const unsorted = new Map(items.map((item) => [item.name, item]));
    for await (const part of this.#store.listedIn(parts.slice(this.#sortedParts))) {
      for (const item of part) unsorted.set(item.name, item);
    }
    this.#unsorted = unsorted;
    return unsorted;
  }

  async #part(nth: number): Promise<readonly BackupItem[]> {
    const items: BackupItem[] = [];
    for await (const part of this.#store.listedIn(this.#manifest.parts.slice(nth, nth + 1))) {
      items.push(...part);
    }
    return items;
  }
}

/** The order of `container/path`: by container, then as Azure lists, by the code of each character. */
function comesAfter(name: string, other: string): boolean {
  const [container, path] = split(name);
  const [otherContainer, otherPath] = split(other);
  return container === otherContainer ? path > otherPath : container > otherContainer;
}

function split(name: string): readonly [string, string] {
  const end = name.indexOf("/");
  return [name.slice(0, end), name.slice(end + 1)];
}
