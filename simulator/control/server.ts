import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { z } from "zod";
import { readBody } from "../server/exchange.js";
import { log } from "../server/log.js";
import { closed, listen } from "../server/proxy.js";
import { Refusal } from "../server/refusal.js";

/** A seed for a measurement names a hundred thousand blobs. */
const LARGEST_ORDER_BYTES = 64 * 1024 * 1024;

/** A control call; `path` may hold `{placeholders}`. */
export interface ControlRoute {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** Query parameters that it takes. */
  readonly query?: readonly string[];
  handle(call: ControlCall): ControlAnswer | Promise<ControlAnswer>;
}

interface ControlCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parses the body; a refusal names each field that is wrong. */
  readonly body: <T>(schema: z.ZodType<T>) => Promise<T>;
}

interface ControlAnswer {
  readonly status: number;
  readonly value?: unknown;
}

export interface ControlServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The simulator's own interface for tests and demos: JSON over HTTP on loopback, no token. */
export async function startControlServer(routes: readonly ControlRoute[]): Promise<ControlServer> {
  const server = createServer((incoming, outgoing) => {
    void respond(routes, incoming, outgoing);
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, close: () => closed(server) };
}

async function respond(
  routes: readonly ControlRoute[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  let answer: ControlAnswer;
  try {
    answer = await dispatch(routes, incoming);
  } catch (error) {
    if (error instanceof Refusal) {
      answer = { status: error.status, value: { error: error.message } };
    } else {
      log(`cannot answer the control call ${incoming.url ?? ""}: ${String(error)}`);
      answer = { status: 500, value: { error: String(error) } };
    }
  }
  outgoing.writeHead(answer.status, { "content-type": "application/json; charset=utf-8" });
  outgoing.end(answer.value === undefined ? undefined : JSON.stringify(answer.value));
}

async function dispatch(
  routes: readonly ControlRoute[],
  incoming: IncomingMessage,
): Promise<ControlAnswer> {
  const url = new URL(incoming.url ?? "/", "http://control");
  const segments = url.pathname.split("/");
  const matching = routes.flatMap((route) => {
    const params = match(route.path.split("/"), segments);
    return params === undefined ? [] : [{ route, params }];
  });
  if (matching.length === 0) {
    const known = routes.map(({ method, path }) => `${method} ${path}`).join(", ");
    throw new Refusal(404, "NotFound", `there is nothing at ${url.pathname}; known are ${known}`);
  }
  const found = matching.find(({ route }) => route.method === incoming.method);
  if (found === undefined) {
    const allowed = matching.map(({ route }) => route.method).join(", ");
    throw new Refusal(405, "MethodNotAllowed", `${url.pathname} answers ${allowed}`);
  }
  const { route, params } = found;
  for (const name of url.searchParams.keys()) {
    if (route.query?.includes(name) === true) continue;
    throw new Refusal(
      400,
      "BadRequest",
      `${url.pathname} does not take the query parameter ${name}; it takes ${route.query?.join(", ") ?? "none"}`,
    );
  }
  return route.handle({
    params,
    query: url.searchParams,
    body: (schema) => parseBody(incoming, schema),
  });
}

async function parseBody<T>(incoming: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const bytes = await readBody(incoming, LARGEST_ORDER_BYTES);
  let value: unknown;
  try {
    value = bytes.length === 0 ? {} : JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new Refusal(400, "BadRequest", `the body is not JSON: ${String(error)}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const findings = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join(".") || "body"}: ${message}`,
  );
  throw new Refusal(400, "BadRequest", findings.join("; "));
}

function match(
  template: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (template.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of template.entries()) {
    const segment = segments[index] ?? "";
    if (part.startsWith("{")) params[part.slice(1, -1)] = decodeURIComponent(segment);
    else if (part !== segment) return undefined;
  }
  return params;
}
