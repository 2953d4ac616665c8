import { backupActivities } from "../../src/activities/backup.js";
import { completeSet } from "../../src/activities/backup.contract.js";
import { blobBackupActivities } from "../../src/activities/blob-backup.js";
import * as contract from "../../src/activities/blob-backup.contract.js";
import { blobCopyActivities } from "../../src/activities/blob-piece-copies.js";
import { blobRestoreActivities } from "../../src/activities/blob-restore.js";
import type { ContainerApps } from "../../src/azure/container-apps.js";
import type { StorageAccounts, StorageAccountView } from "../../src/azure/storage-accounts.js";
import {
  copyPlaceOf,
  setPrefix,
  slowPartsFact,
  type BackupItem,
  type BackupSource,
  type ItemPart,
  type SkippedItem,
} from "../../src/domain/backup.js";
import { backups } from "../../src/state/backups.js";
import { asking } from "./activity-call.js";
import { MemoryBlobs } from "./memory-blobs.js";
import { MemoryContainer } from "./memory-container.js";

export const source: BackupSource = {
  kind: "blobs",
  environment: "production",
  source: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/prod",
};
export const endpoint = "https://prod.blob.core.windows.net";
export const backupEndpoint = "https://backup.blob.core.windows.net";
export const branding = (name: string) => ({ endpoint, container: "branding", name });

const view: StorageAccountView = {
  id: source.source,
  name: "prod",
  sku: "Standard_LRS",
  location: "eastus",
  primaryLocation: "eastus",
  secondaryLocation: undefined,
  blobEndpoint: endpoint,
  secondaryEndpoint: undefined,
  provisioningState: "Succeeded",
  primaryIsAvailable: true,
  failoverInProgress: false,
  lastFailoverAt: undefined,
  conversionInProgress: false,
  geo: undefined,
  tags: {},
};

/** The activities of blob backups over blobs in memory, and a backup as the orchestrator makes one. */
export function blobWorld() {
  const container = new MemoryContainer();
  const store = backups(container, () => new MemoryContainer());
  const blobs = new MemoryBlobs();
  const world = {
    variables: { STORAGE_ACCOUNT_URL: endpoint } as Record<string, string>,
    /** What the app answers with instead, as long as it is set. */
    appError: undefined as Error | undefined,
    account: view as StorageAccountView | undefined,
    protection: { versioning: true, blobRetentionDays: 365, containerRetentionDays: 7 },
  };
  const apps = {
    app: (id: string) =>
      id === "app" && world.appError !== undefined
        ? Promise.reject(world.appError)
        : Promise.resolve({ variables: world.variables }),
  } as unknown as ContainerApps;
  const accounts: StorageAccounts = {
    account: (id) => Promise.resolve(id === source.source ? world.account : undefined),
    accountAt: () => Promise.resolve(undefined),
    dataProtection: () => Promise.resolve(world.protection),
    protect: (_id, days) => {
      throw new Error(`no backup of blobs protects anything for ${days} days`);
    },
  };
  const activities = [
    ...backupActivities(store),
    ...blobBackupActivities(apps, accounts, blobs, store, backupEndpoint),
    ...blobCopyActivities(blobs, store, backupEndpoint),
    ...blobRestoreActivities(accounts, blobs, store, backupEndpoint),
  ];
  const { ask, done } = asking(activities);
  void blobs.ensureContainer({ endpoint, container: "branding" });

  /** A piece of a set, by its number. */
  const pieceOf = (set: string, nth: number, slow = false) => ({
    endpoint,
    container: "branding",
    target: copyPlaceOf("branding", set).split("/")[0] ?? "",
    set,
    list: slow ? contract.slowPieceIn(set, nth) : contract.pieceIn(set, nth),
    nth,
  });

  const list = async (set: string, base?: string) => {
    let [pieces, slowPieces, count, part] = [0, 0, 0, 0];
    let calls = 0;
    for (let token: string | undefined, more = true; more;) {
      const found = await done(contract.listBlobs, {
        endpoint,
        container: "branding",
        set,
        piece: pieces + 1,
        slowPiece: slowPieces + 1,
        ...(token === undefined ? {} : { token }),
        ...(base === undefined ? {} : { base: { ...source, set: base, part } }),
      });
      calls += 1;
      pieces += found.pieces;
      slowPieces += found.slowPieces;
      count += found.count;
      part = found.basePart ?? part;
      token = found.token;
      more = token !== undefined;
    }
    return { pieces, slowPieces, count, calls };
  };

  return {
    container,
    store,
    blobs,
    world,
    ask,
    done,
    list,
    pieceOf,
    backUp: async (takenAt: string, base?: string) => {
      const set = setPrefix(source, takenAt, "run-1");
      const listed = await list(set, base);
      const parts: ItemPart[] = [];
      const skipped: SkippedItem[] = [];
      const findings: string[] = [];
      let reused = 0;
      const take = (value: {
        part: ItemPart;
        skipped: SkippedItem[];
        findings: string[];
        reused: number;
      }) => {
        parts.push(value.part);
        skipped.push(...value.skipped);
        findings.push(...value.findings);
        reused += value.reused;
      };
      for (let nth = 1; nth <= listed.pieces; nth++) {
        take(await done(contract.copyBlobs, pieceOf(set, nth)));
      }
      for (let nth = 1; nth <= listed.slowPieces; nth++) {
        const piece = { ...pieceOf(set, nth, true), nth: listed.pieces + nth };
        await done(contract.startSlowCopies, piece);
        blobs.finishCopies();
        take(await done(contract.proveSlowCopies, piece));
      }
      await done(completeSet, {
        set,
        ...source,
        scope: base === undefined ? "full" : "interval",
        region: "eastus",
        takenAt,
        completedAt: takenAt,
        parts,
        skipped,
        verified: true,
        copies: [copyPlaceOf("branding", set)],
        facts: listed.slowPieces === 0 ? {} : { [slowPartsFact]: `${listed.slowPieces}` },
      });
      const items: BackupItem[] = [];
      for await (const part of store.listedIn(parts)) items.push(...part);
      return { set, listed, parts, items, skipped, findings, reused };
    },
  };
}
