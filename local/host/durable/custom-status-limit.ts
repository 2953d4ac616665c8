const LIMIT_KB = 16;

/** The message with which an instance fails whose custom status is too long; undefined for one that fits. */
export function customStatusProblem(json: string): string | undefined {
  const kilobytes = Math.floor((json.length * 2) / 1_024);
  if (kilobytes <= LIMIT_KB) return undefined;
  return `The UTF-16 size of the JSON-serialized payload must not exceed ${LIMIT_KB} KB. The current payload size is ${kilobytes} KB.`;
}
