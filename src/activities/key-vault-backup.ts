import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { KeyVaults } from "../azure/key-vault.js";
import type { Secrets } from "../azure/secrets.js";
import { setFolderIn, takenAtOf, type BackupItem, type SkippedItem } from "../domain/backup.js";
import { minutes } from "../domain/duration.js";
import { ClassifiedError, terminal } from "../domain/failure.js";
import { isAfter, plus } from "../domain/instant.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { sha256 } from "../state/hash.js";
import type { StateStore } from "../state/state-store.js";
import { workLists, type ListedItem } from "../state/work-list.js";
import { inParallel } from "../domain/in-parallel.js";
import { activeVault } from "./active-vault.js";
import * as contract from "./key-vault-backup.contract.js";
import { covered } from "./ensure.js";
import { refuseUnseen } from "./side-look.js";
import { sameSecret } from "./same-secret.js";
import { unlessRefused } from "./unless-refused.js";

/** Key Vault counts calls by ten seconds and vault; five at a time stay well below. */
const atATime = 5;

/** What a backup does with key vaults. Values stay inside one activity, and never enter a set. */
export function keyVaultBackupActivities(
  apps: ContainerApps,
  vaults: KeyVaults,
  secrets: Secrets,
  store: Backups,
  state: Pick<StateStore, "leases">,
): readonly Activity[] {
  const lists = workLists(store.container);
  return [
    contract.findActiveVault.implementedBy(classifyError, async ({ vault, ...sides }) => {
      const found = await activeVault(apps, vaults, sides, vault);
      const { side, known, active, other, detail } = found;
      // A side that is away for a while is waited for: it is to be kept in step.
      refuseUnseen({ unseen: found.otherUnseen });
      return {
        side,
        known,
        id: active.id,
        uri: active.uri,
        location: active.location,
        ...(other === undefined ? {} : { otherUri: other.uri }),
        detail,
      };
    }),

    contract.listSecrets.implementedBy(classifyError, async ({ uri, set }) => {
      const items: ListedItem[] = [];
      for await (const page of secrets.pages(uri)) {
        for (const { name, updatedAt, managed, enabled } of page) {
          items.push({
            name,
            ...(updatedAt === undefined ? {} : { updatedAt }),
            ...(managed ? { skip: "belongs to a certificate, which has a backup of its own" } : {}),
            ...(enabled ? {} : { disabled: true }),
          });
        }
      }
      // What is copied comes first, so that a stretch is two numbers.
      const copied = items.filter(({ skip }) => skip === undefined);
      const left = items.filter(({ skip }) => skip !== undefined);
      const list = `${set}work/secrets.jsonl`;
      await lists.write(list, [...copied, ...left]);
      const detail = `${copied.length} secrets to back up, ${left.length} left out`;
      return { list, count: copied.length, skipped: left.length, detail };
    }),

    contract.copySecrets.implementedBy(classifyError, async (piece) => {
      const { set, list, nth, begin, end, base } = piece;
      const wanted = await lists.read(list, begin, end);
      const unchanged = await knownCopies(store, base, wanted);
      let reused = 0;
      const copies = await inParallel(wanted, atATime, async (secret) => {
        const known = unchanged.get(secret.name);
        if (known !== undefined && (await isThere(store, known))) {
          reused += 1;
          return known;
        }
        return unlessRefused(secret.name, () => copyOf(secrets, store, piece, secret));
      });
      const items = copies.filter((copy): copy is BackupItem => "blob" in copy);
      const skipped = copies.filter((copy): copy is SkippedItem => "reason" in copy);
      const part = await store.writePart(set, nth, items);
      return {
        done: wanted.length,
        reused,
        part,
        skipped,
        detail: `${items.length - reused} copied, ${reused} unchanged, ${skipped.length} left out`,
      };
    }),

    contract.syncSecrets.implementedBy(classifyError, async (piece, { caller, now }) => {
      const { from, to, list, begin, end, lease } = piece;
      if (lease !== undefined) await covered(state, caller, lease, now());
      const wanted = await lists.read(list, begin, end);
      const results = await inParallel(wanted, atATime, async (secret) => {
        if (secret.disabled === true) {
          return { name: secret.name, reason: contract.isDisabled };
        }
        return unlessRefused(secret.name, () => bringOver(secrets, from, to, secret.name));
      });
      const skipped = results.filter((result): result is SkippedItem => "reason" in result);
      const written = results.filter((result) => "written" in result && result.written).length;
      return {
        done: wanted.length,
        written,
        skipped,
        detail: `${written} written, ${wanted.length - written - skipped.length} the same, ${skipped.length} left out`,
      };
    }),

    contract.reportDeletedSecrets.implementedBy(classifyError, async ({ to, list }) => {
      const known = new Set((await lists.read(list)).map(({ name }) => name));
      const extra: string[] = [];
      for await (const page of secrets.pages(to)) {
        extra.push(...page.map(({ name }) => name).filter((name) => !known.has(name)));
      }
      return {
        count: extra.length,
        names: extra.slice(0, 20),
        detail:
          extra.length === 0
            ? "it holds nothing that the source has not"
            : `${extra.length} secrets are there alone; deletions are not mirrored: ${extra.slice(0, 5).join(", ")}`,
      };
    }),
  ];
}

/**
 * How long before its copy a secret must have been changed last. Key Vault tells that to the second
 * alone, by a clock of its own: what was changed at about the time of the copy may have been changed
 * after it, and only looks the same. It is copied again; versions would not tell of changed attributes.
 */
const certainty = minutes(1);

/** The copies of an earlier set that are still good, because their secrets have not changed since. */
async function knownCopies(
  store: Backups,
  base: string | undefined,
  wanted: readonly ListedItem[],
): Promise<ReadonlyMap<string, BackupItem>> {
  const known = new Map<string, BackupItem>();
  if (base === undefined) return known;
  const updatedAt = new Map(wanted.map((secret) => [secret.name, secret.updatedAt]));
  for await (const items of store.itemsOf(base)) {
    for (const item of items) {
      const now = updatedAt.get(item.name);
      if (now === undefined || item.sourceUpdatedAt !== now) continue;
      const copiedAt = takenAtOf(`${setFolderIn(item.blob) ?? ""}/`);
      if (copiedAt !== undefined && isAfter(copiedAt, plus(now, certainty))) {
        known.set(item.name, item);
      }
    }
  }
  return known;
}

/** Whether a copy is still what was written: a set must not rely on what somebody has removed or changed. */
async function isThere(
  store: Backups,
  { blob, bytes, sha256: hash }: BackupItem,
): Promise<boolean> {
  const seen = await store.container.look(blob);
  return seen?.bytes === bytes && seen.metadata["sha256"] === hash;
}

/**
 * Backs one secret up, and reads the copy back before it counts. Its hash is in its name: a repeat of the
 * activity, which gets other bytes for the same secret, never writes over what an earlier answer names.
 */
async function copyOf(
  secrets: Secrets,
  store: Backups,
  { uri, set }: { readonly uri: string; readonly set: string },
  { name, updatedAt }: ListedItem,
): Promise<BackupItem> {
  const bytes = await secrets.backup(uri, name);
  const hash = sha256(bytes);
  const blob = `${set}secrets/${name}.${hash.slice(0, 12)}.backup`;
  await store.container.putBytes(blob, bytes, { metadata: { sha256: hash } });
  const stored = await store.container.readBytes(blob);
  if (stored === undefined || sha256(stored) !== hash) {
    throw new ClassifiedError({
      class: "transient",
      code: "copy-differs",
      message: `the copy of ${name} is not what was written`,
    });
  }
  return {
    name,
    blob,
    bytes: bytes.byteLength,
    sha256: hash,
    ...(updatedAt === undefined ? {} : { sourceUpdatedAt: updatedAt }),
  };
}

/** Gives the other vault a secret's value, unless it has it: each writing makes a version. */
async function bringOver(
  secrets: Secrets,
  from: string,
  to: string,
  name: string,
): Promise<{ readonly written: boolean }> {
  const [source, target] = await Promise.all([secrets.value(from, name), secrets.value(to, name)]);
  if (source === undefined) return { written: false };
  if (target !== undefined && sameSecret(source, target)) return { written: false };
  // What was written here since is nobody's copy: the recovery vault may have been in use.
  if (
    target?.updatedAt !== undefined &&
    source.updatedAt !== undefined &&
    isAfter(target.updatedAt, source.updatedAt)
  ) {
    throw terminal("newer-there", "the recovery vault has a newer value, which is left as it is");
  }
  await secrets.set(to, name, source.value, source);
  return { written: true };
}
