import type { BackupKind } from "../../src/domain/backup.js";
import type { EnvironmentName } from "../../src/domain/environment-name.js";
import { scheduleOf, sidesOf } from "../../src/domain/backup-order.js";
import { environmentOf, type Environment } from "../../src/domain/estate.js";
import { startChild } from "../stack/child.js";
import { compiled, repository } from "../stack/repository.js";
import { backupAccount } from "../stack/seed-from-estate.js";
import type { ServiceClient } from "../stack/service-client.js";
import { beforeSimulator } from "../stack/simulator-process.js";
import type { Stack } from "../stack/stack.js";

/** Two verified sets of each kind, an interval apart, so that there is one to fall back to. */
export async function backUpTwice(
  stack: Stack,
  service: ServiceClient,
  environment: EnvironmentName,
  kinds: readonly BackupKind[],
): Promise<void> {
  const resources = environmentOf(stack.estate, environment);
  for (let nth = 1; nth <= 2; nth++) {
    for (const kind of kinds) {
      // A period has one backup, also across resets: the host remembers its runs.
      await stack.simulator.advance(scheduleOf(resources, kind).interval / 1_000);
      await backUp(service, environment, kind);
    }
  }
}

async function backUp(
  service: ServiceClient,
  environment: EnvironmentName,
  kind: BackupKind,
): Promise<void> {
  const wish = { environment, kinds: [kind], reason: "before the game day" };
  const { status, text, json } = await service.call("POST", "/api/backups", JSON.stringify(wish));
  if (status !== 202) throw new Error(`no backup of ${kind} was started: ${text}`);
  const run = (json as { backups: readonly { id: string }[] }).backups[0]?.id ?? "";
  const deadline = performance.now() + 120_000;
  for (;;) {
    const { record } = await service.run(run);
    if (record !== undefined) {
      if (record.outcome.startsWith("passed")) return;
      throw new Error(`the backup of ${kind} ended as ${record.outcome}: ${record.reason}`);
    }
    if (performance.now() > deadline) throw new Error(`the backup of ${kind} did not end`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Tears the manifests of the newest sets, as somebody else's process with too many rights. */
export async function tearNewestSets(
  stack: Stack,
  environment: Environment,
  kinds: readonly BackupKind[],
): Promise<void> {
  const prefixes = kinds.map(
    (kind) => `${kind}/${sidesOf(environment, kind).primary.split("/").at(-1) ?? ""}/`,
  );
  const child = await startChild({
    name: "the tearing of sets",
    nodeArguments: [
      ...beforeSimulator,
      compiled("local/gameday/tear-sets.js"),
      `https://${backupAccount}.blob.core.windows.net/backups`,
      ...prefixes,
    ],
    environment: stack.simulatorReady.env,
    directory: repository,
    onLog: () => undefined,
  });
  await child.stop();
}
