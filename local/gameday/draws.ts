import { createHash } from "node:crypto";
import type { Exercise } from "./exercise.js";

export const defaultSeed = 1;

/** What chance decides about a cell. The same seed draws the same for the same cell, whatever else is played. */
export interface Draws {
  /** Seconds from the failure until the alert. */
  readonly untilNoticed: number;
  /** With which of the run's changes a fault comes that comes in the middle of the run. */
  readonly change: number;
  /** Which of the run's changes a fault of calls strikes. */
  readonly struck: readonly string[];
}

/** A stream of numbers from 0 up to 1 that depends on its seed and name alone. */
export function generator(seed: number, name: string): () => number {
  let state = createHash("sha256").update(`${seed} ${name}`).digest().readUInt32LE();
  return () => {
    // The generator known as mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function drawFor(
  seed: number,
  cell: string,
  { changes, certain }: Pick<Exercise, "changes" | "certain">,
): Draws {
  const next = generator(seed, cell);
  const untilNoticed = 30 + Math.floor(next() * 10) * 30;
  const change = 1 + Math.floor(next() * certain.length);
  // One of those that are certain, so that the fault meets a request; of the rest three in four.
  const sure = certain[Math.floor(next() * certain.length)];
  const struck = changes.filter((operation) => operation === sure || next() < 0.75);
  return { untilNoticed, change, struck };
}

/** The same things in an order that the seed decides. */
export function shuffled<Thing>(seed: number, things: readonly Thing[]): readonly Thing[] {
  const next = generator(seed, "order");
  const drawn = things.map((thing) => ({ thing, place: next() }));
  return drawn.sort((a, b) => a.place - b.place).map(({ thing }) => thing);
}

export const describeDraws = ({ untilNoticed, change, struck }: Draws): string =>
  `the alert after ${untilNoticed} s, a fault in the run with change ${change}, faults of calls at ${struck.join(", ")}`;
