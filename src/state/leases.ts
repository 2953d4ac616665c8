import type { BlobContainer } from "../azure/blob-container.js";
import { ClassifiedError } from "../domain/failure.js";
import type { Instant } from "../domain/instant.js";
import { claimLease, Lease, type Claiming, type Wanted } from "../domain/lease.js";
import { sha256 } from "./hash.js";
import { jsonDocuments } from "./json-document.js";

/** Expiring leases on the resources that runs change. */
export interface Leases {
  read(resource: string): Promise<Lease | undefined>;
  /** Takes or renews the lease, or says who holds it. */
  claim(wanted: Wanted, now: Instant): Promise<Claiming>;
  /** Gives the lease back if this run holds it; harmless to repeat. */
  release(resource: string, run: string): Promise<void>;
}

const nameOf = (resource: string): string =>
  `leases/${sha256(resource.toLowerCase()).slice(0, 32)}.json`;

export function leases(blobs: BlobContainer): Leases {
  const documents = jsonDocuments(blobs, Lease);
  return {
    read: async (resource) => (await documents.read(nameOf(resource)))?.value,
    async claim(wanted, now) {
      const name = nameOf(wanted.resource);
      const standing = await documents.read(name);
      const claiming = claimLease(standing?.value, wanted, now);
      if (claiming.lease === undefined) return claiming;
      const written =
        standing === undefined
          ? await documents.create(name, claiming.lease)
          : await documents.replace(name, claiming.lease, standing);
      if (written !== undefined) return claiming;
      throw new ClassifiedError({
        class: "busy",
        code: "lease-race",
        message: "another run wrote the lease at the same moment",
      });
    },
    async release(resource, run) {
      const name = nameOf(resource);
      const standing = await documents.read(name);
      if (standing?.value.run !== run || standing.value.released) return;
      await documents.replace(name, { ...standing.value, released: true }, standing);
    },
  };
}
