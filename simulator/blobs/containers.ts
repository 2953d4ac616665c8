import type { ContainerStore, StoredContainer } from "../storage-accounts/containers.js";
import { Refusal } from "../server/refusal.js";
import { newContainer, type StorageAccount } from "../storage-accounts/state.js";
import type { Journal } from "./journal.js";
import { entriesIn, textIn } from "./list-xml.js";
import type { BlobStore, ErrandReply } from "./store.js";

/** The containers that ARM shows and makes are those of the blob service. */
export function containerStore(store: BlobStore, journal: Journal): ContainerStore {
  const at = (name: string): string => `/${name}?restype=container`;
  return {
    list: async (account) => {
      await journal.settle(account);
      return listContainers(store, account.store);
    },
    get: async (account, name) => {
      await journal.settle(account);
      const reply = await store.call(account.store, { method: "GET", target: at(name) });
      return reply.status === 200 ? fromHeaders(name, reply) : undefined;
    },
    create: async (account, name, metadata) => {
      await journal.settle(account);
      const reply = await store.call(account.store, {
        method: "PUT",
        target: at(name),
        headers: metadataHeaders(metadata),
      });
      if (reply.status >= 300) throw passedOn(reply);
      containerMade(account, name, journal);
    },
    setMetadata: async (account, name, metadata) => {
      await journal.settle(account);
      const reply = await store.call(account.store, {
        method: "PUT",
        target: `${at(name)}&comp=metadata`,
        headers: metadataHeaders(metadata),
      });
      if (reply.status >= 300) throw passedOn(reply);
    },
  };
}

/** Notes a new container, however it was made. */
export function containerMade(account: StorageAccount, name: string, journal: Journal): void {
  account.containers.set(name, newContainer(name));
  journal.note(account, { container: name, blob: undefined, former: undefined });
}

/** Everything in one account of the process behind, page by page. */
export async function listContainers(
  store: BlobStore,
  account: string,
): Promise<StoredContainer[]> {
  const found: StoredContainer[] = [];
  let marker = "";
  do {
    const target = `/?comp=list&include=metadata&marker=${encodeURIComponent(marker)}`;
    const reply = await store.demand(account, { method: "GET", target });
    const xml = reply.body.toString("utf8");
    found.push(...entriesIn(xml).map(({ name, text }) => fromXml(name, text)));
    marker = textIn(xml, "NextMarker");
  } while (marker !== "");
  return found;
}

function fromHeaders(name: string, { headers }: ErrandReply): StoredContainer {
  const metadata = Object.entries(headers)
    .filter(([header]) => header.startsWith("x-ms-meta-"))
    .map(([header, value]) => [header.slice("x-ms-meta-".length), String(value)]);
  return {
    name,
    etag: headers.etag ?? "",
    lastModifiedAt: Date.parse(headers["last-modified"] ?? ""),
    leaseStatus: String(headers["x-ms-lease-status"]),
    leaseState: String(headers["x-ms-lease-state"]),
    metadata: Object.fromEntries(metadata) as Record<string, string>,
  };
}

function fromXml(name: string, text: string): StoredContainer {
  const [, inner = ""] = /<Metadata>(.*)<\/Metadata>/s.exec(text) ?? [];
  const metadata = [...inner.matchAll(/<([^>/]+)>[^<]*<\/\1>/g)].map(([, key = ""]) => [
    key,
    textIn(inner, key),
  ]);
  return {
    name,
    etag: textIn(text, "Etag"),
    lastModifiedAt: Date.parse(textIn(text, "Last-Modified")),
    leaseStatus: textIn(text, "LeaseStatus"),
    leaseState: textIn(text, "LeaseState"),
    metadata: Object.fromEntries(metadata) as Record<string, string>,
  };
}

function metadataHeaders(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [`x-ms-meta-${name}`, value]),
  );
}

function passedOn({ status, headers, body }: ErrandReply): Refusal {
  const code = String(headers["x-ms-error-code"] ?? "ContainerOperationFailure");
  return new Refusal(status, code, textIn(body.toString("utf8"), "Message").split("\n")[0] ?? code);
}
