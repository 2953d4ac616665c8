import { z } from "zod";
import type { BlobContainer } from "../azure/blob-container.js";
import { BackupItem } from "../domain/backup.js";
import { terminal } from "../domain/failure.js";
import { BlobAction } from "./blob-restore.contract.js";

/** What was decided about a blob; `etag` is what stood at the target then. */
const RestoreDecision = z.strictObject({
  item: BackupItem,
  action: BlobAction,
  etag: z.string().optional(),
});
export type RestoreDecision = z.infer<typeof RestoreDecision>;

/** What became of a blob: every wanted one has a result in the end. */
const BlobResult = z.strictObject({
  name: z.string(),
  result: z.enum(["restored", "same", "left-newer", "failed"]),
  reason: z.string().optional(),
});
export type BlobResult = z.infer<typeof BlobResult>;

/** The decisions and results of a restore, written down beside the sets: lines of JSON, a stretch each. */
export interface RestoreResults {
  nameFor(run: string, begin: number): string;
  decide(name: string, decisions: readonly RestoreDecision[]): Promise<void>;
  decisions(name: string): Promise<readonly RestoreDecision[]>;
  /** The results so far, by the names of the blobs. */
  read(name: string): Promise<ReadonlyMap<string, BlobResult>>;
  write(name: string, results: Iterable<BlobResult>): Promise<void>;
}

export function restoreResults(container: BlobContainer): RestoreResults {
  const resultsIn = (name: string): string => name.replace(/\.jsonl$/, "-results.jsonl");
  const write = (name: string, lines: Iterable<unknown>) =>
    container.put(name, [...lines].map((line) => `${JSON.stringify(line)}\n`).join(""), {
      contentType: "application/jsonl; charset=utf-8",
    });
  const linesOf = (text: string): readonly unknown[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as unknown);

  return {
    nameFor: (run, begin) => `restores/${run}/blobs-${String(begin).padStart(7, "0")}.jsonl`,
    decide: (name, decisions) => write(name, decisions),
    async decisions(name) {
      const text = (await container.read(name))?.text;
      if (text === undefined) {
        throw terminal("decisions-missing", `${name} is gone; order the restore again`);
      }
      return RestoreDecision.array().parse(linesOf(text));
    },
    async read(name) {
      const text = (await container.read(resultsIn(name)))?.text ?? "";
      const results = BlobResult.array().parse(linesOf(text));
      return new Map(results.map((result) => [result.name, result]));
    },
    write: (name, results) => write(resultsIn(name), results),
  };
}
