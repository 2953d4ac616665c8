import { readFileSync } from "node:fs";
import path from "node:path";
import { Crc64 } from "../../src/state/crc64.js";
import { RdbVerifier, type RdbEnd, type RdbReading } from "../../src/state/rdb-file.js";
import { withRedis } from "../simulator/caches.js";
import { startRedis } from "../support/redis-server.js";

/** A file that a real server wrote. */
async function realFile(...options: string[]): Promise<Buffer> {
  const server = await startRedis(...options);
  try {
    const pipeline = server.client.pipeline();
    for (let index = 0; index < 3_000; index += 1) pipeline.set(`key:${index}`, `value ${index}`);
    await pipeline.exec();
    await server.client.save();
    return readFileSync(path.join(server.folder, "dump.rdb"));
  } finally {
    await server.stop();
  }
}

function verified(bytes: Buffer, portion = 1_000): RdbEnd {
  const verifier = new RdbVerifier("dump.rdb");
  for (let at = 0; at < bytes.byteLength; at += portion) {
    verifier.update(bytes.subarray(at, at + portion));
  }
  return verifier.end();
}

/** As a page blob holds it. */
const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((512 - (bytes.byteLength % 512)) % 512)]);

describe("an RDB file", () => {
  it("has the checksum that Redis itself tests with", () => {
    const crc = new Crc64();
    crc.update(Buffer.from("123456789"));
    expect(crc.toString()).toBe("e9c6d914c4b8d9ca");
  });

  withRedis("of a real server is whole, in any portions and as a page blob", async () => {
    const file = await realFile();
    const end = verified(file);

    expect(end.checksum).toMatch(/^[0-9a-f]{16}$/);
    expect(end.proven).toBe(true);
    expect(verified(file, 7)).toEqual(end);
    expect(verified(padded(file))).toEqual(end);
  });

  withRedis("without a checksum ends as it should, and that proves nothing more", async () => {
    const file = await realFile("--rdbchecksum", "no");

    expect(verified(file)).toEqual({ checksum: "0".repeat(16), proven: false });
  });

  withRedis("can be read in several goes", async () => {
    const file = padded(await realFile());
    let reading: RdbReading | undefined;
    for (let at = 0; at < file.byteLength; at += 9_000) {
      const verifier = new RdbVerifier("dump.rdb", reading);
      const from: number = reading?.read ?? 0;
      verifier.update(file.subarray(from, at + 9_000));
      if (at + 9_000 >= file.byteLength) expect(verifier.end()).toEqual(verified(file));
      else reading = verifier.pause();
    }
    expect(reading?.read).toBeGreaterThan(9_000);
  });

  withRedis("that is cut off, changed or another file is a failure with a name", async () => {
    const file = await realFile();
    const changed = Buffer.from(file);
    changed.writeUInt8(changed.readUInt8(500) ^ 1, 500);
    const failing = (bytes: Buffer) => () => verified(bytes);

    expect(failing(file.subarray(0, -1))).toThrow("does not end as an RDB file does");
    expect(failing(file.subarray(0, 2_000))).toThrow("does not end as an RDB file does");
    expect(failing(padded(changed))).toThrow("its checksum is another");
    expect(failing(Buffer.alloc(0))).toThrow("does not end as an RDB file does");
    expect(failing(Buffer.from("RSNAP and something else"))).toThrow("is no RDB file");
  });
});
