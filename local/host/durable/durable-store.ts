import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import type { HistoryEvent, ParentInstance } from "./history-event.js";
import {
  type Instance,
  isTerminal,
  type Message,
  type QueuedMessage,
  RUNTIME_STATUSES,
  type RuntimeStatus,
  type ScheduledActivity,
  type ScheduledTimer,
} from "./instance.js";

/** The hub is a column, so that another hubName in host.json sees other instances, as it does in Azure. */
export const DURABLE_SCHEMA = `
  CREATE TABLE instances (
    hub TEXT NOT NULL, id TEXT NOT NULL, execution_id TEXT NOT NULL, name TEXT NOT NULL, version TEXT,
    status TEXT NOT NULL, input TEXT, output TEXT, custom_status TEXT, custom_status_by TEXT,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, generation INTEGER, parent TEXT,
    followed_up TEXT NOT NULL, waits_for_event INTEGER NOT NULL,
    PRIMARY KEY (hub, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE history (
    hub TEXT NOT NULL, instance_id TEXT NOT NULL, position INTEGER NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (hub, instance_id, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE messages (
    sequence INTEGER PRIMARY KEY, hub TEXT NOT NULL, instance_id TEXT NOT NULL, message TEXT NOT NULL
  ) STRICT;
  CREATE INDEX messages_of_instance ON messages (hub, instance_id);
  CREATE TABLE activities (
    hub TEXT NOT NULL, instance_id TEXT NOT NULL, execution_id TEXT NOT NULL, task_number INTEGER NOT NULL,
    name TEXT NOT NULL, input TEXT,
    PRIMARY KEY (hub, instance_id, execution_id, task_number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE timers (
    hub TEXT NOT NULL, instance_id TEXT NOT NULL, execution_id TEXT NOT NULL, task_number INTEGER NOT NULL,
    fire_at INTEGER NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY (hub, instance_id, execution_id, task_number)
  ) STRICT, WITHOUT ROWID`;

export interface InstanceFilter {
  readonly prefix: string;
  readonly createdFromMs: number | undefined;
  readonly createdToMs: number | undefined;
  /** Empty: any. */
  readonly statuses: readonly RuntimeStatus[];
}

const OPEN_STATUSES = RUNTIME_STATUSES.filter((status) => !isTerminal(status));

type Row = Readonly<Record<string, SQLOutputValue>>;

/**
 * The SQL of one task hub. Every method is a statement or a few; it is the caller's business to put those that belong
 * together into one transaction (GroupCommit).
 */
export class DurableStore {
  readonly #database: DatabaseSync;
  readonly #hub: string;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, hub: string) {
    this.#database = database;
    this.#hub = hub;
  }

  instance(id: string): Instance | undefined {
    const row = this.#sql("SELECT * FROM instances WHERE hub = ? AND id = ?").get(this.#hub, id);
    return row === undefined ? undefined : instanceOf(row);
  }

  /** Instances that are not finished: what a host continues when it starts. */
  unfinished(): readonly Instance[] {
    return this.#sql(
      `SELECT * FROM instances WHERE hub = ? AND status IN (${marks(OPEN_STATUSES.length)})`,
    )
      .all(this.#hub, ...OPEN_STATUSES)
      .map(instanceOf);
  }

  /** Instances in the order of their ids, from `fromId` on. */
  list(filter: InstanceFilter, fromId: string, limit: number): readonly Instance[] {
    const { where, values } = this.#condition(filter);
    return this.#sql(`SELECT * FROM instances WHERE ${where} AND id >= ? ORDER BY id LIMIT ?`)
      .all(...values, fromId, limit)
      .map(instanceOf);
  }

  idsOf(filter: InstanceFilter): readonly string[] {
    const { where, values } = this.#condition(filter);
    return this.#sql(`SELECT id FROM instances WHERE ${where}`)
      .all(...values)
      .map((row) => text(row["id"]));
  }

  saveInstance(instance: Instance): void {
    this.#sql(`INSERT OR REPLACE INTO instances VALUES (${marks(16)})`).run(
      this.#hub,
      instance.id,
      instance.executionId,
      instance.name,
      instance.version,
      instance.status,
      instance.input,
      instance.output,
      instance.customStatus,
      instance.customStatusBy,
      instance.createdAtMs,
      instance.updatedAtMs,
      instance.generation,
      instance.parent === null ? null : JSON.stringify(instance.parent),
      JSON.stringify(instance.followedUp),
      instance.waitsForEvent ? 1 : 0,
    );
  }

  /** Forgets an instance and all that belongs to it. */
  deleteInstance(id: string): void {
    this.#sql("DELETE FROM instances WHERE hub = ? AND id = ?").run(this.#hub, id);
    this.#sql("DELETE FROM messages WHERE hub = ? AND instance_id = ?").run(this.#hub, id);
    this.deleteExecution(id);
  }

  /** Forgets what an execution has done and scheduled; messages for the instance stay. */
  deleteExecution(id: string): void {
    for (const table of ["history", "activities", "timers"]) {
      this.#sql(`DELETE FROM ${table} WHERE hub = ? AND instance_id = ?`).run(this.#hub, id);
    }
  }

  history(id: string): readonly HistoryEvent[] {
    return this.#sql(
      "SELECT event FROM history WHERE hub = ? AND instance_id = ? ORDER BY position",
    )
      .all(this.#hub, id)
      .map((row) => JSON.parse(text(row["event"])) as HistoryEvent);
  }

  appendHistory(id: string, position: number, events: readonly string[]): void {
    for (const [index, event] of events.entries()) {
      this.#sql("INSERT INTO history VALUES (?, ?, ?, ?)").run(
        this.#hub,
        id,
        position + index,
        event,
      );
    }
  }

  lastSequence(): number {
    return Number(this.#sql("SELECT max(sequence) AS last FROM messages").get()?.["last"] ?? 0);
  }

  messages(): readonly (QueuedMessage & { readonly instanceId: string })[] {
    return this.#sql("SELECT * FROM messages WHERE hub = ? ORDER BY sequence")
      .all(this.#hub)
      .map((row) => ({
        sequence: Number(row["sequence"]),
        instanceId: text(row["instance_id"]),
        message: JSON.parse(text(row["message"])) as Message,
      }));
  }

  /** Forgets messages for instances that have ended meanwhile. */
  deleteOrphanedMessages(): void {
    this.#sql(
      `DELETE FROM messages WHERE hub = ? AND instance_id NOT IN
         (SELECT id FROM instances WHERE hub = ? AND status IN (${marks(OPEN_STATUSES.length)}))`,
    ).run(this.#hub, this.#hub, ...OPEN_STATUSES);
  }

  addMessage(instanceId: string, { sequence, message }: QueuedMessage): void {
    this.#sql("INSERT INTO messages VALUES (?, ?, ?, ?)").run(
      sequence,
      this.#hub,
      instanceId,
      JSON.stringify(message),
    );
  }

  deleteMessage(sequence: number): void {
    this.#sql("DELETE FROM messages WHERE sequence = ?").run(sequence);
  }

  activities(): readonly ScheduledActivity[] {
    return this.#sql("SELECT * FROM activities WHERE hub = ? ORDER BY instance_id, task_number")
      .all(this.#hub)
      .map((row) => ({
        instanceId: text(row["instance_id"]),
        executionId: text(row["execution_id"]),
        taskNumber: Number(row["task_number"]),
        name: text(row["name"]),
        input: textOrNull(row["input"]),
      }));
  }

  addActivity(activity: ScheduledActivity): void {
    this.#sql("INSERT INTO activities VALUES (?, ?, ?, ?, ?, ?)").run(
      this.#hub,
      activity.instanceId,
      activity.executionId,
      activity.taskNumber,
      activity.name,
      activity.input,
    );
  }

  deleteActivity(activity: ScheduledActivity): void {
    this.#sql(
      "DELETE FROM activities WHERE hub = ? AND instance_id = ? AND execution_id = ? AND task_number = ?",
    ).run(this.#hub, activity.instanceId, activity.executionId, activity.taskNumber);
  }

  timers(): readonly ScheduledTimer[] {
    return this.#sql("SELECT * FROM timers WHERE hub = ?")
      .all(this.#hub)
      .map((row) => ({
        instanceId: text(row["instance_id"]),
        executionId: text(row["execution_id"]),
        taskNumber: Number(row["task_number"]),
        fireAtMs: Number(row["fire_at"]),
        createdAtMs: Number(row["created_at"]),
      }));
  }

  addTimer(timer: ScheduledTimer): void {
    this.#sql("INSERT INTO timers VALUES (?, ?, ?, ?, ?, ?)").run(
      this.#hub,
      timer.instanceId,
      timer.executionId,
      timer.taskNumber,
      timer.fireAtMs,
      timer.createdAtMs,
    );
  }

  deleteTimer(timer: Omit<ScheduledTimer, "fireAtMs" | "createdAtMs">): void {
    this.#sql(
      "DELETE FROM timers WHERE hub = ? AND instance_id = ? AND execution_id = ? AND task_number = ?",
    ).run(this.#hub, timer.instanceId, timer.executionId, timer.taskNumber);
  }

  /** Forgets what could still have continued an instance that has ended. */
  deleteWaiting(instanceId: string): void {
    for (const table of ["timers", "messages"]) {
      this.#sql(`DELETE FROM ${table} WHERE hub = ? AND instance_id = ?`).run(
        this.#hub,
        instanceId,
      );
    }
  }

  #condition(filter: InstanceFilter): {
    readonly where: string;
    readonly values: readonly SQLInputValue[];
  } {
    const parts = ["hub = ?", "substr(id, 1, length(?)) = ?"];
    const values: SQLInputValue[] = [this.#hub, filter.prefix, filter.prefix];
    if (filter.createdFromMs !== undefined) {
      parts.push("created_at >= ?");
      values.push(filter.createdFromMs);
    }
    if (filter.createdToMs !== undefined) {
      parts.push("created_at <= ?");
      values.push(filter.createdToMs);
    }
    if (filter.statuses.length > 0) {
      parts.push(`status IN (${marks(filter.statuses.length)})`);
      values.push(...filter.statuses);
    }
    return { where: parts.join(" AND "), values };
  }

  #sql(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function instanceOf(row: Row): Instance {
  const parent = textOrNull(row["parent"]);
  return {
    id: text(row["id"]),
    executionId: text(row["execution_id"]),
    name: text(row["name"]),
    version: textOrNull(row["version"]),
    status: text(row["status"]) as RuntimeStatus,
    input: textOrNull(row["input"]),
    output: textOrNull(row["output"]),
    customStatus: textOrNull(row["custom_status"]),
    customStatusBy: textOrNull(row["custom_status_by"]),
    createdAtMs: Number(row["created_at"]),
    updatedAtMs: Number(row["updated_at"]),
    generation: row["generation"] === null ? null : Number(row["generation"]),
    parent: parent === null ? null : (JSON.parse(parent) as ParentInstance),
    followedUp: JSON.parse(text(row["followed_up"])) as number[],
    waitsForEvent: row["waits_for_event"] === 1,
  };
}

function text(value: SQLOutputValue | undefined): string {
  if (typeof value !== "string") throw new Error("a column that must hold text does not");
  return value;
}

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null || value === undefined ? null : text(value);
}

function marks(count: number): string {
  return Array<string>(count).fill("?").join(", ");
}
