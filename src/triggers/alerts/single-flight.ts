/**
 * Lets one of several equal calls do the work while the others wait for what it brings. Only saves
 * work: which of two processes wins is decided in the state store.
 */
export class SingleFlight<T> {
  readonly #underWay = new Map<string, Promise<T>>();

  /** Does the work, or takes part in the same work that is under way; `joined` says which. */
  async do(key: string, work: () => Promise<T>): Promise<{ result: T; joined: boolean }> {
    const standing = this.#underWay.get(key);
    if (standing !== undefined) return { result: await standing, joined: true };
    const begun = work();
    this.#underWay.set(key, begun);
    try {
      return { result: await begun, joined: false };
    } finally {
      this.#underWay.delete(key);
    }
  }
}
