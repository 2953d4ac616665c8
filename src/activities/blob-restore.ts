import type { BlobCopies, BlobPlace, BlobView } from "../azure/blob-copies.js";
import { classifyError } from "../azure/classify-error.js";
import type { StorageAccounts } from "../azure/storage-accounts.js";
import type { BackupItem } from "../domain/backup.js";
import { isWanted, namedExactly } from "../domain/backup-order.js";
import { terminal } from "../domain/failure.js";
import { inParallel } from "../domain/in-parallel.js";
import { isAfter, type Instant } from "../domain/instant.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { heldSet, provenOf } from "./held-set.js";
import * as contract from "./blob-restore.contract.js";
import { restoreResults, type BlobResult, type RestoreDecision } from "./restore-results.js";
import { isSameBlob, placeAt, restoredBlob } from "./restored-blob.js";

/** As many as in a backup, for the same reason. */
const atATime = 8;

/** How many names a result spells out. */
const longestList = 20;

/** What a restore does with storage accounts. */
export function blobRestoreActivities(
  accounts: StorageAccounts,
  copies: BlobCopies,
  store: Backups,
  backupAccount: string,
): readonly Activity[] {
  const results = restoreResults(store.container);
  const copyOf = ({ blob }: BackupItem): BlobPlace => placeAt(backupAccount, blob);

  return [
    contract.findRestorableAccount.implementedBy(classifyError, async (wanted, context) => {
      const { account, items } = wanted;
      const [manifest, target] = await Promise.all([
        heldSet(store, wanted, "blobs", context),
        accounts.account(account),
      ]);
      if (target === undefined) throw terminal("account-missing", `${account} does not exist`);
      const missing = new Set(namedExactly(items));
      const containers = new Set<string>();
      let [at, begin, end, count] = [0, 0, 0, 0];
      for await (const part of store.items(manifest)) {
        for (const { name } of part) {
          missing.delete(name);
          at += 1;
          if (!isWanted(items, name)) continue;
          containers.add(placeAt("", name).container);
          if (count === 0) begin = at - 1;
          end = at;
          count += 1;
        }
      }
      if (missing.size > 0) {
        const names = [...missing].slice(0, longestList).join(", ");
        throw terminal("not-in-set", `the set holds no ${names}; names are container/path`);
      }
      if (count === 0) throw terminal("nothing-wanted", "no blob of the set has such a name");
      return {
        endpoint: target.blobEndpoint,
        begin,
        end,
        wanted: count,
        containers: [...containers],
        takenAt: manifest.takenAt,
        detail: `${count} of ${manifest.count} blobs of the set of ${manifest.takenAt}, into ${target.name}; ${await provenOf(store, "blobs", wanted.environment, [wanted.source], context.now())}`,
      };
    }),

    contract.prepareTarget.implementedBy(classifyError, async (wanted, { caller }) => {
      const made: string[] = [];
      for (const name of wanted.containers) {
        const place = { endpoint: wanted.endpoint, container: name };
        const isMissing =
          caller.mode === "plan"
            ? (await copies.page(place, undefined, 1)) === undefined
            : await copies.ensureContainer(place);
        if (isMissing) made.push(name);
      }
      const detail = made.length === 0 ? "they are there" : `${made.join(", ")}, private`;
      return { changed: made.length > 0, made, detail };
    }),

    contract.compareBlobs.implementedBy(classifyError, async (piece, { caller, now }) => {
      const { environment, source, set, endpoint, begin, end, overwrite } = piece;
      const manifest = await store.usable(set, { kind: "blobs", environment, source }, now());
      const items = (await store.stretchOf(manifest, begin, end)).filter(({ name }) =>
        isWanted(piece.items, name),
      );
      const decided = await inParallel(items, atATime, async (item): Promise<RestoreDecision> => {
        const to = placeAt(endpoint, item.name);
        const standing = await copies.properties(to);
        const action = await actionFor(item, to, standing, {
          takenAt: manifest.takenAt,
          overwrite,
        });
        return { item, action, ...(standing === undefined ? {} : { etag: standing.etag }) };
      });
      const decisions = results.nameFor(caller.run, begin);
      if (caller.mode === "execute") {
        await results.decide(decisions, decided);
        await results.write(
          decisions,
          decided.flatMap(({ item: { name }, action }) => {
            const known = settled[action];
            return known === undefined ? [] : [{ name, ...known }];
          }),
        );
      }
      const counts: Record<contract.BlobAction, number> = {
        restore: 0,
        replace: 0,
        same: 0,
        "keep-newer": 0,
        overwrite: 0,
        "no-copy": 0,
      };
      for (const { action } of decided) counts[action] += 1;
      const named = (wanted: contract.BlobAction) =>
        decided
          .flatMap(({ item, action }) => (action === wanted ? [item.name] : []))
          .slice(0, longestList);
      return {
        done: items.length,
        decisions,
        counts,
        newer: named("keep-newer"),
        damaged: named("no-copy"),
        detail: contract.BlobAction.options
          .filter((action) => counts[action] > 0)
          .map((action) => `${counts[action]} ${contract.describeAction[action]}`)
          .join(", "),
      };
    }),

    contract.copyBlobsBack.implementedBy(
      classifyError,
      async ({ endpoint, decisions, actions }) => {
        const known = new Map(await results.read(decisions));
        const wanted = (await results.decisions(decisions)).filter(({ action }) =>
          actions.includes(action),
        );
        // A large one is read back to its end: one in a call, or the call does not end in its time.
        let proofs = 1;
        const outcomes = await inParallel(wanted, atATime, async (decision) => {
          const { item } = decision;
          const found = known.get(item.name);
          if (found !== undefined) return found;
          const to = placeAt(endpoint, item.name);
          return restoredBlob(copies, decision, copyOf(item), to, () => proofs-- > 0);
        });
        const done = outcomes.filter((outcome) => outcome !== "waiting");
        for (const result of done) known.set(result.name, result);
        await results.write(decisions, known.values());
        const failed = done.flatMap(({ name, result, reason }) =>
          result === "failed" ? [{ name, reason: reason ?? "for no known reason" }] : [],
        );
        const restored = done.length - failed.length;
        const waiting = outcomes.length - done.length;
        return {
          changed: restored > 0,
          done: done.length,
          restored,
          waiting,
          failed: failed.slice(0, longestList),
          detail: `${restored} restored, ${failed.length} failed${waiting === 0 ? "" : `, ${waiting} under way`}`,
        };
      },
    ),
  ];

  /** Nothing that is newer than the set is touched, unless the order says so. */
  async function actionFor(
    item: BackupItem,
    to: BlobPlace,
    standing: BlobView | undefined,
    { takenAt, overwrite }: { readonly takenAt: Instant; readonly overwrite: boolean },
  ): Promise<contract.BlobAction> {
    if (standing !== undefined && (await isSameBlob(copies, item, to, standing))) return "same";
    const isNewer = standing !== undefined && isAfter(standing.modifiedAt, takenAt);
    if (isNewer && !overwrite) return "keep-newer";
    if ((await copies.properties(copyOf(item)))?.bytes !== item.bytes) return "no-copy";
    if (standing === undefined) return "restore";
    return isNewer ? "overwrite" : "replace";
  }
}

/** The results that need nothing to be done. */
const settled: Partial<Record<contract.BlobAction, Omit<BlobResult, "name">>> = {
  same: { result: "same" },
  "keep-newer": { result: "left-newer", reason: "left as it is: newer than the copy" },
  "no-copy": { result: "failed", reason: "its copy is gone or not as long as the set says" },
};
