import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { Refusal } from "./refusal.js";

/** A request as a simulated service sees it, whichever way it came in. */
export interface Request {
  readonly id: string;
  readonly method: string;
  /** Host as the client named it, without a port. */
  readonly host: string;
  /** Scheme, host and port as the client named them: links in answers start with it. */
  readonly origin: string;
  readonly path: string;
  /** The path and query exactly as they came, for whoever passes them on. */
  readonly target: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly stream: Readable;
}

/** Something that changed at "Azure" because of a request. */
export interface Effect {
  readonly kind: string;
  readonly resource: string;
  readonly detail?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer | Readable;
  readonly effect?: Effect;
}

const LARGEST_BODY_BYTES = 4 * 1024 * 1024;

export function toRequest(incoming: IncomingMessage, scheme: "http" | "https"): Request {
  const authority = incoming.headers.host ?? "localhost";
  const target = incoming.url ?? "/";
  const url = new URL(target, `${scheme}://${authority}`);
  return {
    id: randomUUID(),
    method: incoming.method ?? "GET",
    host: url.hostname.toLowerCase(),
    origin: `${scheme}://${authority}`,
    path: url.pathname,
    target,
    query: url.searchParams,
    headers: incoming.headers,
    stream: incoming,
  };
}

/** An answer with a JSON body. */
export function json(
  status: number,
  value: unknown,
  more: { readonly headers?: OutgoingHttpHeaders; readonly effect?: Effect } = {},
): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...more.headers },
    body: JSON.stringify(value),
    ...(more.effect && { effect: more.effect }),
  };
}

export async function readBody(
  stream: Readable,
  largestBytes = LARGEST_BODY_BYTES,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestBytes) {
      throw new Refusal(
        413,
        "RequestEntityTooLarge",
        `the body is larger than ${largestBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
