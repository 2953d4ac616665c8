import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import type { Answer, Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { StorageAccount } from "../storage-accounts/state.js";
import { guidFrom } from "../world/names.js";
import type { CopySource } from "./authorization.js";
import { writingHeaders } from "./journal.js";
import type { BlobOperation } from "./operations.js";
import type { BlobStore } from "./store.js";

const GIBIBYTE = 2 ** 30;

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
  readonly account: StorageAccount;
  readonly asked: BlobOperation;
  readonly source: CopySource;
  /** Reads the source, wherever it is, on the conditions that the headers say. */
  readonly read: (headers: OutgoingHttpHeaders) => Promise<Answer>;
  readonly store: BlobStore;
  readonly now: number;
  readonly perGibibyte: number;
}

/** Copies by URL, which Azurite has not between accounts: the bytes are read on one side and written on the other. */
export class Copies {
  readonly #copies = new Map<string, Copy>();

  async carryOut(order: CopyOrder): Promise<Answer> {
    const { request, account, asked, source, now, perGibibyte } = order;
    const from = await open(order);
    const bytes = Number(from.headers["content-length"] ?? 0);
    const reply = await order.store.send(account.store, {
      method: "PUT",
      target: request.path + queryOf(request, asked),
      headers: { ...headersFor(request, from.headers, asked), "content-length": bytes },
      body: from.body,
    });
    const body = await text(reply);
    const { statusCode = 502 } = reply;
    const { connection: _c, "keep-alive": _k, "transfer-encoding": _t, ...headers } = reply.headers;
    if (statusCode >= 300) return { status: statusCode, headers, body };
    if (asked.operation !== "blobs.copy" && asked.operation !== "blobs.copyFromUrl") {
      return { status: 201, headers };
    }
    const origin = source.site.account.store;
    const id = guidFrom(account.store, request.path, origin, source.target, now);
    const asynchronous = asked.operation === "blobs.copy" && source.site.account !== account;
    const copy: Copy = {
      id,
      source: String(request.headers["x-ms-copy-source"]).replace(/\?.*$/, ""),
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
  headersOf(
    account: StorageAccount,
    request: Request,
    etag: string,
    now: number,
  ): OutgoingHttpHeaders {
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

  isPending(account: StorageAccount, request: Request, now: number): boolean {
    const copy = this.#copies.get(keyOf(account, request));
    return copy !== undefined && copy.doneAt > now;
  }

  clear(): void {
    this.#copies.clear();
  }
}

interface Opened {
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

async function open({ request, read }: CopyOrder): Promise<Opened> {
  const conditions = Object.entries(request.headers)
    .filter(([name]) => name.startsWith("x-ms-source-if-"))
    .map(([name, value]) => [name.slice("x-ms-source-".length), value]);
  const range = request.headers["x-ms-source-range"];
  const answer = await read({
    ...(Object.fromEntries(conditions) as OutgoingHttpHeaders),
    ...(range !== undefined && { range: String(range) }),
  });
  const { status, body = "" } = answer;
  const stream = body instanceof Readable ? body : Readable.from([Buffer.from(body)]);
  const headers = (answer.headers ?? {}) as IncomingHttpHeaders;
  if (status < 300) return checked(request, { headers, body: stream });
  stream.resume();
  throw status === 412 || status === 304
    ? new Refusal(412, "SourceConditionNotMet", "The source condition specified is not met.")
    : new Refusal(status, "CannotVerifyCopySource", "The specified blob does not exist.");
}

/** The source as the caller says it must be, by its MD5 if there is one in the request. */
async function checked(request: Request, opened: Opened): Promise<Opened> {
  const wanted = request.headers["x-ms-source-content-md5"];
  if (wanted === undefined) return opened;
  const bytes = await buffer(opened.body);
  if (createHash("md5").update(bytes).digest("base64") !== wanted) {
    throw new Refusal(
      400,
      "Md5Mismatch",
      "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
    );
  }
  return { headers: opened.headers, body: Readable.from([bytes]) };
}

function keyOf({ store }: StorageAccount, { path }: Request): string {
  return `${store}${path}`;
}

function queryOf({ query }: Request, { operation }: BlobOperation): string {
  return operation === "blobs.putBlockFromUrl"
    ? `?comp=block&blockid=${encodeURIComponent(query.get("blockid") ?? "")}`
    : "";
}

/** The properties and metadata of the source, unless the request has its own. */
function headersFor(
  request: Request,
  from: IncomingHttpHeaders,
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
  const copied = Object.entries(writingHeaders(from)).filter(
    ([name]) => !(hasMetadata && name.startsWith("x-ms-meta-")),
  );
  return { ...Object.fromEntries(copied), ...own, "x-ms-blob-type": "BlockBlob" };
}
