import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { backupAccount, stateAccount } from "../../local/stack/seed-from-estate.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack, type StackOptions } from "../../local/stack/stack.js";
import type { BackupKind, BackupSource } from "../../src/domain/backup.js";
import { sidesOf } from "../../src/domain/backup-order.js";
import { instantOf } from "../../src/domain/instant.js";
import type { Protection } from "../../src/domain/protection.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { backups, type Backups, type FoundSet } from "../../src/state/backups.js";
import { startAzurePorts, type AzurePorts } from "./azure-ports.js";
import { sampleJson } from "./estates.js";
import { ended, productionOf } from "./recovery-run.js";

/** The stack, and what tests of backups do with it, all in production. */
export interface BackupStack {
  readonly stack: Stack;
  readonly azure: AzurePorts;
  readonly service: ServiceClient;
  /** The sets as the service's own reader sees them, from outside of its host. */
  readonly sets: Backups;
  post(path: string, body: Readonly<Record<string, unknown>>): ReturnType<ServiceClient["call"]>;
  /** Orders the present period's backup of a kind; gives its run. */
  orderBackup(kind: BackupKind): Promise<string>;
  backUp(kind: BackupKind): Promise<RunRecord>;
  restore(kind: BackupKind, wish?: Readonly<Record<string, unknown>>): Promise<RunRecord>;
  protection(kind: BackupKind): Promise<Protection>;
  latest(kind: BackupKind): Promise<FoundSet | undefined>;
  stop(): Promise<void>;
}

export async function startBackupStack(options: StackOptions = {}): Promise<BackupStack> {
  const stack = await startStack(options);
  const azure = await startAzurePorts({
    ...stack.simulatorReady.env,
    STATE_BLOB_ENDPOINT: `https://${stateAccount}.blob.core.windows.net`,
    BACKUP_BLOB_ENDPOINT: `https://${backupAccount}.blob.core.windows.net`,
  });
  const service = new ServiceClient(stack.host, { "x-operator": "olga" });
  const sets = backups(azure.sets, () => azure.sets);
  const post: BackupStack["post"] = (path, body) =>
    service.call("POST", `/api/${path}`, JSON.stringify({ environment: "production", ...body }));
  const startedBy = async (
    path: string,
    body: Readonly<Record<string, unknown>>,
  ): Promise<unknown> => {
    const { status, text, json } = await post(path, body);
    if (status !== 202) throw new Error(`POST /api/${path} was answered ${status}: ${text}`);
    return json;
  };
  const orderBackup = async (kind: BackupKind): Promise<string> => {
    const json = await startedBy("backups", { kinds: [kind], reason: "a test" });
    const [backup] = (json as { backups: { id: string }[] }).backups;
    return backup?.id ?? "";
  };
  return {
    stack,
    azure,
    service,
    sets,
    post,
    orderBackup,
    backUp: async (kind) => ended(stack, await orderBackup(kind), 60_000),
    async restore(kind, wish = {}) {
      const from = "at" in wish ? {} : { from: "latest" };
      const json = await startedBy("restores", { kind, ...from, reason: "a test", ...wish });
      return ended(stack, (json as { id: string }).id, 60_000);
    },
    async protection(kind) {
      const { json } = await service.call("GET", "/api/backups?environment=production");
      const { backups: all } = json as { backups: Protection[] };
      const found = all.find((one) => one.kind === kind);
      if (found === undefined) throw new Error(`GET /api/backups does not speak of ${kind}`);
      return found;
    },
    async latest(kind) {
      const source: BackupSource = {
        kind,
        environment: "production",
        source: sidesOf(productionOf(stack), kind).primary,
      };
      return sets.latest(source, instantOf(await stack.simulator.now()));
    },
    async stop() {
      await azure.stop();
      await stack.stop();
    },
  };
}

/** A stack whose production has another cache than the sample's. */
export async function startWithCache(
  redis: Readonly<Record<string, string>>,
): Promise<BackupStack> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "redis-backups-"));
  try {
    const estate = sampleJson();
    const { production } = estate.environments;
    production["redis"] = { ...production["redis"], ...redis };
    const estateFile = path.join(folder, "estate.json");
    writeFileSync(estateFile, JSON.stringify(estate));
    return await startBackupStack({ estateFile });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts a test in a period of its own, with nothing backed up. */
export async function freshPeriod({ stack }: BackupStack): Promise<void> {
  await stack.simulator.reset();
  await stack.simulator.advance(1_800);
}
