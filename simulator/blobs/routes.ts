import { Readable } from "node:stream";
import { type Answer, readBody, type Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Call, Outcomes, Service } from "../server/service.js";
import { checkPublicAccess } from "../storage-accounts/containers.js";
import type { StorageAccount } from "../storage-accounts/state.js";
import type { World } from "../world/world.js";
import {
  authorize,
  authorizeSource,
  containerScope,
  type CopySource,
  type Guard,
} from "./authorization.js";
import { containerMade } from "./containers.js";
import type { Copies } from "./copies.js";
import { withServiceEndpoint } from "./endpoint-rewriter.js";
import type { Journal } from "./journal.js";
import { entriesIn, withEntries } from "./list-xml.js";
import { type BlobOperation, blobOperation } from "./operations.js";
import { checkProtection } from "./protection.js";
import { checkSecondary, replicationStats, type Secondary } from "./secondary.js";
import { servicePropertiesXml } from "./service-properties.js";
import { regionOfSite, type Site, siteOf } from "./site.js";
import type { BlobStore } from "./store.js";
import { issueKey, withoutSas } from "./user-delegation.js";

export interface BlobOptions extends Guard {
  readonly store: BlobStore;
  readonly copies: Copies;
  readonly journal: Journal;
  readonly secondary: Secondary;
}

/** Changes of what other regions get to see; leases, snapshots and staged blocks are not among them. */
const COPIED = new Set([
  "blobs.append",
  "blobs.copy",
  "blobs.copyFromUrl",
  "blobs.delete",
  "blobs.put",
  "blobs.putBlockList",
  "blobs.putFromUrl",
  "blobs.putPage",
  "blobs.setMetadata",
  "blobs.setProperties",
  "blobs.setTags",
  "blobs.setTier",
]);

/** The blob service: whether, to whom and as of when is decided here; the blobs themselves are Azurite's. */
export function blobService(options: BlobOptions): Service {
  const { world } = options;
  const find = (host: string): Site | undefined => siteOf(host, world);
  return {
    name: "blobs",
    serves: (host) => find(host) !== undefined,
    regionOf: (host) => {
      const site = find(host);
      return site && regionOfSite(site);
    },
    identify: (request): Call => {
      const site = find(request.host);
      const asked = blobOperation(request);
      if (site === undefined || asked === undefined) {
        return {
          operation: "blobs.unknown",
          mutating: request.method !== "GET" && request.method !== "HEAD",
          carryOut: () => {
            throw new Refusal(
              400,
              "InvalidUri",
              `The blob service has nothing at ${request.method} ${request.path}.`,
            );
          },
        };
      }
      const region = regionOfSite(site);
      return {
        operation: asked.operation,
        mutating: asked.mutating,
        resource: resourceOf(site.account, asked),
        ...(region !== undefined && { region }),
        carryOut: (outcomes) => carryOut({ request, site, asked, outcomes }, options),
      };
    },
    refuse: (refusal, request) => refused(refusal, request, world),
  };
}

/** A request whose host and operation are known. */
interface Asked {
  readonly request: Request;
  readonly site: Site;
  readonly asked: BlobOperation;
  readonly outcomes: Outcomes;
}

async function carryOut(call: Asked, options: BlobOptions): Promise<Answer> {
  const { request, site, asked } = call;
  const { world, journal } = options;
  const { account } = site;
  checkAvailable(site, world);
  const caller = await authorize(request, account, asked, options);
  if (site.secondary) checkSecondary(account, asked);
  await journal.settle(account);
  switch (asked.operation) {
    case "blobService.getUserDelegationKey": {
      const body = (await readBody(request.stream)).toString("utf8");
      const version = String(request.headers["x-ms-version"] ?? "");
      return xml(issueKey(body, caller, version, world.timeOf("blobs")));
    }
    case "blobService.getProperties":
      return request.query.get("restype")?.toLowerCase() === "account"
        ? { status: 200, headers: accountHeaders(account) }
        : xml(servicePropertiesXml(account));
    case "blobService.getStatistics":
      if (site.secondary) return xml(replicationStats(account, world.timeline.now()));
      throw new Refusal(
        400,
        "InvalidQueryParameterValue",
        "The statistics of replication are at the secondary endpoint.",
      );
    case "blobs.batch":
    case "blobService.setProperties":
      throw new Refusal(
        501,
        "NotSimulated",
        `${asked.operation} is not simulated at this endpoint.`,
      );
    default:
      return asked.mutating ? change(call, options) : read(request, site, asked, options);
  }
}

/** Everything that is kept as Azurite keeps it. */
async function read(
  request: Request,
  site: Site,
  asked: BlobOperation,
  options: BlobOptions,
): Promise<Answer> {
  const { world, copies, secondary, store } = options;
  const { account } = site;
  const passOn = async (): Promise<Answer> => {
    const answer = await forward(request, account, store);
    switch (asked.operation) {
      case "blobs.get":
      case "blobs.getProperties": {
        const etag = answer.headers?.etag ?? "";
        const copied = copies.headersOf(account, request, etag, world.timeline.now());
        return { ...answer, headers: { ...answer.headers, ...copied } };
      }
      case "blobs.list":
        return withEndpoint(answer, request);
      case "containers.list":
        return withProtection(withEndpoint(answer, request), account);
      case "containers.get":
        return { ...answer, headers: { ...answer.headers, ...protectionOf(account, asked) } };
      default:
        return answer;
    }
  };
  return site.secondary ? secondary.answer(request, account, asked, passOn) : passOn();
}

async function change(call: Asked, options: BlobOptions): Promise<Answer> {
  const { request, site, asked } = call;
  const { world, copies, journal, store } = options;
  const { account } = site;
  const now = world.timeline.now();
  if (copies.isPending(account, request, now)) {
    throw new Refusal(409, "PendingCopyOperation", "There is currently a pending copy operation.");
  }
  if (request.headers["x-ms-blob-public-access"] !== undefined) checkPublicAccess(account);
  await checkProtection(account, asked, request.path, { store, now });
  const copied = COPIED.has(asked.operation) && !request.query.has("snapshot");
  const former = copied
    ? await journal.formerOf(account, request.path, request.headers)
    : undefined;
  const answer =
    request.headers["x-ms-copy-source"] === undefined
      ? await forward(request, account, store)
      : await copy(call, options);
  if (answer.status >= 300) return answer;
  const { container = "", blob } = asked;
  if (copied && blob !== undefined) journal.note(account, { container, blob, former });
  if (asked.operation === "containers.create") containerMade(account, container, journal);
  if (asked.operation === "containers.delete") {
    account.containers.delete(container);
    journal.forgetContainer(account, container);
  }
  if (blob === undefined) world.storageChanged();
  const effect = asked.effect && { kind: asked.effect, resource: resourceOf(account, asked) };
  return { ...answer, ...(effect && { effect }) };
}

async function copy(
  { request, site, asked, outcomes }: Asked,
  options: BlobOptions,
): Promise<Answer> {
  const { world, copies, store } = options;
  const source = await authorizeSource(request, site.account, options);
  checkAvailable(source.site, world);
  if (source.site.secondary) checkSecondary(source.site.account, { ...asked, mutating: false });
  await options.journal.settle(source.site.account);
  if (outcomes.befalls("blob-changes-during-copy") !== undefined) {
    await overwrite(source, options);
  }
  return copies.carryOut({
    request,
    account: site.account,
    asked,
    source,
    read: (headers) => readSource(request, source, headers, options),
    store,
    now: world.timeline.now(),
    perGibibyte: world.durations.blobCopyPerGibibyte,
  });
}

function readSource(
  request: Request,
  { site, target, container, blob }: CopySource,
  headers: Readonly<Record<string, unknown>>,
  options: BlobOptions,
): Promise<Answer> {
  const url = new URL(target, request.origin);
  const reading = {
    ...request,
    method: "GET",
    path: url.pathname,
    target,
    query: url.searchParams,
    headers: { ...(headers as Request["headers"]), "x-ms-version": "2025-11-05" },
    stream: Readable.from([]),
  };
  const asked = blobOperation(reading);
  if (asked === undefined) throw new Error(`${container}/${blob} is no blob`);
  return read(reading, site, asked, options);
}

/** Somebody else writes the source just before it is read: the same bytes and one more. */
async function overwrite(
  { site, target, container, blob }: CopySource,
  options: BlobOptions,
): Promise<void> {
  const { journal, store } = options;
  const { account } = site;
  const path = new URL(target, "https://account").pathname;
  const former = await journal.formerOf(account, path, {});
  const { status, headers, body } = await store.call(account.store, {
    method: "GET",
    target: path,
  });
  if (status >= 300) return;
  const kept = Object.entries(headers).filter(([name]) => name.startsWith("x-ms-meta-"));
  await store.demand(account.store, {
    method: "PUT",
    target: path,
    headers: {
      ...Object.fromEntries(kept),
      "x-ms-blob-type": "BlockBlob",
      "x-ms-blob-content-type": headers["content-type"],
    },
    body: Buffer.concat([body, Buffer.from("\n")]),
  });
  journal.note(account, { container, blob, former });
}

async function forward(
  request: Request,
  account: StorageAccount,
  store: BlobStore,
): Promise<Answer> {
  const bySas = request.headers.authorization === undefined;
  const reply = await store.send(account.store, {
    method: request.method,
    target: bySas ? withoutSas(request.target) : request.target,
    headers: request.headers,
    body: request.stream,
  });
  const { statusCode = 502 } = reply;
  const {
    connection: _connection,
    "keep-alive": _keepAlive,
    "transfer-encoding": _encoding,
    ...headers
  } = reply.headers;
  return { status: statusCode, headers, body: reply };
}

function withEndpoint(answer: Answer, { origin }: Request): Answer {
  if (!(answer.body instanceof Readable)) return answer;
  const { "content-length": _length, ...headers } = answer.headers ?? {};
  return { ...answer, headers, body: answer.body.pipe(withServiceEndpoint(`${origin}/`)) };
}

/** Azurite knows nothing of policies and holds. */
async function withProtection(answer: Answer, account: StorageAccount): Promise<Answer> {
  if (!(answer.body instanceof Readable)) return answer;
  let text = "";
  for await (const chunk of answer.body) text += String(chunk);
  const entries = entriesIn(text).map(({ name, text: entry }) => {
    const container = account.containers.get(name);
    return {
      text: entry
        .replace(
          /<HasImmutabilityPolicy>\w+/,
          `<HasImmutabilityPolicy>${container?.policy !== undefined}`,
        )
        .replace(/<HasLegalHold>\w+/, `<HasLegalHold>${(container?.holds.length ?? 0) > 0}`),
    };
  });
  return { ...answer, body: entries.length === 0 ? text : withEntries(text, entries) };
}

function protectionOf(
  account: StorageAccount,
  { container = "" }: BlobOperation,
): Record<string, string> {
  const found = account.containers.get(container);
  if (found === undefined) return {};
  return {
    "x-ms-has-immutability-policy": String(found.policy !== undefined),
    "x-ms-has-legal-hold": String(found.holds.length > 0),
  };
}

/** What a fault makes of the place where the account is written. */
function checkAvailable({ account, secondary }: Site, { conditions }: World): void {
  if (account.failover === "changing-places") {
    throw new Refusal(503, "ServerBusy", "The account is changing its primary region.");
  }
  const trouble = secondary ? undefined : conditions.storageTrouble(account);
  if (trouble === "timed-out") {
    throw new Refusal(
      500,
      "OperationTimedOut",
      "The operation could not be completed within the permitted time.",
    );
  }
  if (trouble === "server-busy") {
    throw new Refusal(503, "ServerBusy", "The server is currently unable to receive requests.");
  }
}

/** Get Account Information. */
function accountHeaders({ sku, kind }: StorageAccount): Record<string, string> {
  return { "x-ms-sku-name": sku, "x-ms-account-kind": kind, "x-ms-is-hns-enabled": "false" };
}

function xml(body: string): Answer {
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}

function refused(
  { status, code, message, headers }: Refusal,
  request: Request,
  world: World,
): Answer {
  const time = new Date(world.timeline.now()).toISOString();
  const text = escapeXml(`${message}\nRequestId:${request.id}\nTime:${time}`);
  return {
    status,
    headers: {
      "content-type": "application/xml",
      "x-ms-error-code": code,
      "x-ms-request-id": request.id,
      "x-ms-version": request.headers["x-ms-version"] ?? "2026-10-06",
      ...headers,
    },
    ...(request.method !== "HEAD" && {
      body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${text}</Message></Error>`,
    }),
  };
}

function resourceOf(account: StorageAccount, asked: BlobOperation): string {
  const scope = containerScope(account, asked);
  return asked.blob === undefined ? scope : `${scope}/blobs/${asked.blob}`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
