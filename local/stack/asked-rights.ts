import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { SimulatorClient } from "./simulator-client.js";

/**
 * Keeps what the service needed of a simulated Azure in the folder that `ASKED_RIGHTS` names; without
 * it nothing is kept. The service is the first identity of the seed.
 */
export async function keepAskedRights(simulator: SimulatorClient, seed: unknown): Promise<void> {
  const folder = process.env["ASKED_RIGHTS"];
  if (folder === undefined) return;
  const { identities } = seed as { identities: readonly { principalId: string }[] };
  const asked = await simulator.askedRights();
  const rights = asked
    .filter(({ principalId }) => principalId === identities[0]?.principalId)
    .map(({ plane, action }) => `${plane} ${action}`);
  writeFileSync(path.join(folder, `${randomUUID()}.json`), JSON.stringify([...new Set(rights)]));
}
