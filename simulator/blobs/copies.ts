import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import type { Answer, Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { guidFrom } from "../world/names.js";
import type { Azurite } from "./azurite.js";
import { sendOnward } from "./onward.js";
import type { BlobOperation } from "./operations.js";

const GIBIBYTE = 2 ** 30;

/** A blob that something is copied from. */
export interface CopySource {
  readonly account: string;
  /** Path and query of the source, without credentials. */
  readonly target: string;
}

/** An asynchronous copy, as the properties of its destination tell of it. */
interface Copy {
  readonly id: string;
  readonly source: string;
  readonly bytes: number;
  readonly etag: string;
  readonly doneAt: number;
}

export interface CopyOrder {
  readonly request: Request;
  readonly account: string;
  readonly asked: BlobOperation;
  readonly source: CopySource;
  readonly azurite: Azurite;
  /** Good for the process that keeps the blobs: the front has checked both sides. */
  readonly bearer: string;
  readonly now: number;
  readonly perGibibyte: number;
}

/** Copies by URL, which Azurite has not between accounts: the bytes are read on one side and written on the other. */
export class Copies {
  readonly #copies = new Map<string, Copy>();

  async carryOut(order: CopyOrder): Promise<Answer> {
    const { request, account, asked, source, azurite, now, perGibibyte } = order;
    const from = await this.#open(order);
    const bytes = Number(from.headers["content-length"] ?? 0);
    const block = asked.operation === "blobs.putBlockFromUrl";
    const reply = await sendOnward(
      account,
      {
        method: "PUT",
        target: request.path + queryOf(request, block),
        headers: {
          ...headersFor(request, from, asked),
          authorization: `Bearer ${order.bearer}`,
          "content-length": bytes,
        },
        body: from,
      },
      azurite,
    );
    const body = await text(reply);
    const { statusCode = 502 } = reply;
    const { connection: _c, "keep-alive": _k, "transfer-encoding": _t, ...headers } = reply.headers;
    if (statusCode >= 300) return { status: statusCode, headers, body };
    if (asked.operation !== "blobs.copy" && asked.operation !== "blobs.copyFromUrl") {
      return { status: 201, headers };
    }
    const id = guidFrom(account, request.path, source.account, source.target, now);
    const asynchronous = asked.operation === "blobs.copy" && source.account !== account;
    const copy: Copy = {
      id,
      source: `https://${source.account}.blob.core.windows.net${source.target}`,
      bytes,
      etag: reply.headers.etag ?? "",
      doneAt: asynchronous ? now + Math.ceil((bytes / GIBIBYTE) * perGibibyte) + perGibibyte : now,
    };
    this.#copies.set(keyOf(account, request), copy);
    const status = copy.doneAt > now ? "pending" : "success";
    return {
      status: 202,
      headers: { ...headers, "x-ms-copy-id": id, "x-ms-copy-status": status },
    };
  }

  /** What the headers of a blob say of the copy that it is, if nothing has been written to it since. */
  headersOf(account: string, request: Request, etag: string, now: number): OutgoingHttpHeaders {
    const copy = this.#copies.get(keyOf(account, request));
    if (copy?.etag !== etag) return {};
    const pending = copy.doneAt > now;
    return {
      "x-ms-copy-id": copy.id,
      "x-ms-copy-source": copy.source,
      "x-ms-copy-status": pending ? "pending" : "success",
      "x-ms-copy-progress": `${pending ? 0 : copy.bytes}/${copy.bytes}`,
      ...(!pending && { "x-ms-copy-completion-time": new Date(copy.doneAt).toUTCString() }),
    };
  }

  isPending(account: string, request: Request, now: number): boolean {
    const copy = this.#copies.get(keyOf(account, request));
    return copy !== undefined && copy.doneAt > now;
  }

  clear(): void {
    this.#copies.clear();
  }

  async #open({ request, source, azurite, bearer }: CopyOrder): Promise<IncomingMessage> {
    const conditions = Object.entries(request.headers)
      .filter(([name]) => name.startsWith("x-ms-source-if-"))
      .map(([name, value]) => [name.slice("x-ms-source-".length), value]);
    const range = request.headers["x-ms-source-range"];
    const reply = await sendOnward(
      source.account,
      {
        method: "GET",
        target: source.target,
        headers: {
          ...(Object.fromEntries(conditions) as OutgoingHttpHeaders),
          ...(range !== undefined && { range: String(range) }),
          authorization: `Bearer ${bearer}`,
          "x-ms-version": "2025-11-05",
        },
      },
      azurite,
    );
    const { statusCode = 502 } = reply;
    if (statusCode < 300) return reply;
    reply.resume();
    throw statusCode === 412 || statusCode === 304
      ? new Refusal(412, "SourceConditionNotMet", "The source condition specified is not met.")
      : new Refusal(statusCode, "CannotVerifyCopySource", "The specified blob does not exist.");
  }
}

function keyOf(account: string, { path }: Request): string {
  return `${account}${path}`;
}

function queryOf({ query }: Request, block: boolean): string {
  return block ? `?comp=block&blockid=${encodeURIComponent(query.get("blockid") ?? "")}` : "";
}

/** The properties and metadata of the source, unless the request has its own. */
function headersFor(
  request: Request,
  from: IncomingMessage,
  { operation }: BlobOperation,
): OutgoingHttpHeaders {
  const own = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) =>
      /^(if-|x-ms-(version|meta-|lease-id|tags|access-tier|blob-content-|blob-cache-control|client-request-id))/.test(
        name,
      ),
    ),
  );
  if (operation === "blobs.putBlockFromUrl") return own;
  const hasMetadata = Object.keys(own).some((name) => name.startsWith("x-ms-meta-"));
  const copied = Object.fromEntries(
    Object.entries(from.headers).flatMap(([name, value]) => {
      if (name.startsWith("x-ms-meta-")) return hasMetadata ? [] : [[name, value]];
      const inherited = ["content-type", "content-encoding", "content-language", "cache-control"];
      return inherited.includes(name) && name !== "cache-control"
        ? [[`x-ms-blob-${name}`, value]]
        : [];
    }),
  ) as OutgoingHttpHeaders;
  const md5 = from.headers["content-md5"];
  return {
    ...copied,
    ...(md5 !== undefined && { "x-ms-blob-content-md5": md5 }),
    ...own,
    "x-ms-blob-type": "BlockBlob",
  };
}
