import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Estate } from "../../src/domain/estate.js";
import type { Notice } from "../../src/domain/notice.js";

/** A notice as it came in, whatever it was answered. */
export interface Received {
  readonly id: string;
  /** Of the address it was sent to: environment and channel in a stack. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly genuine: boolean;
  readonly notice: Notice;
}

/**
 * What a notice is answered. `silence`: it is taken in and never answered. `cut`: it is taken in and
 * the connection closed.
 */
export type Reaction =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | "silence"
  | "cut";

/** A receiver of notices on this machine. It does what an estate's own would: look at signatures. */
export class NoticeReceiver {
  readonly key = randomBytes(32).toString("hex");
  readonly received: Received[] = [];
  /** Asked for each notice that comes in. */
  react: (received: Received) => Reaction = () => ({ status: 204 });
  readonly #server = createServer((request, response) => {
    this.#take(request, response).catch(() => {
      response.destroy();
    });
  });
  readonly #onNotice: (received: Received) => void;

  private constructor(onNotice: (received: Received) => void) {
    this.#onNotice = onNotice;
  }

  static async start(onNotice: (received: Received) => void = () => undefined) {
    const receiver = new NoticeReceiver(onNotice);
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    // Whoever uses it decides when to end.
    receiver.#server.unref();
    return receiver;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** The estate with every channel led here. */
  ledHere(estate: Estate): Estate {
    const environments = Object.entries(estate.environments).map(([name, environment]) => {
      if (environment.notifications === undefined) return [name, environment] as const;
      const channels = environment.notifications.channels.map((channel) =>
        channel.kind === "webhook"
          ? { ...channel, url: `${this.url}/${name}/${channel.name}` }
          : channel,
      );
      return [name, { ...environment, notifications: { channels } }] as const;
    });
    return { ...estate, environments: Object.fromEntries(environments) };
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const { "x-notice-id": id = "", "x-timestamp": at = "" } = headers;
    const wanted = createHmac("sha256", this.key).update(`${at}.${body}`).digest("hex");
    const received: Received = {
      id,
      path: request.url ?? "",
      headers,
      body,
      genuine: sameText(headers["x-signature-256"] ?? "", `sha256=${wanted}`),
      notice: JSON.parse(body) as Notice,
    };
    this.received.push(received);
    this.#onNotice(received);
    const reaction = this.react(received);
    if (reaction === "silence") return;
    if (reaction === "cut") response.destroy();
    else response.writeHead(received.genuine ? reaction.status : 401, reaction.headers).end();
  }
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
