import { randomUUID } from "node:crypto";
import type { SecretDescription, Secrets, SecretVersion } from "../../src/azure/secrets.js";
import { restError } from "./memory-container.js";

interface StoredVersion extends SecretVersion, SecretDescription {
  readonly value: string;
}

interface StoredSecret {
  versions: StoredVersion[];
  deletedAt: string | undefined;
  managed: boolean;
}

/** Secrets of any vault in memory, with what the real service refuses; it counts what changes something. */
export class MemoryVaults implements Secrets {
  readonly #vaults = new Map<string, Map<string, StoredSecret>>();
  readonly changes: string[] = [];
  /** Thrown instead of doing a thing, by `verb name`, once each. */
  readonly failures = new Map<string, Error>();
  /** Called when a secret's backup has been taken. */
  afterBackup: (name: string) => void = () => undefined;
  /** What the clock of the vaults says, to the second. */
  now = "2026-11-22T10:00:00.000Z";
  pageSize = 3;

  put(
    vault: string,
    name: string,
    value: string,
    more: Partial<StoredVersion> & { managed?: boolean } = {},
  ): void {
    const { managed = false, ...description } = more;
    const found = this.#of(vault).get(name);
    const version: StoredVersion = {
      version: randomUUID().replaceAll("-", ""),
      createdAt: this.now,
      updatedAt: this.now,
      enabled: true,
      contentType: undefined,
      notBeforeAt: undefined,
      expiresAt: undefined,
      tags: {},
      value,
      ...description,
    };
    const versions = [...(found?.versions ?? []), version];
    this.#of(vault).set(name, { versions, deletedAt: undefined, managed });
  }

  delete(vault: string, name: string): void {
    this.#there(vault, name).deletedAt = this.now;
  }

  current(vault: string, name: string): string | undefined {
    const found = this.#of(vault).get(name);
    return found?.deletedAt === undefined ? found?.versions.at(-1)?.value : undefined;
  }

  async *pages(vault: string) {
    this.#turn("list", vault);
    const all = [...this.#of(vault)].flatMap(([name, { versions, deletedAt, managed }]) => {
      const latest = versions.at(-1);
      return latest === undefined || deletedAt !== undefined ? [] : [{ name, managed, ...latest }];
    });
    for (let at = 0; at < all.length; at += this.pageSize) {
      yield Promise.resolve(all.slice(at, at + this.pageSize));
    }
  }

  value(vault: string, name: string, wanted?: string) {
    return this.#do("value", name, () => {
      const found = this.#of(vault).get(name);
      if (found === undefined || found.deletedAt !== undefined) return undefined;
      const version =
        wanted === undefined
          ? found.versions.at(-1)
          : found.versions.find(({ version: each }) => each === wanted);
      if (version?.enabled === false) throw restError(403, "SecretDisabled");
      return version && { name, managed: found.managed, ...version };
    });
  }

  versions(vault: string, name: string) {
    return this.#do("versions", name, () => {
      const found = this.#of(vault).get(name);
      return found === undefined || found.deletedAt !== undefined ? [] : found.versions;
    });
  }

  set(vault: string, name: string, value: string, description: SecretDescription) {
    return this.#do("set", name, () => {
      this.changes.push(`set ${name}`);
      const { contentType, enabled, notBeforeAt, expiresAt, tags } = description;
      this.put(vault, name, value, { contentType, enabled, notBeforeAt, expiresAt, tags });
      return this.#there(vault, name).versions.at(-1)?.version ?? "";
    });
  }

  /** Other bytes each time, as the real one gives. */
  backup(vault: string, name: string) {
    return this.#do("backup", name, () => {
      const { versions, managed } = this.#there(vault, name);
      const nonce = randomUUID();
      const bytes = Buffer.from(JSON.stringify({ name, versions, managed, nonce }));
      this.afterBackup(name);
      return new Uint8Array(bytes);
    });
  }

  restore(vault: string, backup: Uint8Array) {
    const { name, versions, managed } = JSON.parse(Buffer.from(backup).toString()) as {
      name: string;
    } & StoredSecret;
    return this.#do("restore", name, () => {
      if (this.#of(vault).has(name)) throw restError(409, "Conflict");
      this.changes.push(`restore ${name}`);
      this.#of(vault).set(name, { versions, managed, deletedAt: undefined });
      return name;
    });
  }

  remove(vault: string, name: string) {
    return this.#do("remove", name, () => {
      this.delete(vault, name);
    });
  }

  async *deletedPages(vault: string) {
    const all = [...this.#of(vault)].flatMap(([name, { deletedAt }]) =>
      deletedAt === undefined ? [] : [{ name, deletedAt, purgesAt: undefined }],
    );
    yield Promise.resolve(all);
  }

  /** So many looks find a secret neither here nor there while it is being deleted. */
  looksWhileDeleting = 0;

  deleted(vault: string, name: string) {
    return this.#do("deleted", name, () => {
      const deletedAt = this.#of(vault).get(name)?.deletedAt;
      if (deletedAt === undefined || this.looksWhileDeleting-- > 0) return undefined;
      return { name, deletedAt, purgesAt: undefined };
    });
  }

  /** As the port has it, but for its type: a scratch vault can be had in one way alone. */
  purge({ uri }: { readonly uri: string }, name: string) {
    return this.#do("purge", name, () => {
      const found = this.#of(uri).get(name);
      if (found === undefined) return;
      if (found.deletedAt === undefined) throw restError(404, "SecretNotFound");
      this.changes.push(`purge ${name}`);
      this.#of(uri).delete(name);
    });
  }

  /** The names that a vault has, in soft deletion or not. */
  names(vault: string): readonly string[] {
    return [...this.#of(vault).keys()];
  }

  recover(vault: string, name: string) {
    return this.#do("recover", name, () => {
      this.changes.push(`recover ${name}`);
      this.#there(vault, name).deletedAt = undefined;
    });
  }

  #there(vault: string, name: string): StoredSecret {
    const found = this.#of(vault).get(name);
    if (found === undefined) throw restError(404, "SecretNotFound");
    return found;
  }

  #of(vault: string): Map<string, StoredSecret> {
    const found = this.#vaults.get(vault) ?? new Map<string, StoredSecret>();
    this.#vaults.set(vault, found);
    return found;
  }

  #turn(verb: string, name: string): void {
    const failure = this.failures.get(`${verb} ${name}`);
    this.failures.delete(`${verb} ${name}`);
    if (failure !== undefined) throw failure;
  }

  async #do<T>(verb: string, name: string, act: () => T): Promise<T> {
    this.#turn(verb, name);
    return Promise.resolve(act());
  }
}
