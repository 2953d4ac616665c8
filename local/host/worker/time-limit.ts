/** A function that took longer than functionTimeout. It cannot be stopped: what it still does is not waited for. */
export class FunctionTimeoutError extends Error {
  readonly timeoutMs: number;

  constructor(name: string, timeoutMs: number) {
    super(`function '${name}' exceeded its time limit`);
    this.name = "FunctionTimeoutError";
    this.timeoutMs = timeoutMs;
  }
}

/** Gives work the time that functionTimeout allows, in real time: timers are never shifted. */
export async function withinTimeLimit<T>(
  name: string,
  timeoutMs: number | undefined,
  work: Promise<T>,
): Promise<T> {
  if (timeoutMs === undefined) return work;
  let bound: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    bound = setTimeout(() => {
      reject(new FunctionTimeoutError(name, timeoutMs));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(bound);
  }
}
