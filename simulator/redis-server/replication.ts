import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as realDelay } from "node:timers/promises";
import { log } from "../server/log.js";
import type { Timeline } from "../world/timeline.js";
import type { RunningServer } from "./server.js";
import type { Store } from "./store.js";

const SYNCED_WITHIN_MS = 60_000;
const RECHECK_MS = 25;

export interface ReplicationOptions {
  readonly name: string;
  readonly from: Store;
  readonly to: Store;
  /** How long data is on its way, on the simulator's clock. */
  readonly lagMs: number;
  readonly timeline: Timeline;
  /** Whether the two regions can speak to each other at the moment. */
  reachable(): boolean;
}

interface Parcel {
  readonly dueAt: number;
  readonly bytes: Buffer;
}

/** A connection of the replica. While it catches up, nothing is delayed. */
interface Line {
  readonly replica: Socket;
  caughtUp: boolean;
}

/**
 * Keeps one store a read-only copy of another, by Redis's own replication through a line that delays it. What is on
 * the line when the link breaks is not lost as long as the primary is there: the replica asks for it again.
 */
export class Replication {
  readonly #options: ReplicationOptions;
  readonly #sockets = new Set<Socket>();
  readonly #parcels: Parcel[] = [];
  #server: Server | undefined;
  #replica: RunningServer | undefined;
  #line: Line | undefined;
  #begun = false;

  constructor(options: ReplicationOptions) {
    this.#options = options;
  }

  /** Resolves when the copy is complete and from then on follows with the lag. */
  async start(): Promise<void> {
    const { from, to, name } = this.#options;
    const [[primary], [replica]] = await Promise.all([from.start(), to.start()]);
    if (primary === undefined || replica === undefined) return;
    this.#replica = replica;
    const server = createServer((socket) => {
      this.#carry(socket, primary.socket);
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await replica.administer("config", "set", "masteruser", "simulator");
    await replica.administer("config", "set", "masterauth", primary.password);
    await replica.administer("replicaof", "127.0.0.1", port);
    if (!(await becameCopy(replica))) log(`${name} has not become a copy in time`);
    if (this.#line) this.#line.caughtUp = true;
    this.#begun = true;
  }

  /** To be called when it may have changed whether the regions reach each other. */
  reconsider(): void {
    if (!this.#options.reachable()) this.#break();
  }

  /** Makes the copy writable; what has not arrived by now never does. */
  async stop(): Promise<void> {
    await this.#replica?.administer("replicaof", "no", "one");
    this.close();
  }

  close(): void {
    this.#break();
    this.#server?.close();
  }

  #break(): void {
    this.#parcels.length = 0;
    for (const socket of this.#sockets) socket.destroy();
  }

  #carry(replica: Socket, primarySocket: string): void {
    // The first copy was made when all was well.
    if (this.#begun && !this.#options.reachable()) {
      replica.destroy();
      return;
    }
    const primary = connect(primarySocket);
    const line: Line = { replica, caughtUp: false };
    this.#line = line;
    for (const socket of [replica, primary]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined); // "close" follows.
      socket.on("close", () => {
        this.#sockets.delete(socket);
        replica.destroy();
        primary.destroy();
      });
    }
    replica.on("data", (bytes: Buffer) => {
      // Only a replica that has all there was says how far it is.
      line.caughtUp ||= this.#begun && bytes.includes("ACK");
      primary.write(bytes);
    });
    primary.on("data", (bytes) => {
      if (line.caughtUp) this.#send(bytes);
      else replica.write(bytes);
    });
  }

  #send(bytes: Buffer): void {
    const { timeline, lagMs } = this.#options;
    const dueAt = timeline.now() + lagMs;
    this.#parcels.push({ dueAt, bytes });
    if (this.#parcels.length > 1) return;
    this.#planDelivery(dueAt);
  }

  #planDelivery(at: number): void {
    const { timeline, name } = this.#options;
    timeline.plan(at, `${name} takes over what was written`, () => {
      this.#deliver();
    });
    // Where the clock is not moved, nobody may look when it is due.
    setTimeout(
      () => {
        timeline.settle();
      },
      Math.max(0, at - timeline.now()) + 1,
    ).unref();
  }

  #deliver(): void {
    const now = this.#options.timeline.now();
    while (this.#parcels[0] && this.#parcels[0].dueAt <= now) {
      const parcel = this.#parcels.shift();
      if (parcel && this.#line?.replica.destroyed === false) this.#line.replica.write(parcel.bytes);
    }
    const [next] = this.#parcels;
    if (next) this.#planDelivery(next.dueAt);
  }
}

async function becameCopy({ admin }: RunningServer): Promise<boolean> {
  const end = performance.now() + SYNCED_WITHIN_MS;
  while (performance.now() < end) {
    const state = await admin.info("replication");
    if (state.includes("master_link_status:up")) return true;
    await realDelay(RECHECK_MS);
  }
  return false;
}
