import type { DatabaseSync } from "node:sqlite";

export const TIMER_SCHEMA = `
  CREATE TABLE timer_status (
    name TEXT PRIMARY KEY, schedule TEXT NOT NULL, last INTEGER, next INTEGER NOT NULL, updated INTEGER
  ) STRICT, WITHOUT ROWID`;

/** When a monitored timer function last ran and is due next; what tells a start that one was missed. */
export interface TimerStatus {
  readonly schedule: string;
  readonly lastMs: number | null;
  readonly nextMs: number;
  readonly updatedMs: number | null;
}

export class TimerStatusStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  read(name: string): TimerStatus | undefined {
    const row = this.#database.prepare("SELECT * FROM timer_status WHERE name = ?").get(name);
    if (row === undefined) return undefined;
    return {
      schedule: String(row["schedule"]),
      lastMs: row["last"] === null ? null : Number(row["last"]),
      nextMs: Number(row["next"]),
      updatedMs: row["updated"] === null ? null : Number(row["updated"]),
    };
  }

  write(name: string, status: TimerStatus): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO timer_status VALUES (?, ?, ?, ?, ?)")
      .run(name, status.schedule, status.lastMs, status.nextMs, status.updatedMs);
  }
}
