import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { Environment } from "../../src/domain/estate.js";
import type { Stack } from "../stack/stack.js";

/** Whether the app answers its users at its own address, several times in a row: the last word on a recovery. */
export async function servesUsers(
  { simulator, simulatorReady }: Stack,
  { primary, health }: Environment["containerApp"],
): Promise<boolean> {
  const { fqdn } = await simulator.app(primary);
  const ca = readFileSync(simulatorReady.env["NODE_EXTRA_CA_CERTS"] ?? "", "utf8");
  for (let nth = 1; nth <= health.inARow; nth++) {
    const status = await statusAt(simulatorReady.direct, fqdn, health.path, ca);
    if (status !== health.expectedStatus) return false;
  }
  return true;
}

/** What a host of the simulated Azure answers; undefined where it does not. */
function statusAt(
  direct: string,
  host: string,
  path: string,
  ca: string,
): Promise<number | undefined> {
  const { hostname, port } = new URL(direct);
  return new Promise((resolve) => {
    const call = request(
      { hostname, port, path, ca, servername: host, headers: { host }, timeout: 10_000 },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    call.on("timeout", () => call.destroy());
    call.on("error", () => {
      resolve(undefined);
    });
    call.end();
  });
}
