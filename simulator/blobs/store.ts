import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import type { IssuedToken, TokenAuthority } from "../identity/tokens.js";
import type { World } from "../world/world.js";
import type { Azurite } from "./azurite.js";
import { type Onward, sendOnward } from "./onward.js";

export const AUDIENCE = "https://storage.azure.com";
const VERSION = "2025-11-05";
const RENEW_MS = 3_600_000;

/** A request of the front's own. */
interface Errand {
  readonly method: string;
  /** Path and query below the account. */
  readonly target: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

export interface ErrandReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface BlobStoreOptions {
  readonly world: World;
  readonly tokens: TokenAuthority;
  /** A reset may bring another one. */
  readonly azurite: () => Azurite;
}

/** The process that keeps the blobs, as the front alone speaks to it: who may do what has been decided before. */
export class BlobStore {
  readonly #options: BlobStoreOptions;
  #token: IssuedToken | undefined;

  constructor(options: BlobStoreOptions) {
    this.#options = options;
  }

  /** Passes a request on with whatever it carries but its credentials. */
  async send(store: string, onward: Onward): Promise<IncomingMessage> {
    // Whoever reads anonymously names no version; Azurite wants one with a token.
    const version = { "x-ms-version": VERSION };
    const headers = {
      ...version,
      ...onward.headers,
      authorization: `Bearer ${await this.#bearer()}`,
    };
    return sendOnward(store, { ...onward, headers }, this.#options.azurite());
  }

  /** Asks something and waits for the whole answer. */
  async call(store: string, { method, target, headers, body }: Errand): Promise<ErrandReply> {
    const reply = await this.send(store, {
      method,
      target,
      headers: {
        "x-ms-version": VERSION,
        "content-length": body?.length ?? 0,
        ...headers,
      },
      ...(body && { body: Readable.from([body]) }),
    });
    const { statusCode = 502 } = reply;
    return { status: statusCode, headers: reply.headers, body: await buffer(reply) };
  }

  /** The same, where nothing but success can be the answer. */
  async demand(store: string, errand: Errand): Promise<ErrandReply> {
    const reply = await this.call(store, errand);
    if (reply.status < 300) return reply;
    throw new Error(
      `Azurite answers ${reply.status} to ${errand.method} ${errand.target}: ${reply.body.toString("utf8")}`,
    );
  }

  /** Azurite looks at times, issuer and audience of a token, not at its signature's owner. */
  async #bearer(): Promise<string> {
    const { world, tokens } = this.#options;
    const now = world.timeline.now();
    if (this.#token === undefined || this.#token.expiresOn * 1000 < now + RENEW_MS) {
      const [identity] = world.identities;
      if (identity === undefined) throw new Error("the seed has no identity");
      this.#token = await tokens.issue(identity, AUDIENCE, world.tenantId(), now);
    }
    return this.#token.token;
  }
}
