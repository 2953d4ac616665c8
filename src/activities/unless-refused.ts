import { classifyError } from "../azure/classify-error.js";
import type { SkippedItem } from "../domain/backup.js";

/** One thing that is refused for good does not hold up the others; it is left out and named. */
export async function unlessRefused<T>(
  name: string,
  act: () => Promise<T>,
): Promise<T | SkippedItem> {
  try {
    return await act();
  } catch (error) {
    const failure = classifyError(error);
    if (failure?.class !== "terminal") throw error;
    return { name, reason: `${failure.code}: ${failure.message}`.slice(0, 200) };
  }
}
