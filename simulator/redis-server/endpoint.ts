import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { type ClientRequest, encodeRequest, RequestFramer } from "./request-framer.js";

export type KeyName = "primary" | "secondary";

/** Whether somebody who connects is served at the moment. */
export type Admission =
  | { readonly kind: "open" }
  /** The connection is reset. */
  | { readonly kind: "refused"; readonly why: string }
  /** It is accepted, and nothing is answered. */
  | { readonly kind: "hanging"; readonly why: string }
  /** It is accepted, and whatever is asked is answered with this error. */
  | { readonly kind: "unserved"; readonly why: string };

/** What faults make of a command. */
export interface CommandFate {
  readonly delayMs: number;
  /** It is never carried out, and nothing is answered until this resolves and the connection is cut. */
  readonly hang: Promise<void> | undefined;
  /** It is carried out, and the connection is cut instead of an answer. */
  readonly answerLost: boolean;
}

/** What stands behind an endpoint. */
export interface Backend {
  readonly name: string;
  admission(): Admission;
  /** Which key a password is. */
  keyOf(password: string): KeyName | undefined;
  /** Where the redis-server is, and the password that it has itself. */
  server(): Promise<{ readonly socket: string; readonly password: string }>;
  fateOf(command: string): CommandFate | undefined;
  /** A connection was not served. */
  refused(why: string): void;
}

interface Client {
  readonly raw: Socket;
  key: KeyName | undefined;
}

/** An address of a cache: a port with TLS that passes on to a redis-server what the cache's state lets through. */
export class Endpoint {
  readonly #server: Server;
  #bound: Promise<void> | undefined;
  readonly #context: () => SecureContext;
  readonly #clients = new Set<Client>();
  #backend: Backend | undefined;

  constructor(context: () => SecureContext) {
    this.#context = context;
    // As redis-server itself: what waits for more to send would wait for the client's late acknowledgment.
    this.#server = createServer({ noDelay: true }, (raw) => {
      this.#accept(raw);
    });
  }

  /** Resolves when it has its port. */
  open(): Promise<void> {
    this.#bound ??= new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    return this.#bound;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  get connections(): number {
    return this.#clients.size;
  }

  serve(backend: Backend): void {
    this.#backend = backend;
  }

  /** Breaks connections: all, or those that were made with a key. */
  cut(key?: KeyName): void {
    for (const client of this.#clients) {
      if (key === undefined || client.key === key) client.raw.destroy();
    }
  }

  close(): void {
    this.#backend = undefined;
    this.cut();
    this.#server.close();
  }

  #accept(raw: Socket): void {
    const backend = this.#backend;
    raw.on("error", () => undefined); // "close" follows.
    const admission = backend?.admission() ?? { kind: "refused", why: "it is gone" };
    if (backend === undefined || admission.kind === "refused") {
      if (admission.kind === "refused") backend?.refused(admission.why);
      raw.resetAndDestroy();
      return;
    }
    const client: Client = { raw, key: undefined };
    this.#clients.add(client);
    raw.on("close", () => {
      this.#clients.delete(client);
    });
    if (admission.kind === "hanging") {
      backend.refused(admission.why);
      raw.resume();
      return;
    }
    const tls = new TLSSocket(raw, { isServer: true, secureContext: this.#context() });
    tls.on("error", () => raw.destroy());
    if (admission.kind === "unserved") {
      backend.refused(admission.why);
      const framer = new RequestFramer();
      tls.on("data", (bytes: Buffer) => {
        for (const _request of framer.push(bytes)) tls.write(`-ERR ${admission.why}\r\n`);
      });
      return;
    }
    backend.server().then(
      ({ socket, password }) => {
        relay(client, tls, connect(socket), { backend, password });
      },
      (error: unknown) => {
        backend.refused(error instanceof Error ? error.message : String(error));
        raw.resetAndDestroy();
      },
    );
  }
}

/** Passes commands on one by one, so that keys can be told from passwords and faults can strike. */
function relay(
  client: Client,
  tls: TLSSocket,
  upstream: Socket,
  { backend, password }: { readonly backend: Backend; readonly password: string },
): void {
  const framer = new RequestFramer();
  const waiting: ClientRequest[] = [];
  const passed: Buffer[] = [];
  let blocked = false;

  const end = (): void => {
    client.raw.destroy();
    upstream.destroy();
  };
  const pass = (request: ClientRequest): void => {
    passed.push(withServersPassword(request, client, { backend, password }));
  };
  const flush = (): void => {
    if (passed.length > 0) upstream.write(Buffer.concat(passed.splice(0)));
  };
  const pump = (): void => {
    while (!blocked) {
      const request = waiting.shift();
      if (request === undefined) return;
      const fate = backend.fateOf(request.words[0]?.toString("latin1").toLowerCase() ?? "");
      if (fate === undefined) {
        pass(request);
        continue;
      }
      blocked = true;
      if (fate.hang) {
        void fate.hang.then(end);
        return;
      }
      setTimeout(() => {
        pass(request);
        flush();
        if (fate.answerLost) {
          // The server carries out what it has read before it notices that nothing more comes, and hangs up then.
          upstream.removeListener("data", answer);
          upstream.resume();
          upstream.end();
          return;
        }
        blocked = false;
        pump();
        flush();
      }, fate.delayMs);
    }
  };
  const answer = (bytes: Buffer): void => {
    if (!tls.write(bytes)) upstream.pause();
  };
  tls.on("drain", () => {
    upstream.resume();
  });

  upstream.on("data", answer);
  upstream.on("error", end);
  upstream.on("close", end);
  client.raw.on("close", end);
  tls.on("close", end);
  tls.on("data", (bytes: Buffer) => {
    for (const request of framer.push(bytes)) waiting.push(request);
    pump();
    flush();
    if (upstream.writableNeedDrain) tls.pause();
  });
  upstream.on("drain", () => {
    tls.resume();
  });
}

/** Keys are the cache's affair: the server behind has a password of its own, which stands for any that is right. */
function withServersPassword(
  request: ClientRequest,
  client: Client,
  { backend, password }: { readonly backend: Backend; readonly password: string },
): Buffer {
  const words = request.words.map((word) => word.toString("utf8"));
  const at = positionOfCredentials(words);
  if (at === undefined) return request.raw;
  const alone = words.length === at + 1;
  const user = alone ? "default" : words[at];
  const key = user === "default" ? backend.keyOf(words[alone ? at : at + 1] ?? "") : undefined;
  if (key === undefined) return request.raw;
  client.key = key;
  const rest = request.words.slice(alone ? at + 1 : at + 2);
  return encodeRequest([...request.words.slice(0, at), "default", password, ...rest]);
}

/** Where user and password begin, in `AUTH [user] password` and `HELLO version AUTH user password`. */
function positionOfCredentials(words: readonly string[]): number | undefined {
  const command = words[0]?.toLowerCase();
  if (command === "auth" && words.length > 1) return 1;
  if (command !== "hello") return undefined;
  const at = words.findIndex((word, index) => index > 1 && word.toLowerCase() === "auth");
  return at === -1 || words.length < at + 3 ? undefined : at + 1;
}
