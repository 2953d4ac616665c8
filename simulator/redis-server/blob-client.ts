import { Agent, request as httpsRequest } from "node:https";
import { connect } from "node:tls";
import type { IncomingMessage } from "node:http";
import type { Identity } from "../identity/tokens.js";
import { Refusal } from "../server/refusal.js";

const VERSION = "2025-11-05";
const PAGE_BYTES = 512;
const LARGEST_WRITE_BYTES = 4 * 1024 * 1024;

export interface BlobClientOptions {
  /** The port at which every simulated host answers. */
  readonly port: number;
  readonly ca: string;
  bearerFor(identity: Identity): Promise<string>;
}

/** How a cache shows who it is: with the SAS in the URL, or with an identity of its own. */
export type BlobAccess =
  { readonly kind: "sas" } | { readonly kind: "identity"; readonly identity: Identity };

/** What caches do with blobs, as a client like any other: over HTTPS, with the URL and the rights they were given. */
export class BlobClient {
  readonly #options: BlobClientOptions;
  readonly #agent: Agent;

  constructor(options: BlobClientOptions) {
    this.#options = options;
    this.#agent = new Agent();
    this.#agent.createConnection = (given) =>
      connect({
        host: "127.0.0.1",
        port: options.port,
        ca: options.ca,
        servername: "servername" in given ? String(given.servername) : "localhost",
      });
  }

  async writePageBlob(url: URL, content: Buffer, access: BlobAccess): Promise<void> {
    const padded = Buffer.alloc(Math.ceil(content.length / PAGE_BYTES) * PAGE_BYTES);
    content.copy(padded);
    const made = await this.#send("PUT", url, access, {
      "x-ms-blob-type": "PageBlob",
      "x-ms-blob-content-length": padded.length,
    });
    await expectStatus(made, 201);
    const pages = new URL(url);
    pages.searchParams.set("comp", "page");
    for (let start = 0; start < padded.length; start += LARGEST_WRITE_BYTES) {
      const part = padded.subarray(start, start + LARGEST_WRITE_BYTES);
      const range = `bytes=${start}-${start + part.length - 1}`;
      const headers = { "x-ms-page-write": "update", "x-ms-range": range };
      await expectStatus(await this.#send("PUT", pages, access, headers, part), 201);
    }
  }

  async writeBlockBlob(url: URL, content: Buffer, access: BlobAccess): Promise<void> {
    const headers = { "x-ms-blob-type": "BlockBlob" };
    await expectStatus(await this.#send("PUT", url, access, headers, content), 201);
  }

  async read(url: URL, access: BlobAccess): Promise<Buffer> {
    return expectStatus(await this.#send("GET", url, access, {}), 200);
  }

  async #send(
    method: string,
    url: URL,
    access: BlobAccess,
    headers: Readonly<Record<string, string | number>>,
    body?: Buffer,
  ): Promise<IncomingMessage> {
    const authorization =
      access.kind === "sas"
        ? {}
        : { authorization: `Bearer ${await this.#options.bearerFor(access.identity)}` };
    return new Promise((resolve, reject) => {
      const outgoing = httpsRequest(
        url,
        {
          method,
          agent: this.#agent,
          headers: {
            "x-ms-version": VERSION,
            "content-length": body?.length ?? 0,
            ...headers,
            ...authorization,
          },
        },
        resolve,
      );
      outgoing.on("error", (error) => {
        reject(new Refusal(503, "Unreachable", `the storage cannot be reached: ${error.message}`));
      });
      outgoing.end(body);
    });
  }
}

async function expectStatus(reply: IncomingMessage, wanted: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of reply as AsyncIterable<Buffer>) chunks.push(chunk);
  const { statusCode = 0 } = reply;
  if (statusCode === wanted) return Buffer.concat(chunks);
  const code = String(reply.headers["x-ms-error-code"] ?? statusCode);
  throw new Refusal(statusCode, code, `the storage answered ${statusCode} ${code}`);
}
