import { SecretThrottling } from "./secret-throttling.js";
import type { DeletedVault, Vault } from "./state.js";

/** Every key vault of the simulated Azure. Names are global, and those in soft deletion are taken too. */
export class Vaults {
  /** By name in lower case. */
  readonly live = new Map<string, Vault>();
  readonly deleted = new Map<string, DeletedVault>();
  readonly throttling = new SecretThrottling();
  readonly #listeners: (() => void)[] = [];

  get(name: string): Vault | undefined {
    return this.live.get(name.toLowerCase());
  }

  getDeleted(name: string): DeletedVault | undefined {
    return this.deleted.get(name.toLowerCase());
  }

  isTaken(name: string): boolean {
    return this.get(name) !== undefined || this.getDeleted(name) !== undefined;
  }

  /** To be called after every change that somebody who reads a secret may notice. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  clear(): void {
    this.live.clear();
    this.deleted.clear();
    this.throttling.clear();
  }
}
