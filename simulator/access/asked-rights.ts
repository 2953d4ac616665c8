import type { Demand } from "./authorize.js";

/** A right that somebody needed for something, whether he had it or not. */
export type AskedRight = Pick<Demand, "principalId" | "plane" | "action" | "scope">;

/** Every right that anybody needed since the start; a reset forgets none. */
export class AskedRights {
  readonly #rights = new Map<string, AskedRight>();

  add({ principalId, plane, action, scope: full }: AskedRight): void {
    // What lies within a resource, such as a secret or a container, is reached through the resource.
    const scope = full.split("/").slice(0, 9).join("/");
    const key = [principalId, plane, action, scope].join(" ").toLowerCase();
    if (!this.#rights.has(key)) this.#rights.set(key, { principalId, plane, action, scope });
  }

  list(): readonly AskedRight[] {
    return [...this.#rights.values()];
  }
}
