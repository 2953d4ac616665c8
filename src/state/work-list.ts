import { z } from "zod";
import type { BlobContainer } from "../azure/blob-container.js";
import { terminal } from "../domain/failure.js";
import { Instant } from "../domain/instant.js";

/** One thing that a long piece of work has to do, as it was when the list was made. */
export const ListedItem = z.strictObject({
  name: z.string(),
  updatedAt: Instant.optional(),
  version: z.string().optional(),
  /** Its content cannot be read while it is so. */
  disabled: z.boolean().optional(),
  bytes: z.int().nonnegative().optional(),
  /** Of the content, in base64, where the source tells it. */
  md5: z.string().optional(),
  /** Whether it has index tags, which are read apart. */
  tagged: z.boolean().optional(),
  /** The copy of an earlier set, where the thing has not changed since. */
  copied: z.strictObject({ blob: z.string(), sha256: z.string() }).optional(),
  /** Why it is left out, where it is. */
  skip: z.string().optional(),
});
export type ListedItem = z.infer<typeof ListedItem>;

/**
 * What is to be done, written down beside the set: the activities that do it take a stretch each, so
 * that history holds two numbers instead of thousands of names.
 */
export interface WorkLists {
  write(name: string, items: readonly ListedItem[]): Promise<void>;
  /** A stretch of the list, by position. */
  read(name: string, begin?: number, end?: number): Promise<readonly ListedItem[]>;
}

export function workLists(container: BlobContainer): WorkLists {
  return {
    async write(name, items) {
      await container.put(name, items.map((item) => `${JSON.stringify(item)}\n`).join(""));
    },
    async read(name, begin = 0, end = Infinity) {
      const text = (await container.read(name))?.text;
      if (text === undefined) {
        throw terminal("work-list-missing", `${name} is gone; start the run again`);
      }
      const lines = text.split("\n").filter((line) => line !== "");
      return lines.slice(begin, end).map((line) => ListedItem.parse(JSON.parse(line)));
    },
  };
}
