import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request as httpsRequest } from "node:https";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connect } from "node:tls";

export const ROOT = join(__dirname, "../..");
export const SIMULATOR = join(ROOT, "dist/simulator/main.js");
export const CLOCK_PRELOAD = join(ROOT, "dist/local/clock/preload.js");

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON; the shape is what the test expects, and its assertions say so. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names what it expects
  readonly json: <T = Record<string, unknown>>() => T;
}

interface Call {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface SimulatorSurroundings {
  /** Where it looks for programs; by default where this process does. */
  readonly path?: string;
  readonly onLog?: (line: string) => void;
}

/** A simulator in a process of its own, and ways to speak to it over HTTP. */
export interface SimulatorProcess {
  readonly control: string;
  readonly direct: string;
  readonly env: Readonly<Record<string, string>>;
  readonly child: ChildProcess;
  /** Connects every host name to the simulator. */
  readonly agent: Agent;
  /** A call to a simulated host. */
  call(method: string, url: string, call?: Call): Promise<Reply>;
  /** A call to the control API. */
  steer(method: string, path: string, body?: unknown): Promise<Reply>;
  advance(seconds: number): Promise<void>;
  /** A token of the managed identity. */
  tokenFor(resource: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startSimulatorProcess(
  flags: readonly string[] = [],
  { path, onLog }: SimulatorSurroundings = {},
): Promise<SimulatorProcess> {
  const child = spawn(
    process.execPath,
    ["--require", CLOCK_PRELOAD, SIMULATOR, "--end-with-parent", ...flags],
    {
      stdio: ["pipe", "pipe", "pipe"],
      ...(path !== undefined && { env: { ...process.env, PATH: path } }),
    },
  );
  if (onLog) createInterface({ input: child.stderr }).on("line", onLog);
  else child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, "line").then(([first]) => String(first)),
    once(child, "exit").then(([code]) => {
      throw new Error(`the simulator ended with ${String(code)} instead of starting`);
    }),
  ]);
  const ready = JSON.parse(line) as Pick<SimulatorProcess, "control" | "direct" | "env">;
  const agent = agentTo(ready.direct, readFileSync(ready.env["NODE_EXTRA_CA_CERTS"] ?? ""));

  const steer: SimulatorProcess["steer"] = async (method, path, body) => {
    const answer = await fetch(ready.control + path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return reply(answer.status, Object.fromEntries(answer.headers), await answer.text());
  };

  return {
    ...ready,
    child,
    agent,
    steer,
    call: (method, url, call) => send(agent, method, url, call),
    advance: async (seconds) => {
      await steer("POST", "/clock/advance", { seconds });
    },
    tokenFor: async (resource) => {
      const { IDENTITY_ENDPOINT = "", IDENTITY_HEADER = "" } = ready.env;
      const answer = await fetch(
        `${IDENTITY_ENDPOINT}?api-version=2019-08-01&resource=${encodeURIComponent(resource)}`,
        { headers: { "x-identity-header": IDENTITY_HEADER } },
      );
      const { access_token } = (await answer.json()) as { access_token: string };
      return access_token;
    },
    stop: async () => {
      agent.destroy();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.stdin.end();
      await ended;
    },
  };
}

export function agentTo(direct: string, ca: Buffer): Agent {
  const port = Number(new URL(direct).port);
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = (options) => {
    const servername = "servername" in options ? String(options.servername) : "localhost";
    return connect({ host: "127.0.0.1", port, ca, servername });
  };
  return agent;
}

export function send(agent: Agent, method: string, url: string, call: Call = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const isText = typeof call.body === "string";
    const body = call.body === undefined || isText ? call.body : JSON.stringify(call.body);
    const outgoing = httpsRequest(
      url,
      {
        method,
        agent,
        headers: {
          ...(call.token !== undefined && { authorization: `Bearer ${call.token}` }),
          ...(call.body !== undefined && !isText && { "content-type": "application/json" }),
          "content-length": body === undefined ? 0 : Buffer.byteLength(body),
          ...call.headers,
        },
      },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => (text += chunk));
        incoming.on("end", () => {
          const headers = Object.fromEntries(
            Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
          );
          resolve(reply(incoming.statusCode ?? 0, headers, text));
        });
        incoming.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function reply(status: number, headers: Readonly<Record<string, string>>, text: string): Reply {
  const parse: Reply["json"] = () => JSON.parse(text) as never;
  return { status, headers, text, json: parse };
}
