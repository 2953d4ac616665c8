import type { IncomingHttpHeaders } from "node:http";

/** A blob as it was before it was changed. */
export interface Former {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Its tags as XML, where it had some. */
  readonly tags: Buffer | undefined;
}

export interface Change {
  readonly at: number;
  readonly container: string;
  /** Undefined where the container itself was made. */
  readonly blob: string | undefined;
  /** Undefined where there was none. */
  readonly former: Former | undefined;
}

const SPARE_ROOM = 1024;

/** The changes of an account, oldest first, found by blob without a search: there may be a hundred thousand. */
export class ChangeLog {
  #changes: Change[] = [];
  /** Those before are forgotten. */
  #start = 0;
  readonly #byName = new Map<string, Change[]>();

  add(change: Change): void {
    this.#changes.push(change);
    const name = nameOf(change);
    const others = this.#byName.get(name);
    if (others) others.push(change);
    else this.#byName.set(name, [change]);
  }

  forgetUntil(instant: number): void {
    for (;;) {
      const oldest = this.#changes[this.#start];
      if (oldest === undefined || oldest.at > instant) break;
      this.#start += 1;
      const name = nameOf(oldest);
      const left = this.#byName.get(name)?.slice(1) ?? [];
      if (left.length === 0) this.#byName.delete(name);
      else this.#byName.set(name, left);
    }
    if (this.#start > SPARE_ROOM && this.#start > this.#changes.length / 2) {
      this.#changes = this.#changes.slice(this.#start);
      this.#start = 0;
    }
  }

  forgetContainer(container: string): void {
    const kept = this.#changes
      .slice(this.#start)
      .filter((change) => change.container !== container);
    this.#changes = [];
    this.#start = 0;
    this.#byName.clear();
    for (const change of kept) this.add(change);
  }

  since(instant: number): Change[] {
    return this.#changes.slice(this.#start).filter(({ at }) => at > instant);
  }

  /** The first change of a blob after an instant, which knows what was there at that instant. */
  firstSince(instant: number, container: string, blob?: string): Change | undefined {
    return this.#byName.get(nameOf({ container, blob }))?.find(({ at }) => at > instant);
  }
}

function nameOf({ container, blob }: Pick<Change, "container" | "blob">): string {
  return blob === undefined ? container : `${container}/${blob}`;
}
