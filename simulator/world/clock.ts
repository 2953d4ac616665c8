/** The simulator's clock as its own code uses it. */
export interface Clock {
  /** False where this process lives in real time. */
  readonly movable: boolean;
  now(): number;
  offset(): number;
  advanceTo(instantMs: number): Promise<void>;
  advanceBy(ms: number): Promise<void>;
}
