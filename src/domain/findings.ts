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
    if (issue.code === "invalid_type" && issue.input === undefined) {
      return [{ path: at(), message: `is missing; ${issue.expected} expected` }];
    }
    if (issue.code === "invalid_value" && issue.message.startsWith("Invalid")) {
      return [{ path: at(), message: `must be one of ${issue.values.map(String).join(", ")}` }];
    }
    return [{ path: at(), message: issue.message }];
  });
}
