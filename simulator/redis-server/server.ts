import { randomBytes } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { Redis } from "ioredis";
import { log } from "../server/log.js";
import type { CommandRules } from "./commands.js";
import type { RedisProcess, RedisProcesses } from "./processes.js";

export interface ServerSettings {
  /** For the log. */
  readonly name: string;
  readonly rules: CommandRules;
  readonly databases: number;
  readonly maxMemoryBytes: number;
  readonly maxMemoryPolicy: string;
  /** In a cluster, the port of this node that clients are told. */
  readonly announcedPort?: number;
  /** A file that it loads when it starts. */
  readonly rdb?: Buffer;
}

/** A redis-server that runs, as the simulator's own hand reaches it. */
export interface RunningServer {
  readonly socket: string;
  /** Of the users `default`, which clients are, and `simulator`. */
  readonly password: string;
  readonly admin: Redis;
  readonly directory: string;
  /** The port at which nodes of a cluster talk among themselves. */
  readonly busPort: number | undefined;
  /** Runs a command that clients do not have. */
  readonly administer: (
    command: string,
    ...words: readonly (string | number)[]
  ) => Promise<unknown>;
}

const ATTEMPTS = 5;
const RECONNECT_MS = 20;
// One that is let go after its server has ended keeps a timer for so long.
const DISCONNECT_MS = 50;

/** One redis-server, started when it is first needed. */
export class RedisServer {
  readonly #processes: RedisProcesses;
  readonly #settings: ServerSettings;
  #running: Promise<RunningServer> | undefined;
  #process: RedisProcess | undefined;
  #admin: Redis | undefined;
  #closed = false;

  constructor(processes: RedisProcesses, settings: ServerSettings) {
    this.#processes = processes;
    this.#settings = settings;
  }

  get started(): boolean {
    return this.#running !== undefined;
  }

  start(): Promise<RunningServer> {
    this.#running ??= this.#launch(ATTEMPTS).catch((error: unknown) => {
      this.#running = undefined;
      throw error;
    });
    return this.#running;
  }

  close(): void {
    this.#closed = true;
    this.#admin?.disconnect();
    this.#process?.stop();
  }

  async #launch(attempts: number): Promise<RunningServer> {
    const directory = this.#processes.newDirectory();
    const { rdb, announcedPort } = this.#settings;
    if (rdb) await writeFile(path.join(directory, "dump.rdb"), rdb);
    const busPort = announcedPort === undefined ? undefined : await freePort();
    const password = randomBytes(24).toString("hex");
    const prefix = `sim-${randomBytes(8).toString("hex")}-`;
    const socket = path.join(directory, "s");
    const process = this.#processes.start(
      directory,
      this.#config({ directory, socket, password, prefix, busPort }),
    );
    this.#process = process;
    if (this.#closed) process.stop();
    const admin = new Redis({
      path: socket,
      username: "simulator",
      password,
      retryStrategy: () => RECONNECT_MS,
      disconnectTimeout: DISCONNECT_MS,
      maxRetriesPerRequest: null,
    });
    this.#admin = admin;
    admin.on("error", () => undefined); // It is not there yet, or has ended and says so itself.
    const why = await Promise.race([admin.ping().then(() => undefined), process.ended]);
    if (why !== undefined) {
      admin.disconnect();
      // Somebody else was quicker to take the port of the bus.
      if (/Failed listening|Address already in use/.test(why) && attempts > 1) {
        return this.#launch(attempts - 1);
      }
      throw new Error(`the redis-server of ${this.#settings.name} ${why}`);
    }
    void process.ended.then((reason) => {
      admin.disconnect();
      this.#running = undefined;
      if (!this.#closed) log(`the redis-server of ${this.#settings.name} ${reason}`);
    });
    return {
      socket,
      password,
      admin,
      directory,
      busPort,
      administer: (command, ...words) => admin.call(prefix + command, ...words),
    };
  }

  #config(made: {
    readonly directory: string;
    readonly socket: string;
    readonly password: string;
    readonly prefix: string;
    readonly busPort: number | undefined;
  }): string[] {
    const { rules, databases, maxMemoryBytes, maxMemoryPolicy, announcedPort } = this.#settings;
    const { directory, socket, password, prefix, busPort } = made;
    const own = ["config", "save", "replicaof", "acl"];
    const forbidden = [...own, ...rules.forbidden].map((command) => `-${command}`).join(" ");
    return [
      "port 0",
      "bind 127.0.0.1",
      `unixsocket ${socket}`,
      "unixsocketperm 700",
      `dir ${directory}`,
      `databases ${announcedPort === undefined ? databases : 1}`,
      'save ""',
      "loglevel notice",
      `maxmemory ${maxMemoryBytes}`,
      `maxmemory-policy ${maxMemoryPolicy}`,
      // Nothing but data goes to a replica, and nobody gives up on one: the relay between them has the say.
      "repl-diskless-sync-delay 0",
      "repl-ping-replica-period 3600",
      "repl-timeout 86400",
      ...rules.unknown.map(
        (name) => `rename-command ${name} ${own.includes(name) ? prefix + name : '""'}`,
      ),
      `user default on >${password} ~* &* +@all ${forbidden}`,
      `user simulator on >${password} ~* &* +@all`,
      ...(announcedPort === undefined || busPort === undefined
        ? []
        : [
            "cluster-enabled yes",
            `cluster-port ${busPort}`,
            "cluster-announce-ip 127.0.0.1",
            "cluster-announce-hostname localhost",
            `cluster-announce-port ${announcedPort}`,
            "cluster-preferred-endpoint-type hostname",
            "cluster-require-full-coverage no",
            "cluster-node-timeout 600000",
          ]),
    ];
  }
}

/** A port that nobody uses at the moment. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
