import type { SecureContext } from "node:tls";
import { log } from "../server/log.js";
import type { Timeline } from "../world/timeline.js";
import type { BlobClient } from "./blob-client.js";
import { type CommandFate, Endpoint } from "./endpoint.js";
import { RedisProcesses } from "./processes.js";
import { Replication, type ReplicationOptions } from "./replication.js";
import { Store, type StoreSettings } from "./store.js";

/** A port must be there when a cache is created, and is had only after a while; a cluster takes up to ten. */
const SPARE_ENDPOINTS = 12;

/** What the data plane of caches is told by the rest of the simulator. */
export interface Surroundings {
  readonly context: SecureContext;
  readonly blobs: BlobClient;
  fateOf(target: CommandTarget): CommandFate | undefined;
  refused(target: CommandTarget, why: string): void;
}

export interface CommandTarget {
  readonly command: string;
  readonly resource: string;
  readonly region: string;
}

/** The redis-servers, ports and replications of all caches, and what is being done with them right now. */
export class RedisServers {
  readonly #timeline: Timeline;
  readonly #processes = new RedisProcesses();
  readonly #spare: Endpoint[] = [];
  readonly #endpoints = new Set<Endpoint>();
  readonly #stores = new Set<Store>();
  readonly #replications = new Set<Replication>();
  readonly #work = new Set<Promise<unknown>>();
  #surroundings: Surroundings | undefined;
  #open = false;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Whether this machine has a redis-server; without one no cache can be connected to. */
  get available(): boolean {
    return this.#processes.binary !== undefined;
  }

  get surroundings(): Surroundings | undefined {
    return this.#surroundings;
  }

  /** To be called once, before anybody can connect. */
  settle(surroundings: Surroundings): void {
    this.#surroundings = surroundings;
  }

  /** An address that is nobody's yet. */
  endpoint(): Endpoint {
    const made = this.#spare.shift() ?? this.#newEndpoint();
    this.#keepSpares();
    return made;
  }

  store(settings: StoreSettings): Store {
    const made = new Store(this.#processes, settings);
    this.#stores.add(made);
    return made;
  }

  replication(options: Omit<ReplicationOptions, "timeline">): Replication {
    const made = new Replication({ ...options, timeline: this.#timeline });
    this.#replications.add(made);
    return made;
  }

  discard(...gone: readonly (Endpoint | Store | Replication)[]): void {
    for (const one of gone) {
      one.close();
      if (one instanceof Endpoint) this.#endpoints.delete(one);
      else if (one instanceof Store) this.#stores.delete(one);
      else this.#replications.delete(one);
    }
  }

  /** Work that the clock must not run away from. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work);
    const done = (): void => {
      this.#work.delete(work);
    };
    work.then(done, done);
    return work;
  }

  /** The same for work that nobody waits for; a failure is for the log. */
  inBackground(what: string, work: Promise<unknown>): void {
    this.track(work).catch((error: unknown) => {
      log(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  working(): number {
    return this.#work.size;
  }

  /** Resolves when nothing is being done. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }

  /** Resolves when so many addresses have their ports; from then on some more are kept ready. */
  async prepare(addresses: number): Promise<void> {
    this.#open = true;
    this.#keepSpares(addresses + SPARE_ENDPOINTS);
    await Promise.all(this.#spare.map((endpoint) => endpoint.open()));
  }

  /** Ends everything that belongs to a cache. */
  clear(): void {
    this.discard(
      ...this.#replications,
      ...this.#stores,
      ...[...this.#endpoints].filter((endpoint) => !this.#spare.includes(endpoint)),
    );
  }

  async close(): Promise<void> {
    this.discard(...this.#replications, ...this.#stores, ...this.#endpoints);
    await this.#processes.close();
  }

  #keepSpares(wanted = SPARE_ENDPOINTS): void {
    while (this.#open && this.#spare.length < wanted) this.#spare.push(this.#newEndpoint());
  }

  #newEndpoint(): Endpoint {
    const made = new Endpoint(() => {
      if (this.#surroundings) return this.#surroundings.context;
      throw new Error("the data plane of caches has not been settled");
    });
    this.#endpoints.add(made);
    if (this.#open) {
      made.open().catch((error: unknown) => {
        log(`no port for a cache: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
    return made;
  }
}
