import { sha256 } from "../state/hash.js";

/**
 * A random sample that is the same however often it is asked for: those whose names, hashed with the
 * run's id, come first. Another run draws another one.
 */
export class Sample<Item> {
  readonly #run: string;
  readonly #most: number;
  #chosen: { readonly rank: string; readonly item: Item }[] = [];

  constructor(run: string, most: number) {
    this.#run = run;
    this.#most = most;
  }

  offer(name: string | Uint8Array, item: Item): void {
    this.#chosen.push({ rank: rankOf(this.#run, name), item });
    // Sorting now and then keeps a long list short without sorting it for each.
    if (this.#chosen.length >= 2 * this.#most + 64) this.#cut();
  }

  /** In the order of their hashes, which says nothing about them. */
  items(): readonly Item[] {
    this.#cut();
    return this.#chosen.map(({ item }) => item);
  }

  #cut(): void {
    this.#chosen.sort((one, other) => (one.rank < other.rank ? -1 : 1));
    this.#chosen = this.#chosen.slice(0, this.#most);
  }
}

/** Where a name stands in the order that a run's id makes. */
export const rankOf = (run: string, name: string | Uint8Array): string =>
  sha256(Buffer.concat([Buffer.from(`${run}\n`), Buffer.from(name)]));
