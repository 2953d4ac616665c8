import { classifyError } from "../../azure/classify-error.js";
import { scrub } from "../../domain/credential-scrubbing.js";
import { seconds, type Milliseconds } from "../../domain/duration.js";
import { checkOf } from "../../domain/readiness/catalogue.js";
import type { CheckResult, Found } from "../../domain/readiness/readiness.js";

/** What one look may take, of however many calls it consists; an activity ends within a minute. */
const timeLimit = seconds(40);

/**
 * Makes checks that one look answers. What cannot be looked at is a finding of each of them, never
 * silence.
 */
export async function checked(
  checks: readonly string[],
  look: () => Promise<readonly CheckResult[]>,
  limit: Milliseconds = timeLimit,
): Promise<readonly CheckResult[]> {
  try {
    return await within(limit, look());
  } catch (error) {
    return checks.map((check) => ({ check, found: [unknownBecause(error, check)] }));
  }
}

/** One look of several that a check consists of; the others count all the same. */
export async function looked(
  about: string,
  look: () => Promise<readonly Found[]>,
  scenarios?: Found["scenarios"],
): Promise<readonly Found[]> {
  try {
    return await within(timeLimit, look());
  } catch (error) {
    return [{ ...unknownBecause(error, about), ...(scenarios === undefined ? {} : { scenarios }) }];
  }
}

function unknownBecause(error: unknown, about: string): Found {
  const failure = classifyError(error);
  const title = checkOf(about)?.title;
  const why =
    failure === null
      ? `a defect of this service: ${scrub(String(error)).slice(0, 200)}`
      : `${failure.code}: ${failure.message}`;
  const what = title === undefined ? shown(about) : `"${title}"`;
  return {
    about,
    level: "unknown",
    what: `${what} could not be looked at; ${why}`,
    remedy:
      failure?.class === "permission-lag"
        ? "see the findings about rights: this service may not look"
        : "evaluate again by POST /api/readiness; if it stays so, look at the resource by hand",
  };
}

const shown = (about: string): string => about.split("/").slice(-2).join("/");

async function within<T>(limit: Milliseconds, look: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DOMException(`it took longer than ${limit / 1_000} s`, "TimeoutError"));
    }, limit);
  });
  try {
    return await Promise.race([look, late]);
  } finally {
    clearTimeout(timer);
  }
}
