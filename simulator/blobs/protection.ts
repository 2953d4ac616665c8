import { Refusal } from "../server/refusal.js";
import { type Container, isProtected, type StorageAccount } from "../storage-accounts/state.js";
import type { BlobOperation } from "./operations.js";
import type { BlobStore } from "./store.js";

const DAY_MS = 24 * 3_600_000;

/** What a policy or a legal hold forbids for a blob that is there. Leases, tiers and tags are no content. */
const FORBIDDEN = new Set([
  "blobs.append",
  "blobs.copy",
  "blobs.copyFromUrl",
  "blobs.delete",
  "blobs.put",
  "blobs.putBlock",
  "blobs.putBlockFromUrl",
  "blobs.putBlockList",
  "blobs.putFromUrl",
  "blobs.putPage",
  "blobs.setMetadata",
  "blobs.setProperties",
  "blobs.snapshot",
]);

/**
 * Write once, read many: under a policy new blobs are welcome and old ones are not changed; when its days are over they
 * may be deleted, and still not changed (documented: Time-based retention policies). `path` is the blob's, as sent.
 */
export async function checkProtection(
  account: StorageAccount,
  asked: BlobOperation,
  path: string,
  { store, now }: { readonly store: BlobStore; readonly now: number },
): Promise<void> {
  const container = account.containers.get(asked.container ?? "");
  if (container === undefined || !isProtected(container)) return;
  if (asked.operation === "containers.delete") throw containerRefusal(container);
  if (asked.blob === undefined || !FORBIDDEN.has(asked.operation)) return;
  const blob = await store.call(account.store, { method: "HEAD", target: path });
  if (blob.status >= 300) return;
  const { policy, holds, holdAppendsAll } = container;
  const appends = asked.operation === "blobs.append";
  if (holds.length > 0 && !(appends && holdAppendsAll)) {
    throw new Refusal(
      409,
      "BlobImmutableDueToLegalHold",
      "This operation is not permitted as the blob is immutable due to one or more legal holds.",
    );
  }
  if (policy === undefined || (appends && (policy.appends || policy.appendsAll))) return;
  // What may grow is kept from its last growth on.
  const grows = blob.headers["x-ms-blob-type"] === "AppendBlob";
  const since = String(grows ? blob.headers["last-modified"] : blob.headers["x-ms-creation-time"]);
  const over = Date.parse(since) + policy.days * DAY_MS <= now;
  if (asked.operation === "blobs.delete" && over) return;
  throw new Refusal(
    409,
    "BlobImmutableDueToPolicy",
    "This operation is not permitted as the blob is immutable due to a policy.",
  );
}

function containerRefusal({ policy, holds }: Container): Refusal {
  if (holds.length > 0) {
    return new Refusal(
      409,
      "ContainerHasLegalHold",
      "The requested operation is not allowed as the container has one or more legal holds.",
    );
  }
  return policy?.state === "Locked"
    ? new Refusal(
        409,
        "ContainerImmutabilityPolicyLocked",
        "The requested operation is not allowed as the container has a locked immutability policy.",
      )
    : new Refusal(
        409,
        "ContainerProtectedFromDeletion",
        "The requested operation is not allowed as the container has an immutability policy.",
      );
}
