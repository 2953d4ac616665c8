import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { SimulatorReady } from "../stack/simulator-process.js";

export interface HostAnswer {
  readonly status: number;
  readonly text: string;
}

interface HostCall {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly body?: string;
  readonly withinMs: number;
}

/** A caller of hosts of the simulated Azure; it answers undefined where a host does not. */
export function simulatedHosts({ direct, env }: SimulatorReady) {
  const ca = readFileSync(env["NODE_EXTRA_CA_CERTS"] ?? "", "utf8");
  const { hostname, port } = new URL(direct);
  return ({ method, host, path, body, withinMs }: HostCall): Promise<HostAnswer | undefined> =>
    new Promise((resolve) => {
      const call = request({
        ...{ hostname, port, method, path, ca, servername: host, timeout: withinMs },
        headers: { host, "content-length": Buffer.byteLength(body ?? "") },
      });
      call.on("response", (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => (text += chunk));
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 0, text });
        });
        answer.on("error", () => {
          resolve(undefined);
        });
      });
      call.on("timeout", () => call.destroy());
      call.on("error", () => {
        resolve(undefined);
      });
      call.end(body);
    });
}

export type CallHost = ReturnType<typeof simulatedHosts>;
