import type { Environment } from "../../src/domain/estate.js";
import type { Stack } from "../stack/stack.js";
import { entryOf } from "./entry.js";
import { simulatedHosts } from "./simulated-hosts.js";

/** Whether users are answered where they are led, several times in a row: the last word on a recovery. */
export async function servesUsers(
  { simulator, simulatorReady }: Stack,
  environment: Environment,
): Promise<boolean> {
  const { health } = environment.containerApp;
  const host = entryOf(await simulator.state(), environment);
  if (host === undefined) return false;
  const call = simulatedHosts(simulatorReady);
  for (let nth = 1; nth <= health.inARow; nth++) {
    const answer = await call({ method: "GET", host, path: health.path, withinMs: 10_000 });
    if (answer?.status !== health.expectedStatus) return false;
  }
  return true;
}
