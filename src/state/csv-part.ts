import { createHash } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { stringify } from "csv-stringify/sync";
import type { BlobStreams } from "../azure/blob-container.js";
import { terminal } from "../domain/failure.js";

/*
 * CSV by RFC 4180 in UTF-8, compressed: of requests a tenth is left. What a spreadsheet would take for
 * a formula gets an apostrophe before it, since names and addresses are what strangers sent.
 */

/** Some rows, with the columns that all of them have. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

export interface CsvPart {
  readonly rows: number;
  /** Of the blob, as it is stored. */
  readonly bytes: number;
  readonly sha256: string;
}

/** As many rows become text at once. */
const atOnce = 1_000;

/** Writes rows as they come into one blob; the header stands first, also where there are none. */
export async function writeCsvPart(
  container: BlobStreams,
  name: string,
  columns: readonly string[],
  pages: AsyncIterable<Rows>,
): Promise<CsvPart> {
  const written = { rows: 0, bytes: 0 };
  const hash = createHash("sha256");
  const gzip = createGzip();
  async function* compressed(): AsyncGenerator<Buffer> {
    for await (const chunk of gzip as AsyncIterable<Buffer>) {
      hash.update(chunk);
      written.bytes += chunk.byteLength;
      yield chunk;
    }
  }
  async function* text(): AsyncGenerator<string> {
    yield csv([columns]);
    for await (const page of pages) {
      if (page.columns.join() !== columns.join()) {
        throw terminal("other-columns", `asked for ${columns.join()}, got ${page.columns.join()}`);
      }
      for (let at = 0; at < page.rows.length; at += atOnce) {
        yield csv(page.rows.slice(at, at + atOnce));
      }
      written.rows += page.rows.length;
    }
  }
  // What fails on the way ends the gzip, and with it the blob that is never committed.
  pipeline(Readable.from(text()), gzip, () => undefined);
  await container.putStream(name, compressed());
  return { ...written, sha256: hash.digest("hex") };
}

/** Reads a part back from its blob; one that is not what was written is a failure for good. */
export async function verifyCsvPart(
  container: BlobStreams,
  name: string,
  { bytes, sha256 }: CsvPart,
): Promise<void> {
  const hash = createHash("sha256");
  let read = 0;
  for await (const chunk of container.readStream(name)) {
    hash.update(chunk);
    read += chunk.byteLength;
  }
  if (read !== bytes || hash.digest("hex") !== sha256) {
    throw terminal("copy-altered", `${name} is not what was written to it`);
  }
}

const csv = (rows: readonly (readonly unknown[])[]): string =>
  stringify(
    rows.map((row) => [...row]),
    {
      record_delimiter: "\r\n",
      escape_formulas: true,
      cast: {
        boolean: (value) => String(value),
        date: (value) => value.toISOString(),
      },
    },
  );
