import type { BackupProof } from "../../src/domain/backup-proof.js";
import { takenAtOf, type BackupItem, type BackupSource } from "../../src/domain/backup.js";
import { setPrefix } from "../../src/domain/backup.js";
import type { Instant } from "../../src/domain/instant.js";
import type { Backups } from "../../src/state/backups.js";
import { manifestOf } from "./backup-sets.js";

/** Completes a set that holds these items; by default one of its own. */
export async function addSet(
  store: Backups,
  source: BackupSource,
  takenAt: Instant,
  more: Parameters<typeof manifestOf>[2] = {},
): Promise<string> {
  const set = setPrefix(source, takenAt, "run-0");
  const items: BackupItem[] = [{ name: "a", blob: `${set}a`, bytes: 3, sha256: "0" }];
  await store.complete(set, manifestOf(source, takenAt, { items, run: "run-0", ...more }));
  return set;
}

/** A proof of a set that went well, unless a field says otherwise. */
export async function proofOf(
  store: Backups,
  set: string,
  more: Partial<BackupProof> = {},
): Promise<BackupProof> {
  return {
    version: 1,
    kind: "key-vault",
    set,
    manifest: await store.manifestHash(set),
    run: "proof-1",
    at: takenAtOf(set) ?? "",
    result: "proven",
    compared: { items: 1, of: 1, bytes: 3, withSource: 0 },
    failures: [],
    ...more,
  };
}
