import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { verifyExport } from "../../src/activities/redis-backup.contract.js";
import { redisCopyActivities } from "../../src/activities/redis-copies.js";
import type { BlobCopies } from "../../src/azure/blob-copies.js";
import type { CacheFiles } from "../../src/azure/cache-files.js";
import { milliseconds, minutes } from "../../src/domain/duration.js";
import { backups } from "../../src/state/backups.js";
import { Crc64 } from "../../src/state/crc64.js";
import { answerOf } from "../support/activity-call.js";
import { MemoryContainer } from "../support/memory-container.js";

const set = "redis/mine/20261122T140000Z-run-1/";
const endpoint = "https://backup.blob.core.windows.net";

/** A file as Redis ends it: the mark of the end, then the checksum of all before it. */
function rdb(length: number, checksum: "right" | "none" = "right"): Buffer {
  const content = randomBytes(length).map((byte) => byte & 0x7f);
  const all = Buffer.concat([Buffer.from("REDIS0011"), content, Buffer.from([0xff])]);
  const crc = new Crc64();
  crc.update(all);
  const end = checksum === "right" ? Buffer.from(crc.toString(), "hex") : Buffer.alloc(8);
  return Buffer.concat([all, end.reverse()]);
}

/** One copied file; `brief` lets an activity read a single portion before its time is over. */
function world(file: Buffer | undefined, brief = false) {
  const container = new MemoryContainer();
  const sets = backups(container, () => container);
  const view = file && { etag: '"1"', bytes: file.byteLength };
  const copies = { properties: () => Promise.resolve(view) } as unknown as BlobCopies;
  const files = {
    async *read(_at: unknown, _etag: string, from: number, to: number) {
      for (let at = from; at < to; at += 4_000) {
        yield Promise.resolve(file!.subarray(at, Math.min(to, at + 4_000)));
      }
    },
  } as unknown as CacheFiles;
  const limit = brief ? milliseconds(-1) : minutes(1);
  const activities = redisCopyActivities(
    undefined as never,
    undefined as never,
    sets,
    { place: { endpoint, container: "backups" }, streams: container },
    { files, copies },
    { copying: limit, reading: limit, unpacking: limit },
  );
  const verify = (name: string, from?: { read: number; crc: string }) =>
    answerOf(activities, verifyExport, {
      set,
      nth: 1,
      name,
      blob: `${set}exports/${name}`,
      ...(from === undefined ? {} : { from }),
    });
  return { sets, verify };
}

async function itemsOf({ sets }: ReturnType<typeof world>, part: unknown) {
  const items = [];
  for await (const some of sets.listedIn([part as never])) items.push(...some);
  return items;
}
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("a copied export", () => {
  it.each(["dump.rdb", "dump.rdb.gz"])("is proven by reading it to its end: %s", async (name) => {
    const plain = rdb(20_000);
    const file = name.endsWith(".gz") ? gzipSync(plain) : plain;
    const of = world(file);
    const answer = await of.verify(name);

    expect(answer).toMatchObject({ ok: true, value: { proven: true, done: file.byteLength } });
    if (!answer.ok) return;
    expect(await itemsOf(of, answer.value.part)).toEqual([
      { name, blob: `${set}exports/${name}`, bytes: file.byteLength, sha256: sha256(file) },
    ]);
  });

  it("is read in as many goes as it takes, each from where the last has stopped", async () => {
    const of = world(rdb(20_000), true);
    let from: { read: number; crc: string } | undefined;
    let goes = 0;
    let last: unknown;
    do {
      const answer = await of.verify("dump.rdb", from);
      if (!answer.ok) throw new Error(answer.failure.code);
      goes += 1;
      from = answer.value.next;
      last = answer.value;
    } while (from !== undefined);

    expect(goes).toBeGreaterThan(3);
    expect(last).toMatchObject({ proven: true, part: { count: 1 } });
  });

  it("that is compressed and too long for one activity is in the set, and not called proven", async () => {
    const file = gzipSync(rdb(20_000));
    const of = world(file, true);
    const answer = await of.verify("dump.rdb.gz");

    expect(answer).toMatchObject({ ok: true, value: { proven: false, part: { count: 1 } } });
    if (!answer.ok) return;
    expect(answer.value.detail).toMatch(/too long to be unpacked within one activity/);
    expect(answer.value.next).toBeUndefined();
    expect(await itemsOf(of, answer.value.part)).toMatchObject([
      { bytes: file.byteLength, sha256: "unread" },
    ]);
  });

  it("without a checksum is in the set, and not called proven", async () => {
    for (const name of ["dump.rdb", "dump.rdb.gz"]) {
      const plain = rdb(2_000, "none");
      const { verify } = world(name.endsWith(".gz") ? gzipSync(plain) : plain);
      expect(await verify(name)).toMatchObject({
        ok: true,
        value: { proven: false, detail: expect.stringMatching(/carries no checksum/) as string },
      });
    }
  });

  it("that is damaged, cut off, something else or gone fails for good", async () => {
    const plain = rdb(20_000);
    const damaged = Buffer.from(plain);
    damaged[10_000] = 0x7e ^ (damaged[10_000] ?? 0);
    const packed = gzipSync(plain);
    for (const [name, file, code] of [
      ["dump.rdb", damaged, "export-damaged"],
      ["dump.rdb", plain.subarray(0, 15_000), "export-damaged"],
      ["dump.rdb", Buffer.from("not a file of Redis"), "export-foreign"],
      ["dump.rdb.gz", gzipSync(damaged), "export-damaged"],
      ["dump.rdb.gz", packed.subarray(0, packed.byteLength - 9), "export-damaged"],
      ["dump.rdb.gz", plain, "export-damaged"],
      ["dump.rdb", undefined, "copy-missing"],
    ] as const) {
      expect(await world(file).verify(name)).toMatchObject({
        ok: false,
        failure: { class: "terminal", code },
      });
    }
  });
});
