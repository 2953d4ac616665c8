import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { DurableClient, HttpDurableClientHandler } from "durable-functions";
import type { z } from "zod";
import type { Failure } from "../domain/failure.js";
import type { Estate } from "../domain/estate.js";
import type { Instant } from "../domain/instant.js";
import type { Person } from "../domain/person.js";
import type { StateStore } from "../state/state-store.js";
import { durableRuns, type DurableRuns } from "./durable-runs.js";
import { invalid, problem } from "./problem.js";

/** What every endpoint is made with. */
export interface EndpointDependencies {
  readonly store: StateStore;
  /** The estate, or why there is none; the service says so instead of failing to load. */
  readonly estate:
    | { readonly ok: true; readonly estate: Estate }
    | { readonly ok: false; readonly findings: readonly string[] };
  readonly now: () => Instant;
  readonly classify: (error: unknown) => Failure | null;
}

/** What a handler gets for one request. */
export interface Endpoint {
  readonly request: HttpRequest;
  readonly store: StateStore;
  readonly estate: Estate;
  readonly runs: DurableRuns;
  readonly now: () => Instant;
  /** Who asks. */
  readonly who: Person;
  readonly log: (message: string) => void;
}

/** Turns a handler into a function of the app: checks the estate, and answers for every failure. */
export function endpoint(
  dependencies: EndpointDependencies,
  handle: (endpoint: Endpoint) => Promise<HttpResponseInit>,
): HttpDurableClientHandler {
  return async (request: HttpRequest, client: DurableClient, context: InvocationContext) => {
    const { estate, store, now, classify } = dependencies;
    if (!estate.ok) {
      return problem(503, "this service is not configured, so nothing can be recovered", {
        errors: estate.findings.map((message) => ({ path: "configuration", message })),
      });
    }
    try {
      const runs = durableRuns(client);
      const log = (message: string): void => {
        context.log(message);
      };
      const who: Person = { name: "holder of the function key", source: "key" };
      return await handle({ request, store, estate: estate.estate, runs, now, who, log });
    } catch (error) {
      if (error instanceof Refusal) return error.response;
      const failure = classify(error);
      if (failure !== null && failure.class !== "terminal") {
        context.warn(`request refused for now: ${failure.code}: ${failure.message}`);
        return problem(503, `${failure.message}; nothing was lost, send it again`, {
          retryAfterSeconds: 5,
        });
      }
      context.error(error);
      const why =
        failure === null ? "a defect of this service" : `${failure.code}: ${failure.message}`;
      return problem(503, `the request could not be carried out: ${why}`, {
        retryAfterSeconds: 30,
      });
    }
  };
}

/** An answer that ends a request early. */
class Refusal extends Error {
  readonly response: HttpResponseInit;

  constructor(response: HttpResponseInit) {
    super("refused");
    this.response = response;
  }
}

export const refuse = (response: HttpResponseInit): Refusal => new Refusal(response);

/** Azure Monitor sends at most 256 KB. */
const longestBody = 256 * 1024;

/** The body's text, once it is known to be of a sane size. */
export async function readText(request: HttpRequest): Promise<string> {
  const text = await request.text();
  if (Buffer.byteLength(text) > longestBody) {
    throw refuse(problem(413, `the body is longer than ${longestBody / 1024} KB`));
  }
  return text;
}

/** Reads JSON, or refuses with what is wrong with it. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse(problem(400, `the body is not JSON: ${(error as Error).message}`));
  }
}

/** What a schema makes of a value, or a refusal that names each wrong member. */
export function accept<T>(parsed: z.ZodSafeParseResult<T>): T {
  if (!parsed.success) throw refuse(invalid(parsed.error));
  return parsed.data;
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", ...headers },
  body: JSON.stringify(body),
});

/** Where a run can be looked at, as seen by whoever asked. */
export function linksOf(request: HttpRequest, run: string): RunLinks {
  const { origin, pathname } = new URL(request.url);
  const base = `${origin}${/^.*?\/(?=(?:alerts|recoveries)(?:\/|$))/i.exec(pathname)?.[0] ?? "/api/"}`;
  return { run: `${base}recoveries/${run}`, report: `${base}reports/${run}` };
}

interface RunLinks {
  readonly run: string;
  readonly report: string;
}
