import type { DatabaseSync } from "node:sqlite";

/**
 * Writes to the database in the order they were asked for, all that come up in one turn of the event loop in one
 * transaction. Callers act on a change when its promise resolves: then it outlives the process.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #onFailure: (error: unknown) => void;
  #changes: (() => void)[] = [];
  #batch = new Batch();

  /** After `onFailure` memory and disk disagree: the process must end, the disk is right. */
  constructor(database: DatabaseSync, onFailure: (error: unknown) => void) {
    this.#database = database;
    this.#onFailure = onFailure;
  }

  get pending(): boolean {
    return this.#changes.length > 0;
  }

  write(change: () => void): Promise<void> {
    if (this.#changes.length === 0) {
      setImmediate(() => {
        this.flush();
      });
    }
    this.#changes.push(change);
    return this.#batch.committed;
  }

  /** Commits what waits, now: for readers that must not see what could still be lost. */
  flush(): void {
    if (this.#changes.length === 0) return;
    const changes = this.#changes;
    const batch = this.#batch;
    this.#changes = [];
    this.#batch = new Batch();
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const change of changes) change();
      this.#database.exec("COMMIT");
    } catch (error) {
      // The promise of a lost batch stays open, so that nobody acts on it.
      this.#onFailure(error);
      return;
    }
    batch.resolve();
  }
}

class Batch {
  readonly committed: Promise<void>;
  #resolve: () => void = () => undefined;

  constructor() {
    this.committed = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  resolve(): void {
    this.#resolve();
  }
}
