import { guidFrom } from "../world/names.js";

/** One version of a secret. Its value never leaves this process but in an answer to whoever may read it. */
export interface SecretVersion {
  readonly id: string;
  readonly value: string;
  readonly createdAt: number;
  updatedAt: number;
  contentType: string | undefined;
  tags: Readonly<Record<string, string>> | undefined;
  enabled: boolean;
  /** Seconds since 1970, as the service stores them. */
  notBefore: number | undefined;
  expires: number | undefined;
}

/** Deletion, recovery and purge go on for a while after they were accepted. */
type SecretState = "active" | "deleting" | "deleted" | "recovering" | "purging";

export interface Secret {
  /** As it was first spelled; names are compared without regard to case. */
  readonly name: string;
  /** Backed by a certificate of the same name, which alone may change it. */
  readonly managed: boolean;
  /** Oldest first; there is always one. */
  readonly versions: SecretVersion[];
  state: SecretState;
  deletedAt: number;
  purgesAt: number;
}

export function latest({ versions }: Secret): SecretVersion {
  const last = versions.at(-1);
  if (last === undefined) throw new Error("a secret has no version");
  return last;
}

/** The secrets of one vault, soft-deleted ones among them. */
export class Secrets {
  readonly #byName = new Map<string, Secret>();
  /** In the order of lists; made anew when it is asked for after a change. */
  #ordered: readonly Secret[] | undefined;

  get(name: string): Secret | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  put(secret: Secret): void {
    this.#byName.set(secret.name.toLowerCase(), secret);
    this.#ordered = undefined;
  }

  remove({ name }: Secret): void {
    this.#byName.delete(name.toLowerCase());
    this.#ordered = undefined;
  }

  /** All of them by name, whatever state they are in. */
  inOrder(): readonly Secret[] {
    this.#ordered ??= [...this.#byName.values()].sort((a, b) => compare(a.name, b.name));
    return this.#ordered;
  }
}

/** How lists are sorted: by the name in upper case. */
export function compare(a: string, b: string): number {
  const [first, second] = [a.toUpperCase(), b.toUpperCase()];
  return first < second ? -1 : first > second ? 1 : 0;
}

/** An id for the next version of a secret: 32 hex digits that follow from the story. */
export function versionId(vaultId: string, name: string, ordinal: number, at: number): string {
  return guidFrom(vaultId, name, ordinal, at).replaceAll("-", "");
}
