import type { z } from "zod";
import type { BlobContainer, BlobDescription } from "../azure/blob-container.js";
import { ClassifiedError, terminal } from "../domain/failure.js";

/** A document as it was read: what it says and the version that a conditional write names. */
export interface Versioned<T> {
  readonly value: T;
  readonly etag: string;
}

/** JSON documents of one shape in the state store. */
export interface JsonDocuments<T> {
  read(name: string): Promise<Versioned<T> | undefined>;
  /** Undefined if there was one already. */
  create(name: string, value: T): Promise<Versioned<T> | undefined>;
  /** Undefined if another write came between. */
  replace(name: string, value: T, over: Versioned<T>): Promise<Versioned<T> | undefined>;
  put(name: string, value: T, description?: BlobDescription): Promise<void>;
  /**
   * Makes a new document of what stands; of several at once each takes in what the others wrote. Where the
   * answer is undefined, what stands stays. Says what stands then; `code` names the failure where others
   * were always first.
   */
  change<Next extends T | undefined>(
    name: string,
    next: (standing: T | undefined) => Next,
    code: string,
  ): Promise<T | Next>;
}

/** So often is a change begun anew because of others. */
const mostTurns = 5;

export function jsonDocuments<Schema extends z.ZodType>(
  blobs: BlobContainer,
  schema: Schema,
): JsonDocuments<z.output<Schema>> {
  const print = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  const documents: JsonDocuments<z.output<Schema>> = {
    async read(name) {
      const stored = await blobs.read(name);
      if (stored === undefined) return undefined;
      const parsed = schema.safeParse(parseJson(stored.text));
      if (!parsed.success) {
        throw terminal(
          "unreadable-state",
          `the state store's ${name} is not what this version writes; restore or remove the blob`,
        );
      }
      return { value: parsed.data, etag: stored.etag };
    },
    async create(name, value) {
      const etag = await blobs.create(name, print(value));
      return etag === undefined ? undefined : { value, etag };
    },
    async replace(name, value, over) {
      const etag = await blobs.replace(name, print(value), over.etag);
      return etag === undefined ? undefined : { value, etag };
    },
    put: (name, value, description) => blobs.put(name, print(value), description),
    async change(name, next, code) {
      for (let turn = 1; turn <= mostTurns; turn++) {
        const standing = await documents.read(name);
        const wanted = next(standing?.value);
        if (wanted === undefined) return standing === undefined ? wanted : standing.value;
        const written =
          standing === undefined
            ? await documents.create(name, wanted)
            : await documents.replace(name, wanted, standing);
        if (written !== undefined) return wanted;
      }
      throw new ClassifiedError({
        class: "busy",
        code,
        message: `the state store's ${name} was written again and again by others`,
      });
    },
  };
  return documents;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
