import type { Request } from "../server/exchange.js";

const SERVICES = "Microsoft.Storage/storageAccounts/blobServices";
const CONTAINERS = `${SERVICES}/containers`;
export const BLOBS = `${CONTAINERS}/blobs`;

/** What a request to the blob service is, by method, path and the query's `comp` and `restype`. */
export interface BlobOperation {
  readonly operation: string;
  readonly container: string | undefined;
  readonly blob: string | undefined;
  readonly mutating: boolean;
  /** What a role must allow; undefined where any valid token is enough. */
  readonly demand: { readonly plane: "control" | "data"; readonly action: string } | undefined;
  /** The permissions of a SAS, any of which allows it; empty where none does. */
  readonly sas: string;
  /** What has happened when it succeeded. */
  readonly effect: string | undefined;
}

interface Known {
  readonly operation: string;
  readonly demand?: BlobOperation["demand"];
  readonly effect?: string;
}

const control = (action: string): NonNullable<BlobOperation["demand"]> => ({
  plane: "control",
  action,
});
const data = (action: string): NonNullable<BlobOperation["demand"]> => ({ plane: "data", action });

const readBlob = data(`${BLOBS}/read`);
const writeBlob = data(`${BLOBS}/write`);

const ON_ACCOUNT: Readonly<Record<string, Known>> = {
  "GET list": { operation: "containers.list", demand: control(`${CONTAINERS}/read`) },
  "GET properties": { operation: "blobService.getProperties", demand: control(`${SERVICES}/read`) },
  "PUT properties": {
    operation: "blobService.setProperties",
    demand: control(`${SERVICES}/write`),
    effect: "blob-service-changed",
  },
  "GET stats": { operation: "blobService.getStatistics", demand: control(`${SERVICES}/read`) },
  "POST userdelegationkey": {
    operation: "blobService.getUserDelegationKey",
    demand: control(`${SERVICES}/generateUserDelegationKey/action`),
  },
  "GET blobs": { operation: "blobs.findByTags", demand: readBlob },
  "POST batch": {
    operation: "blobs.batch",
    demand: data(`${BLOBS}/delete`),
    effect: "blobs-changed",
  },
};

const ON_CONTAINER: Readonly<Record<string, Known>> = {
  "PUT ": {
    operation: "containers.create",
    demand: control(`${CONTAINERS}/write`),
    effect: "container-created",
  },
  "GET ": { operation: "containers.get", demand: control(`${CONTAINERS}/read`) },
  "HEAD ": { operation: "containers.get", demand: control(`${CONTAINERS}/read`) },
  "DELETE ": {
    operation: "containers.delete",
    demand: control(`${CONTAINERS}/delete`),
    effect: "container-deleted",
  },
  "GET list": { operation: "blobs.list", demand: readBlob },
  "GET metadata": { operation: "containers.get", demand: control(`${CONTAINERS}/read`) },
  "PUT metadata": {
    operation: "containers.setMetadata",
    demand: control(`${CONTAINERS}/write`),
    effect: "container-changed",
  },
  "GET acl": {
    operation: "containers.getAccessPolicy",
    demand: control(`${CONTAINERS}/getAcl/action`),
  },
  "PUT acl": {
    operation: "containers.setAccessPolicy",
    demand: control(`${CONTAINERS}/setAcl/action`),
    effect: "container-changed",
  },
  "PUT lease": {
    operation: "containers.lease",
    demand: control(`${CONTAINERS}/write`),
    effect: "container-leased",
  },
  "POST batch": {
    operation: "blobs.batch",
    demand: data(`${BLOBS}/delete`),
    effect: "blobs-changed",
  },
};

const ON_BLOB: Readonly<Record<string, Known>> = {
  "PUT ": { operation: "blobs.put", demand: writeBlob, effect: "blob-written" },
  "GET ": { operation: "blobs.get", demand: readBlob },
  "HEAD ": { operation: "blobs.getProperties", demand: readBlob },
  "DELETE ": { operation: "blobs.delete", demand: data(`${BLOBS}/delete`), effect: "blob-deleted" },
  "PUT block": { operation: "blobs.putBlock", demand: writeBlob, effect: "block-staged" },
  "PUT blocklist": { operation: "blobs.putBlockList", demand: writeBlob, effect: "blob-written" },
  "GET blocklist": { operation: "blobs.getBlockList", demand: readBlob },
  "PUT appendblock": { operation: "blobs.append", demand: writeBlob, effect: "blob-written" },
  "PUT page": { operation: "blobs.putPage", demand: writeBlob, effect: "blob-written" },
  "GET metadata": { operation: "blobs.getProperties", demand: readBlob },
  "HEAD metadata": { operation: "blobs.getProperties", demand: readBlob },
  "PUT metadata": { operation: "blobs.setMetadata", demand: writeBlob, effect: "blob-changed" },
  "PUT properties": { operation: "blobs.setProperties", demand: writeBlob, effect: "blob-changed" },
  "PUT lease": { operation: "blobs.lease", demand: writeBlob, effect: "blob-leased" },
  "PUT snapshot": { operation: "blobs.snapshot", demand: writeBlob, effect: "blob-snapshot-made" },
  "PUT tier": { operation: "blobs.setTier", demand: writeBlob, effect: "blob-changed" },
  "GET tags": { operation: "blobs.getTags", demand: data(`${BLOBS}/tags/read`) },
  "PUT tags": {
    operation: "blobs.setTags",
    demand: data(`${BLOBS}/tags/write`),
    effect: "blob-changed",
  },
  "PUT copy": { operation: "blobs.abortCopy", demand: writeBlob, effect: "blob-changed" },
};

/** Names a request; undefined where the service has nothing like it. */
export function blobOperation(request: Request): BlobOperation | undefined {
  const [container = "", ...rest] = request.path.slice(1).split("/").map(decodeURIComponent);
  const blob = rest.join("/");
  const comp = request.query.get("comp")?.toLowerCase() ?? "";
  const isContainer = request.query.get("restype")?.toLowerCase() === "container";
  const table = container === "" ? ON_ACCOUNT : blob === "" && isContainer ? ON_CONTAINER : ON_BLOB;
  const known = table[`${request.method} ${comp}`];
  if (known === undefined) return undefined;
  return {
    operation: copyOperation(request, known.operation) ?? known.operation,
    container: container === "" ? undefined : container,
    blob: blob === "" ? undefined : blob,
    mutating: known.effect !== undefined,
    demand: known.demand,
    sas: sasLetters(known.operation),
    effect: known.effect,
  };
}

/** The four ways to write from a URL differ by headers alone. */
function copyOperation({ headers }: Request, operation: string): string | undefined {
  if (headers["x-ms-copy-source"] === undefined) return undefined;
  if (operation === "blobs.putBlock") return "blobs.putBlockFromUrl";
  if (operation !== "blobs.put") return undefined;
  if (headers["x-ms-blob-type"] !== undefined) return "blobs.putFromUrl";
  return headers["x-ms-requires-sync"] === "true" ? "blobs.copyFromUrl" : "blobs.copy";
}

function sasLetters(operation: string): string {
  if (operation === "blobs.list") return "l";
  if (operation === "blobs.delete") return "d";
  if (operation === "blobs.append") return "aw";
  if (operation.startsWith("blobs.get")) return operation === "blobs.getTags" ? "t" : "r";
  if (operation === "blobs.setTags") return "t";
  if (operation === "blobs.put") return "cw";
  return operation.startsWith("blobs.") ? "w" : "";
}
