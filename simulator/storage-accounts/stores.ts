/** What a subscription may have of accounts in a region without asking for more; there are so many stores. */
const SPARE = 250;

/**
 * Which account of Azurite keeps the blobs of which storage account. Azurite is told its accounts when it starts and
 * looks again once a minute of its own, so an account that is made at run time could not be used when ARM says that
 * it is there, and a restart of Azurite would break the calls of everybody else. So it starts with the accounts of
 * the first seed under their own names, where a kept folder finds them again, and with spare ones that cost nothing
 * until a storage account takes one. What has been used once is not handed out again before a reset has emptied it.
 */
export class Stores {
  readonly #own: ReadonlySet<string>;
  readonly #spare: readonly string[];
  readonly #taken = new Set<string>();

  constructor(own: Iterable<string>) {
    this.#own = new Set(own);
    this.#spare = Array.from({ length: SPARE }, (_, index) => `spare${index + 1}`).filter(
      (name) => !this.#own.has(name),
    );
  }

  /** What Azurite is started with. */
  names(): readonly string[] {
    return [...this.#own, ...this.#spare];
  }

  /** Undefined where all are in use. */
  take(account: string): string | undefined {
    const store =
      this.#own.has(account) && !this.#taken.has(account)
        ? account
        : this.#spare.find((name) => !this.#taken.has(name));
    if (store !== undefined) this.#taken.add(store);
    return store;
  }

  /** What may hold something. */
  taken(): readonly string[] {
    return [...this.#taken];
  }

  isSpare(store: string): boolean {
    return !this.#own.has(store);
  }

  releaseAll(): void {
    this.#taken.clear();
  }
}
