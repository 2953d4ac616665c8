import { terminal, type ClassifiedError } from "../domain/failure.js";
import { Crc64 } from "./crc64.js";

const magic = Buffer.from("REDIS");
const eof = 0xff;
const checksumLength = 8;
/** A page blob is a multiple of this long; what is beyond the file is zero. */
const pageLength = 512;
/** The end of a file is within this many of the last bytes. */
const tailLength = pageLength + 1 + checksumLength;

/** How far the reading of an RDB file has come; small enough for a history. */
export interface RdbReading {
  readonly read: number;
  readonly crc: string;
}

/** What a file that is whole says of itself. */
export interface RdbEnd {
  readonly checksum: string;
  /** False where the server was told to leave the checksum out: then only its end speaks for it. */
  readonly proven: boolean;
}

/**
 * Takes an RDB file in any portions and proves that it is whole: its magic, the mark of its end, and
 * the checksum of all before it. It can go on where another process stopped.
 */
export class RdbVerifier {
  readonly #name: string;
  readonly #crc: Crc64;
  #read: number;
  /** The last bytes, which may be the end, are not in the checksum yet. */
  #tail: Buffer = Buffer.alloc(0);
  #begun: boolean;

  constructor(name: string, from: RdbReading = { read: 0, crc: "0".repeat(16) }) {
    this.#name = name;
    this.#read = from.read;
    this.#crc = Crc64.from(from.crc);
    this.#begun = from.read > 0;
  }

  update(bytes: Buffer): void {
    const all = this.#tail.byteLength === 0 ? bytes : Buffer.concat([this.#tail, bytes]);
    if (!this.#begun && all.byteLength >= magic.byteLength) {
      if (!all.subarray(0, magic.byteLength).equals(magic)) throw foreign(this.#name);
      this.#begun = true;
    }
    const sure = Math.max(0, all.byteLength - tailLength);
    this.#crc.update(all.subarray(0, sure));
    this.#read += sure;
    this.#tail = Buffer.from(all.subarray(sure));
  }

  /** Where another process can go on; it reads the last bytes again. */
  pause(): RdbReading {
    return { read: this.#read, crc: this.#crc.toString() };
  }

  /** Call it when all bytes were given. Throws unless the file is whole. */
  end(): RdbEnd {
    if (!this.#begun) throw truncated(this.#name);
    for (const [at, byte] of this.#tail.entries()) {
      this.#crc.update(this.#tail.subarray(at, at + 1));
      const after = at + 1 + checksumLength;
      if (byte !== eof || after > this.#tail.byteLength) continue;
      if (this.#tail.subarray(after).some((rest) => rest !== 0)) continue;
      const checksum = Buffer.from(this.#tail.subarray(at + 1, after))
        .reverse()
        .toString("hex");
      if (checksum === this.#crc.toString()) return { checksum, proven: true };
      if (/^0+$/.test(checksum)) return { checksum, proven: false };
    }
    throw truncated(this.#name);
  }
}

const foreign = (name: string): ClassifiedError =>
  terminal("export-foreign", `${name} is no RDB file`);
const truncated = (name: string): ClassifiedError =>
  terminal(
    "export-damaged",
    `${name} does not end as an RDB file does, or its checksum is another`,
  );
