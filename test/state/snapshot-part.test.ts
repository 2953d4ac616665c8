import { gunzipSync, gzipSync } from "node:zlib";
import type { DumpedKey } from "../../src/azure/redis-keys.js";
import {
  readSnapshotPart,
  verifySnapshotPart,
  writeSnapshotPart,
} from "../../src/state/snapshot-part.js";
import { MemoryContainer } from "../support/memory-container.js";

const name = "redis/cache/set/part-00001.rsnap.gz";

const keyOf = (index: number): DumpedKey => ({
  database: index % 16,
  key: Buffer.from(`key:${index}`),
  payload: Buffer.alloc(index % 300, index),
  ...(index % 3 === 0 ? { expiresAt: 1_900_000_000_000 + index } : {}),
});
const large: DumpedKey = {
  database: 0,
  key: Buffer.from([0, 255]),
  payload: Buffer.alloc(90_000, 7),
};
const pages: DumpedKey[][] = [
  Array.from({ length: 700 }, (_, index) => keyOf(index)),
  [],
  [large],
  Array.from({ length: 3 }, (_, index) => keyOf(index + 700)),
];

async function* paged(given = pages): AsyncGenerator<DumpedKey[]> {
  for (const page of given) yield await Promise.resolve(page);
}

async function keysIn(container: MemoryContainer): Promise<DumpedKey[]> {
  const found: DumpedKey[] = [];
  for await (const page of readSnapshotPart(container, name).pages) found.push(...page);
  return found;
}

/** A part whose bytes, compressed or not, were changed after it was written. */
async function changed(change: {
  readonly stored?: (bytes: Buffer) => Buffer;
  readonly content?: (bytes: Buffer) => Buffer;
}): Promise<MemoryContainer> {
  const container = new MemoryContainer();
  await writeSnapshotPart(container, name, paged());
  let bytes = (await container.readBytes(name)) ?? Buffer.alloc(0);
  if (change.content !== undefined) bytes = gzipSync(change.content(gunzipSync(bytes)));
  if (change.stored !== undefined) bytes = change.stored(bytes);
  await container.putBytes(name, bytes);
  return container;
}

const withByte = (at: number, value: number) => (bytes: Buffer) => {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(value, at < 0 ? bytes.byteLength + at : at);
  return copy;
};

describe("a part of a snapshot", () => {
  it("gives back what was written, whatever portions it comes in", async () => {
    const container = new MemoryContainer();
    const written = await writeSnapshotPart(container, name, paged());
    const bytes = await container.readBytes(name);

    expect(written).toMatchObject({ count: 704, bytes: bytes?.byteLength });
    expect(await keysIn(container)).toEqual(pages.flat());
    await verifySnapshotPart(container, name, written);
  });

  it("may hold nothing", async () => {
    const container = new MemoryContainer();
    const written = await writeSnapshotPart(container, name, paged([]));

    expect(written.count).toBe(0);
    expect(await keysIn(container)).toEqual([]);
    await verifySnapshotPart(container, name, written);
  });

  it("is not there where its keys could not be read to the end", async () => {
    const container = new MemoryContainer();
    async function* breaking(): AsyncGenerator<DumpedKey[]> {
      yield await Promise.resolve([keyOf(1)]);
      throw new Error("the connection is lost");
    }
    await expect(writeSnapshotPart(container, name, breaking())).rejects.toThrow(
      "the connection is lost",
    );
    expect(container.blobs.size).toBe(0);
  });

  it.each([
    ["cut off", { stored: (bytes: Buffer) => bytes.subarray(0, -20) }, "snapshot-truncated"],
    ["empty", { stored: () => Buffer.alloc(0) }, "snapshot-truncated"],
    [
      "whole but without its end",
      { content: (bytes: Buffer) => bytes.subarray(0, -41) },
      "snapshot-truncated",
    ],
    ["of another content", { content: withByte(60, 9) }, "snapshot-corrupt"],
    ["of another hash", { content: withByte(-1, 9) }, "snapshot-corrupt"],
    ["of another count", { content: withByte(-33, 9) }, "snapshot-corrupt"],
    [
      "followed by something",
      { content: (bytes: Buffer) => Buffer.concat([bytes, bytes]) },
      "snapshot-corrupt",
    ],
    ["damaged as it is stored", { stored: withByte(300, 0) }, "snapshot-corrupt"],
    ["another file", { content: () => Buffer.from("REDIS0009 and so on") }, "snapshot-foreign"],
    ["no gzip", { stored: () => Buffer.from("REDIS0009 and so on") }, "snapshot-foreign"],
    ["of a later version", { content: withByte(5, 2) }, "snapshot-future"],
  ])("that is %s is a failure with a name", async (_what, change, code) => {
    await expect(keysIn(await changed(change))).rejects.toMatchObject({
      failure: { class: "terminal", code },
    });
  });

  it("that was replaced by another good one is not what was written", async () => {
    const container = new MemoryContainer();
    const written = await writeSnapshotPart(container, name, paged());
    await writeSnapshotPart(container, name, paged([[keyOf(1)]]));

    await expect(verifySnapshotPart(container, name, written)).rejects.toMatchObject({
      failure: { code: "snapshot-altered" },
    });
  });
});
