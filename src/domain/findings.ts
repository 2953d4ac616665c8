import type { z } from "zod";

/** What is wrong with one member of something that people wrote, and what to write instead. */
export interface Finding {
  /** The path to the member; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** The findings of a parse, in words that name path and remedy. */
export function findingsOf(error: z.ZodError): readonly Finding[] {
  return error.issues.flatMap((issue) => {
    const at = (...more: string[]): string => [...issue.path.map(String), ...more].join(".");
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: at(key),
        message: "is not known here; remove it or check its spelling",
      }));
    }
    // zod's own words; a schema's are for the operator already.
    if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input")) {
      const missing = issue.message.endsWith("received undefined");
      const what = `${/^[aeio]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
      const message = missing ? `is missing; write ${what}` : `must be ${what}`;
      return [{ path: at(), message }];
    }
    if (issue.code === "invalid_value" && issue.message.startsWith("Invalid")) {
      return [{ path: at(), message: `must be one of ${issue.values.map(String).join(", ")}` }];
    }
    return [{ path: at(), message: issue.message }];
  });
}
