/**
 * What a recovery cannot do without: the operations of the platform on its path, which take as long
 * as the simulator's profile says, and the waits that its scenario declares on purpose.
 */
export type CriticalPath<StepId extends string = string> = readonly Stretch<StepId>[];

interface Stretch<StepId extends string> {
  readonly step: StepId;
  /** Milliseconds; 0 for a step that takes no more than its calls. */
  readonly takes: number;
}

export const lengthOf = (path: CriticalPath): number =>
  path.reduce((sum, { takes }) => sum + takes, 0);

/** The part of a path up to the first time that a step is done. */
export function until<StepId extends string>(
  path: CriticalPath<StepId>,
  step: StepId,
): CriticalPath<StepId> {
  const end = path.findIndex((stretch) => stretch.step === step);
  if (end === -1) throw new Error(`the path has no step ${step}`);
  return path.slice(0, end + 1);
}

/** The time from the first to the last of several looks in a row. */
export const inARow = (looks: number, apart: number): number => (looks - 1) * apart;
