import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** The persisted offset; 0 where there is no file yet. */
export function readOffset(file: string): number {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
  const { offset } = JSON.parse(text) as { offset?: unknown };
  if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 0) {
    throw new Error(`the clock file ${file} holds no offset; remove it to start from real time`);
  }
  return offset;
}

/** Replaces the file whole, so that a reader never sees half of it. */
export function writeOffset(file: string, offset: number): void {
  const draft = `${file}.new`;
  writeFileSync(draft, `${JSON.stringify({ offset })}\n`);
  renameSync(draft, file);
}
