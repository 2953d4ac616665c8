import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { DurableClient, HttpDurableClientHandler } from "durable-functions";
import type { z } from "zod";
import type { Failure } from "../domain/failure.js";
import type { Estate } from "../domain/estate.js";
import type { Instant } from "../domain/instant.js";
import { isRunId } from "../domain/incident.js";
import type { Identity, Permission } from "../domain/identity.js";
import type { Backups } from "../state/backups.js";
import type { StateStore } from "../state/state-store.js";
import { permitted, type Identify } from "./caller.js";
import { durableRuns, type DurableRuns } from "./durable-runs.js";
import type { PlatformAuthentication } from "./identity.js";
import { invalid, problem, problemIn, type Problem } from "./problem.js";
import { Refusal, refuseUnread } from "./refusal.js";
import { enteredFirst, RequestAudit } from "./request-audit.js";

export { refuse } from "./refusal.js";

/** What every endpoint is made with. */
export interface EndpointDependencies {
  readonly store: StateStore;
  readonly backups: Backups;
  /** The estate, or why there is none; the service says so instead of failing to load. */
  readonly estate:
    | { readonly ok: true; readonly estate: Estate }
    | { readonly ok: false; readonly findings: readonly string[] };
  readonly now: () => Instant;
  readonly classify: (error: unknown) => Failure | null;
  readonly platformAuthentication: PlatformAuthentication;
}

/** What a handler gets for one request. */
export interface Endpoint {
  readonly request: HttpRequest;
  readonly store: StateStore;
  readonly backups: Backups;
  readonly estate: Estate;
  readonly runs: DurableRuns;
  readonly now: () => Instant;
  readonly log: (message: string) => void;
  readonly who: Identity;
}

/** The same for a request that can change something: it leaves one entry in the audit. */
export interface ActingEndpoint extends Endpoint {
  readonly audit: RequestAudit;
}

/** What an address asks of its caller: a permission, or a check of its own. */
export interface Needs {
  readonly permission: Permission | Identify;
}

/** The same for an address that can change something, with its name in the audit. */
export interface ActingNeeds extends Needs {
  readonly action: string;
}

type Handler<E extends Endpoint> = (endpoint: E) => Promise<HttpResponseInit>;

/**
 * Turns a handler into a function of the app: finds out who calls, checks the estate, answers for
 * every failure, and enters in the audit what became of a request that can change something.
 */
export function endpoint(
  dependencies: EndpointDependencies,
  handle: Handler<ActingEndpoint>,
  needs: ActingNeeds,
): HttpDurableClientHandler;
export function endpoint(
  dependencies: EndpointDependencies,
  handle: Handler<Endpoint>,
  needs: Needs,
): HttpDurableClientHandler;
export function endpoint(
  dependencies: EndpointDependencies,
  handle: Handler<ActingEndpoint>,
  { permission, action }: Needs & Partial<ActingNeeds>,
): HttpDurableClientHandler {
  const { estate, store, backups, now, platformAuthentication } = dependencies;
  const identify =
    typeof permission === "function" ? permission : permitted(permission, platformAuthentication);
  return async (request: HttpRequest, client: DurableClient, context: InvocationContext) => {
    let audit: RequestAudit | undefined;
    try {
      const { who, refusal } = await identify(request, (message) => {
        context.warn(message);
      });
      const entry = { id: context.invocationId, who, action: action ?? "look" };
      const entered = new RequestAudit(store.audit, entry, now);
      if (action !== undefined) audit = entered;
      else if (request.method !== "GET") throw new Error(`${request.method} names no action`);
      entered.about(runIn(request));
      if (refusal !== undefined) throw new Refusal(refusal, true);
      if (!estate.ok) throw refuseUnread(notConfigured(estate.findings));

      const runs = durableRuns(client);
      const response = await handle({
        request,
        store,
        backups,
        estate: estate.estate,
        runs: enteredFirst(runs, entered),
        now,
        log: (message) => {
          context.log(message);
        },
        who,
        audit: entered,
      });
      await audit?.enter("accepted", `answered ${response.status ?? 200}`);
      return response;
    } catch (error) {
      const response =
        error instanceof Refusal ? error.response : failed(error, dependencies, context);
      if (audit === undefined || (error instanceof Refusal && !error.understood)) return response;
      return refused(response, audit, context);
    }
  };
}

/** An address below a run concerns that run, whatever its handler comes to say. */
function runIn({ params }: HttpRequest): { run?: string } {
  const { id } = params;
  return id !== undefined && isRunId(id) ? { run: id } : {};
}

const notConfigured = (findings: readonly string[]): HttpResponseInit =>
  problem(503, "this service is not configured, so nothing can be recovered", {
    errors: findings.map((message) => ({ path: "configuration", message })),
  });

function failed(
  error: unknown,
  { classify }: EndpointDependencies,
  context: InvocationContext,
): HttpResponseInit {
  const failure = classify(error);
  if (failure !== null && failure.class !== "terminal") {
    context.warn(`request refused for now: ${failure.code}: ${failure.message}`);
    return problem(503, `${failure.message}; nothing was lost, send it again`, {
      retryAfterSeconds: 5,
    });
  }
  context.error(error);
  const why = failure === null ? "a defect of this service" : `${failure.code}: ${failure.message}`;
  return problem(503, `the request could not be carried out: ${why}`, { retryAfterSeconds: 30 });
}

/** Enters a no before it is said; where that fails, the answer says so too. */
async function refused(
  response: HttpResponseInit,
  audit: RequestAudit,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  const said = problemIn(response);
  try {
    await audit.enter("refused", said?.detail ?? `answered ${response.status ?? 0}`, runOf(said));
    return response;
  } catch (error) {
    context.error("no audit entry could be written", error);
    const detail = `${said?.detail ?? ""}; no entry of this request could be written in the audit`;
    return { ...response, body: JSON.stringify({ ...said, detail }) };
  }
}

const runOf = (said: Problem | undefined): { run?: string } =>
  said?.run === undefined ? {} : { run: said.run };

/** Azure Monitor sends at most 256 KB. */
const longestBody = 256 * 1024;

/** The body's text, once it is known to be of a sane size. */
export async function readText(request: HttpRequest): Promise<string> {
  const text = await request.text();
  if (Buffer.byteLength(text) > longestBody) {
    throw refuseUnread(problem(413, `the body is longer than ${longestBody / 1024} KB`));
  }
  return text;
}

/** Reads JSON, or refuses with what is wrong with it. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuseUnread(problem(400, `the body is not JSON: ${(error as Error).message}`));
  }
}

/** What a schema makes of a value, or a refusal that names each wrong member. */
export function accept<T>(parsed: z.ZodSafeParseResult<T>): T {
  if (!parsed.success) throw refuseUnread(invalid(parsed.error));
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
  const base = `${origin}${/^.*?\/(?=(?:alerts|recoveries|backups|restores|reports)(?:\/|$))/i.exec(pathname)?.[0] ?? "/api/"}`;
  return { run: `${base}recoveries/${run}`, report: `${base}reports/${run}` };
}

interface RunLinks {
  readonly run: string;
  readonly report: string;
}
