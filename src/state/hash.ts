import { createHash } from "node:crypto";

/** SHA-256 as hex: turns ids with slashes into blob names, and proves content. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
