import type { ContainerApps } from "../azure/container-apps.js";
import type { BlobCopies } from "../azure/blob-copies.js";
import { classifyError } from "../azure/classify-error.js";
import type { StorageAccounts } from "../azure/storage-accounts.js";
import { folderOf } from "../domain/backup.js";
import { terminal } from "../domain/failure.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { workLists, type ListedItem } from "../state/work-list.js";
import { accountInUse } from "./account-in-use.js";
import { BaseItems } from "./base-items.js";
import { refuseUnseen } from "./side-look.js";
import * as contract from "./blob-backup.contract.js";
import { itemName, listedOf } from "./listed-blob.js";

/** As much of a container as one activity lists, so that it ends well within a minute. */
const pagesAtOnce = 8;

/** As much as one activity copies. */
const largestPiece = { blobs: 500, bytes: 2 ** 30 };

/** What a backup does with storage accounts before anything is copied. */
export function blobBackupActivities(
  apps: ContainerApps,
  accounts: StorageAccounts,
  copies: BlobCopies,
  store: Backups,
  backupAccount: string,
): readonly Activity[] {
  const lists = workLists(store.container);
  return [
    contract.findActiveAccount.implementedBy(classifyError, async ({ storage, ...sides }) => {
      const used = await accountInUse(apps, accounts, sides, storage);
      const { view, id, side, known, detail } = used;
      refuseUnseen(used);
      if (view === undefined) throw terminal("account-missing", `${id} does not exist`);
      return {
        side,
        known,
        id: view.id,
        endpoint: view.blobEndpoint,
        region: view.primaryLocation,
        detail,
      };
    }),

    contract.prepareContainers.implementedBy(classifyError, async ({ containers }, { caller }) => {
      const made: string[] = [];
      for (const container of caller.mode === "execute" ? containers : []) {
        const place = { endpoint: backupAccount, container };
        if (await copies.ensureContainer(place)) made.push(container);
      }
      const detail = made.length === 0 ? "they are there" : `made ${made.join(", ")}`;
      return { changed: made.length > 0, detail };
    }),

    contract.listBlobs.implementedBy(classifyError, async (wanted, { now }) => {
      const { endpoint, container, set } = wanted;
      const base =
        wanted.base === undefined ? undefined : await BaseItems.open(store, wanted.base, now());
      let [pieces, slowPieces, count, token] = [0, 0, 0, wanted.token];
      for (let pages = 0; pages < pagesAtOnce; pages++) {
        const page = await copies.page({ endpoint, container }, token);
        if (page === undefined) {
          const detail = `there is no container ${container}`;
          return { exists: false, pieces: 0, slowPieces: 0, count: 0, detail };
        }
        const names = page.blobs.map(({ name }) => itemName(wanted, name));
        const known = await base?.among(names);
        const items = page.blobs.map((blob) => ({
          slow: copies.isSlow(blob),
          item: listedOf(blob, folderOf(set), known?.get(itemName(wanted, blob.name))),
        }));
        const [slow, quick] = [
          items.filter((each) => each.slow).map(({ item }) => item),
          items.filter((each) => !each.slow).map(({ item }) => item),
        ];
        for (const piece of piecesOf(quick)) {
          await lists.write(contract.pieceIn(set, wanted.piece + pieces), piece);
          pieces += 1;
        }
        for (const item of slow) {
          await lists.write(contract.slowPieceIn(set, wanted.slowPiece + slowPieces), [item]);
          slowPieces += 1;
        }
        count += page.blobs.length;
        token = page.next;
        if (token === undefined) break;
      }
      return {
        exists: true,
        pieces,
        slowPieces,
        count,
        ...(token === undefined ? {} : { token }),
        ...(base === undefined ? {} : { basePart: base.at }),
        detail: `${count} blobs in ${container}`,
      };
    }),
  ];
}

function* piecesOf(items: readonly ListedItem[]): Generator<readonly ListedItem[]> {
  let piece: ListedItem[] = [];
  let bytes = 0;
  for (const item of items) {
    const more = item.bytes ?? 0;
    const full = piece.length >= largestPiece.blobs || bytes + more > largestPiece.bytes;
    if (full && piece.length > 0) {
      yield piece;
      [piece, bytes] = [[], 0];
    }
    piece.push(item);
    bytes += more;
  }
  if (piece.length > 0) yield piece;
}
