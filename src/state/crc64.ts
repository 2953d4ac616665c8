/*
 * The checksum at the end of an RDB file: CRC-64 of Jones' polynomial, reflected, as Redis computes it.
 * Halves of 32 bits are much faster here than whole numbers of 64. Its state is small, so a long file
 * can be read in several goes, which no hash of node:crypto allows.
 */
const [polynomialHigh, polynomialLow] = [0x95ac9329, 0xac4bc9b5];
const [highOf, lowOf] = [new Uint32Array(256), new Uint32Array(256)];
for (let byte = 0; byte < 256; byte += 1) {
  let [high, low] = [0, byte];
  for (let bit = 0; bit < 8; bit += 1) {
    const isOdd = (low & 1) === 1;
    low = (low >>> 1) | ((high & 1) << 31);
    high >>>= 1;
    if (isOdd) {
      high ^= polynomialHigh;
      low ^= polynomialLow;
    }
  }
  highOf[byte] = high;
  lowOf[byte] = low;
}

export class Crc64 {
  #high = 0;
  #low = 0;

  /** Goes on from a state that `toString` gave. */
  static from(state: string): Crc64 {
    const crc = new Crc64();
    crc.#high = Number.parseInt(state.slice(0, 8), 16);
    crc.#low = Number.parseInt(state.slice(8), 16);
    return crc;
  }

  update(bytes: Uint8Array): void {
    let [high, low] = [this.#high, this.#low];
    for (const byte of bytes) {
      const index = (low ^ byte) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (lowOf[index] ?? 0);
      high = (high >>> 8) ^ (highOf[index] ?? 0);
    }
    this.#high = high >>> 0;
    this.#low = low >>> 0;
  }

  /** 16 hex digits. */
  toString(): string {
    const hex = (half: number): string => half.toString(16).padStart(8, "0");
    return hex(this.#high) + hex(this.#low);
  }
}
