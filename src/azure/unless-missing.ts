/** The code that Azure gives an error; the header's where the answer has no body, as to a look at a blob. */
export function errorCodeOf(error: unknown): string {
  const { code, details } = error as { code?: unknown; details?: { errorCode?: unknown } };
  const named = details?.errorCode ?? code;
  return typeof named === "string" ? named : "";
}

/**
 * What was asked for, or undefined where Azure says by one of these codes that it is not there. Without
 * codes every 404 says so; with them, one about something else is a failure.
 */
export async function unlessMissing<T>(
  ask: () => Promise<T>,
  codes?: readonly string[],
): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const isMissing = (error as { statusCode?: unknown }).statusCode === 404;
    if (isMissing && (codes?.includes(errorCodeOf(error)) ?? true)) return undefined;
    throw error;
  }
}
