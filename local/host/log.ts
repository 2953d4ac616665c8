import type { LogLevel } from "./worker/rpc.js";

const LEVELS: readonly LogLevel[] = [
  "trace",
  "debug",
  "information",
  "warning",
  "error",
  "critical",
  "none",
];

/** Minimum levels by category prefix, as `logging.logLevel` of host.json gives them; `default` for the rest. */
export type LogLevels = Readonly<Record<string, LogLevel>>;

/** The host's log: one line an entry on standard error, filtered as host.json says. */
export class Log {
  readonly #levels: LogLevels;
  readonly #sink: (line: string) => void;

  constructor(levels: LogLevels, sink: (line: string) => void) {
    this.#levels = levels;
    this.#sink = sink;
  }

  information(category: string, message: string): void {
    this.write("information", category, message);
  }

  warning(category: string, message: string): void {
    this.write("warning", category, message);
  }

  error(category: string, message: string): void {
    this.write("error", category, message);
  }

  write(level: LogLevel, category: string, message: string): void {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(this.#minimum(category))) return;
    this.#sink(`${new Date().toISOString()} ${level} ${category}: ${message}\n`);
  }

  #minimum(category: string): LogLevel {
    let best = "";
    for (const prefix of Object.keys(this.#levels)) {
      if (category.startsWith(prefix) && prefix.length > best.length) best = prefix;
    }
    return this.#levels[best] ?? this.#levels["default"] ?? "information";
  }
}

/** Reads a level as host.json may spell it; undefined for what is none. */
export function parseLogLevel(text: string): LogLevel | undefined {
  return LEVELS.find((level) => level === text.toLowerCase());
}
