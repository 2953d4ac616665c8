import type { Environment } from "../../src/domain/estate.js";
import { KeeperLink } from "../clock/keeper-link.js";
import type { Stack } from "../stack/stack.js";
import { entryOf } from "./entry.js";
import type { StoreLoss } from "./losses.js";
import { simulatedHosts, type CallHost } from "./simulated-hosts.js";

/** Between two records, on the shared clock. */
const intervalMs = 60_000;
/** Real time that a record may hold the clock up. */
const longestWriteMs = 2_000;

/**
 * A user who writes numbered records through the entry that users have, all the time. It takes part in
 * the shared clock: a skip stops when the next record is due, and goes on when it was answered or not.
 */
export class Writer {
  readonly #stack: Stack;
  readonly #environment: Environment;
  readonly #call: CallHost;
  readonly #link: KeeperLink;
  readonly #acknowledged: string[] = [];
  #offset = 0;
  #made = 0;
  #due = 0;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(stack: Stack, environment: Environment) {
    this.#stack = stack;
    this.#environment = environment;
    this.#call = simulatedHosts(stack.simulatorReady);
    this.#link = new KeeperLink(stack.simulatorReady.env["CLOCK_ADDRESS"] ?? "", {
      take: (offset) => (this.#offset = Math.max(this.#offset, offset)),
      act: () => {
        this.#writeIfDue();
      },
    });
  }

  /** Resolves when the first record has been written, or could not be. */
  async begin(): Promise<void> {
    await this.#link.connected();
    this.#writeIfDue();
    await this.#writing;
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Writes no more, and reads back what was acknowledged. */
  async end(): Promise<StoreLoss> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#writing;
    this.#link.close();
    return this.#readBack();
  }

  #now(): number {
    return Date.now() + this.#offset;
  }

  #writeIfDue(): void {
    clearTimeout(this.#timer);
    if (this.#ended || this.#writing !== undefined) return;
    const left = this.#due - this.#now();
    if (left > 0) {
      // Where nothing is skipped it becomes due by itself, and what is overdue would let nothing be skipped.
      this.#timer = setTimeout(() => {
        this.#writeIfDue();
      }, left).unref();
      return;
    }
    // Said before this turn is over, so that the clock stands while the record is under way.
    this.#link.say({ kind: "busy" });
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
      this.#due = this.#now() + intervalMs;
      this.#link.say({ kind: "idle", until: this.#ended ? null : this.#due });
      this.#writeIfDue();
    });
  }

  async #write(): Promise<void> {
    const id = String(++this.#made).padStart(6, "0");
    const at = new Date(this.#now()).toISOString();
    const host = entryOf(await this.#stack.simulator.state(), this.#environment);
    if (host === undefined) return;
    const answer = await this.#call({
      method: "PUT",
      host,
      path: `/records/${id}`,
      body: `record ${id} of ${at}`,
      withinMs: longestWriteMs,
    });
    if (answer?.status === 201) this.#acknowledged.push(id);
  }

  async #readBack(): Promise<StoreLoss> {
    const written = { attempted: this.#made, acknowledged: this.#acknowledged.length };
    const host = entryOf(await this.#stack.simulator.state(), this.#environment);
    const answer =
      host === undefined
        ? undefined
        : await this.#call({ method: "GET", host, path: "/records", withinMs: 30_000 });
    if (answer?.status !== 200) return { ...written, unread: "the app does not serve" };
    const listed = JSON.parse(answer.text) as Record<"storage" | "redis", { ids: string[] }>;
    const goneFrom = (store: "storage" | "redis"): readonly string[] => {
      const there = new Set(listed[store].ids);
      return this.#acknowledged.filter((id) => !there.has(id));
    };
    return { ...written, gone: { storage: goneFrom("storage"), redis: goneFrom("redis") } };
  }
}
