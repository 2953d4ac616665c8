import type { BlobContainer } from "../azure/blob-container.js";
import { Claim } from "../domain/claim.js";
import { jsonDocuments, type Versioned } from "./json-document.js";

/** The claims of a run: what it began to do, and what came of it. */
export interface Claims {
  read(run: string, step: string): Promise<Versioned<Claim> | undefined>;
  /** Writes a claim over what was read; undefined if another execution of the step came first. */
  write(claim: Claim, over: Versioned<Claim> | undefined): Promise<Versioned<Claim> | undefined>;
}

const nameOf = (run: string, step: string): string => `claims/${run}/${step}.json`;

export function claims(blobs: BlobContainer): Claims {
  const documents = jsonDocuments(blobs, Claim);
  return {
    read: (run, step) => documents.read(nameOf(run, step)),
    write: (claim, over) =>
      over === undefined
        ? documents.create(nameOf(claim.run, claim.step), claim)
        : documents.replace(nameOf(claim.run, claim.step), claim, over),
  };
}
