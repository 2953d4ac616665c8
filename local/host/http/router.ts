import type { AppFunction, HttpFunction } from "../function-catalog.js";

export interface RouteMatch {
  readonly target: HttpFunction;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Finds the function for a request. Templates are tried in the alphabetical order of the functions' names and the first
 * that matches wins, however specific the others are: so does the real host.
 */
export class Router {
  readonly #functions: readonly HttpFunction[];

  constructor(functions: readonly AppFunction[]) {
    this.#functions = functions
      .filter((candidate) => candidate.kind === "http")
      .sort((a, b) => a.name.localeCompare(b.name, "en"));
  }

  find(method: string, path: string): RouteMatch | undefined {
    for (const target of this.#functions) {
      if (!target.methods.includes(method)) continue;
      const params = target.template.match(path);
      if (params !== undefined) return { target, params };
    }
    return undefined;
  }
}
