import { createHash } from "node:crypto";

/** SHA-256 as hex: turns ids with slashes into blob names, and proves content. */
export const sha256 = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

/** What an index keeps of a blob. */
export const writtenFile = (blob: string, content: Uint8Array) => ({
  blob,
  bytes: content.byteLength,
  sha256: sha256(content),
});
