import { backupAccount } from "../../local/stack/seed-from-estate.js";
import { ServiceClient } from "../../local/stack/service-client.js";
import type { Stack } from "../../local/stack/stack.js";
import { BackupManifest, LatestPointer, type BackupItem } from "../../src/domain/backup.js";
import type { BackupOrder, RestoreOrder } from "../../src/domain/backup-order.js";
import { backupRunId } from "../../src/domain/backup-schedule.js";
import type { Instant } from "../../src/domain/instant.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { startAzurePorts, type AzurePorts } from "./azure-ports.js";
import { ended, productionOf } from "./recovery-run.js";

/** Backups and restores of production's blobs on a stack, and what lies in both accounts. */
export class BlobBackups {
  readonly source: string;
  readonly endpoint: string;
  readonly backupEndpoint = `https://${backupAccount}.blob.core.windows.net`;
  readonly ports: AzurePorts;
  readonly #stack: Stack;
  #nth = 0;

  private constructor(stack: Stack, ports: AzurePorts) {
    this.#stack = stack;
    this.ports = ports;
    this.source = productionOf(stack).storage.primary;
    this.endpoint = endpointOf(this.source);
  }

  static async on(stack: Stack): Promise<BlobBackups> {
    const endpoint = endpointOf(productionOf(stack).storage.primary);
    const ports = await startAzurePorts({
      ...stack.simulatorReady.env,
      STATE_BLOB_ENDPOINT: endpoint,
      STATE_CONTAINER: "branding",
      BACKUP_BLOB_ENDPOINT: `https://${backupAccount}.blob.core.windows.net`,
    });
    return new BlobBackups(stack, ports);
  }

  /** The container that is backed up, for a test to change. */
  get branding(): AzurePorts["state"] {
    return this.ports.state;
  }

  /** Starts a backup as the timer does. */
  async start(more: Partial<BackupOrder> = {}): Promise<string> {
    const now = (await this.#stack.simulator.now()).toISOString();
    const order: BackupOrder = {
      ...(await this.#order(this.source)),
      kind: "blobs",
      period: now,
      scope: "full",
      trigger: { kind: "timer", schedule: "startBackups" },
      ...more,
    };
    const id = `${backupRunId("blobs", "production", order.period)}-t${++this.#nth}`;
    await this.#start("backUpBlobs", id, order);
    return id;
  }

  async backUp(more: Partial<BackupOrder> = {}): Promise<RunRecord> {
    return ended(this.#stack, await this.start(more));
  }

  async restore(more: Partial<RestoreOrder> & Pick<RestoreOrder, "set">): Promise<RunRecord> {
    const order: RestoreOrder = {
      ...(await this.#order(more.resource ?? this.source)),
      kind: "blobs",
      source: this.source,
      items: [],
      overwrite: false,
      trigger: { kind: "operator", who: "Ada", source: "entra", reason: "a test" },
      ...more,
    };
    const id = `restore-blobs-production-t${++this.#nth}`;
    await this.#start("restoreBlobs", id, order);
    return ended(this.#stack, id);
  }

  /** What the pointer names. */
  async latest(): Promise<{ readonly set: string; readonly manifest: BackupManifest }> {
    const account = parseResourceId(this.source)?.name ?? "";
    const pointer = LatestPointer.parse(
      JSON.parse(await this.#backedUp(`blobs/${account}/latest.json`)),
    );
    const manifest = BackupManifest.parse(JSON.parse(await this.#backedUp(pointer.manifest)));
    return { set: pointer.manifest.slice(0, -"manifest.json".length), manifest };
  }

  /** The content of an item's copy, or of a blob of the account. */
  async contentOf(item: Pick<BackupItem, "blob">): Promise<string | undefined> {
    return this.text(this.#placeOf(item));
  }

  at(name: string) {
    return { endpoint: this.endpoint, container: "branding", name };
  }

  pathOf({ name }: Pick<BackupItem, "name">): string {
    return name.slice("branding/".length);
  }

  /** A blob of the account, by its path. */
  brandingText(name: string): Promise<string | undefined> {
    return this.text(this.at(name));
  }

  /** The text at the source of each item of a set. */
  async texts({ items }: BackupManifest): Promise<Readonly<Record<string, string | undefined>>> {
    const texts: Record<string, string | undefined> = {};
    for (const item of items) texts[item.name] = await this.brandingText(this.pathOf(item));
    return texts;
  }

  copyOf(item: BackupItem) {
    return this.ports.blobCopies.properties(this.#placeOf(item));
  }

  removeCopy(item: BackupItem): Promise<void> {
    return this.ports.blobCopies.remove(this.#placeOf(item));
  }

  /** Puts something of the same length and another content in the place of a copy. */
  async damageCopy(item: BackupItem): Promise<void> {
    await this.ports.anyBlob.write(this.#placeOf(item), "x".repeat(item.bytes));
  }

  /** What became of each blob of a restore, as it is written down. */
  async resultsOf(run: string): Promise<readonly unknown[]> {
    const text = await this.#backedUp(`restores/${run}/blobs-0000000-results.jsonl`);
    const results = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { name: string });
    return results.sort((one, other) => one.name.localeCompare(other.name));
  }

  #placeOf({ blob }: Pick<BackupItem, "blob">) {
    const [container = "", ...path] = blob.split("/");
    return { endpoint: this.backupEndpoint, container, name: path.join("/") };
  }

  async text(place: {
    endpoint: string;
    container: string;
    name: string;
  }): Promise<string | undefined> {
    return this.ports.anyBlob.text(place);
  }

  async #backedUp(name: string): Promise<string> {
    const place = { endpoint: this.backupEndpoint, container: "backups", name };
    const text = await this.text(place);
    if (text === undefined) throw new Error(`there is no ${name}`);
    return text;
  }

  async #order(resource: string) {
    const detectedAt: Instant = (await this.#stack.simulator.now()).toISOString();
    return {
      environment: "production" as const,
      resource,
      mode: "execute" as const,
      authority: "act" as const,
      detectedAt,
      estate: productionOf(this.#stack),
    };
  }

  async #start(orchestrator: string, id: string, input: unknown): Promise<void> {
    const client = new ServiceClient(this.#stack.host);
    const answer = await client.call(
      "POST",
      `/runtime/webhooks/durabletask/orchestrators/${orchestrator}/${id}`,
      JSON.stringify(input),
    );
    if (answer.status !== 202)
      throw new Error(`${id} was answered ${answer.status}: ${answer.text}`);
  }
}

export const endpointOf = (account: string): string =>
  `https://${parseResourceId(account)?.name ?? ""}.blob.core.windows.net`;
