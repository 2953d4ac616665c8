import type { Effect } from "./exchange.js";

/** One request as the simulator saw it and what came of it. */
export interface LogEntry {
  readonly n: number;
  readonly at: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly status: number;
  readonly service: string;
  readonly operation: string;
  readonly mutating: boolean;
  readonly resource?: string;
  readonly effect?: Effect;
  readonly fault?: string;
}

/** The requests since start or reset, oldest first. */
export class RequestLog {
  readonly #entries: LogEntry[] = [];
  #next = 1;

  add(entry: Omit<LogEntry, "n">): LogEntry {
    const numbered = { n: this.#next++, ...entry };
    this.#entries.push(numbered);
    return numbered;
  }

  /** Entries after number `since`, all or only those that changed something, and the number to ask from next. */
  read(since: number, effectsOnly: boolean): { entries: LogEntry[]; next: number } {
    const entries = this.#entries.filter(
      ({ n, effect }) => n > since && (!effectsOnly || effect !== undefined),
    );
    return { entries, next: Math.max(since, this.#next - 1) };
  }

  /** Numbers go on, so that whoever remembers `next` from before a reset sees nothing twice. */
  clear(): void {
    this.#entries.length = 0;
  }
}

/** The query without signatures: a log is not a place for credentials. */
export function withoutSignatures(query: URLSearchParams): string {
  const shown = new URLSearchParams(query);
  for (const name of ["sig", "s", "c", "code"]) if (shown.has(name)) shown.set(name, "REDACTED");
  return shown.toString();
}
