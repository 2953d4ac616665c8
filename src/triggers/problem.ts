import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { findingsOf } from "../domain/findings.js";

/** An error answer as RFC 9457 problem details. */
export const Problem = z
  .strictObject({
    type: z.string().meta({ description: "about:blank, or a name of this service's own" }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    /** What is wrong with which member, and what to write instead. */
    errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
    run: z.string().optional(),
    /** What a person can do instead. */
    nextSteps: z.array(z.string()).optional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof Problem>;

const titles: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not found",
  409: "Conflict",
  413: "Content too large",
  415: "Unsupported media type",
  422: "Unprocessable content",
  503: "Service unavailable",
};

export function problem(
  status: number,
  detail: string,
  more: Pick<Problem, "errors" | "run" | "nextSteps"> & {
    readonly retryAfterSeconds?: number;
  } = {},
): HttpResponseInit {
  const { retryAfterSeconds, ...members } = more;
  const body: Problem = {
    type: "about:blank",
    title: titles[status] ?? "Error",
    status,
    detail,
    ...members,
  };
  return {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    },
    body: JSON.stringify(body),
  };
}

/** What an answer says, if it is a problem. */
export function problemIn({ body }: HttpResponseInit): Problem | undefined {
  if (typeof body !== "string") return undefined;
  const parsed = Problem.safeParse(JSON.parse(body));
  return parsed.success ? parsed.data : undefined;
}

/** The members of a body that did not parse, each with its path. */
export const invalid = (error: z.ZodError): HttpResponseInit =>
  problem(400, "the request is not what this address takes", {
    errors: findingsOf(error)
      .slice(0, 20)
      .map(({ path, message }) => ({ path: path === "" ? "(body)" : path, message })),
  });
