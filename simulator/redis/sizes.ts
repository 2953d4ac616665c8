import type { Sku } from "./schema.js";

interface Size {
  readonly memoryMegabytes: number;
  readonly connections: number;
}

// "Azure Cache for Redis planning FAQs", sizes and limits of connections.
const SIZES: Readonly<Record<string, Size>> = {
  C0: { memoryMegabytes: 250, connections: 256 },
  C1: { memoryMegabytes: 1024, connections: 1000 },
  C2: { memoryMegabytes: 2560, connections: 2000 },
  C3: { memoryMegabytes: 6144, connections: 5000 },
  C4: { memoryMegabytes: 13_312, connections: 10_000 },
  C5: { memoryMegabytes: 26_624, connections: 15_000 },
  C6: { memoryMegabytes: 54_272, connections: 20_000 },
  P1: { memoryMegabytes: 6144, connections: 7500 },
  P2: { memoryMegabytes: 13_312, connections: 15_000 },
  P3: { memoryMegabytes: 26_624, connections: 30_000 },
  P4: { memoryMegabytes: 54_272, connections: 40_000 },
  P5: { memoryMegabytes: 122_880, connections: 40_000 },
};

/** What a node of the size holds. */
export function sizeOf({ family, capacity }: Sku): Size {
  return SIZES[`${family}${capacity}`] ?? { memoryMegabytes: 250, connections: 256 };
}

export function memoryBytes(sku: Sku): number {
  return sizeOf(sku).memoryMegabytes * 1024 * 1024;
}
