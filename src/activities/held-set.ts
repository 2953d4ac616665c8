import { folderOf, type BackupManifest, type BackupSource } from "../domain/backup.js";
import { describeProven } from "../domain/backup-proof.js";
import { ClassifiedError } from "../domain/failure.js";
import type { Instant } from "../domain/instant.js";
import type { ActivityContext } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { setHolds } from "../state/set-holds.js";

/**
 * The manifest of the set that a run restores from. From now on neither it nor the sets whose copies
 * it uses are pruned; a plan holds nothing.
 */
export async function heldSet(
  store: Backups,
  { set, environment, source }: Omit<BackupSource, "kind"> & { readonly set: string },
  kind: BackupSource["kind"],
  { caller, now }: Pick<ActivityContext, "caller" | "now">,
): Promise<BackupManifest> {
  const wanted = { kind, environment, source };
  const manifest = await store.usable(set, wanted, now());
  if (caller.mode === "plan") return manifest;
  const holds = setHolds(store.container);
  const folders = [folderOf(set), ...manifest.references];
  const going = await holds.hold(wanted, caller.run, folders, now());
  if (going !== undefined) {
    throw new ClassifiedError({
      class: "busy",
      code: "set-being-removed",
      message: `${going} is being pruned; looking again whether it stays`,
    });
  }
  // It may have gone before it was held.
  return store.usable(set, wanted, now());
}

/** How old the newest proven set of these resources is, in words. */
export async function provenOf(
  store: Backups,
  kind: BackupSource["kind"],
  environment: BackupSource["environment"],
  sources: readonly string[],
  now: Instant,
): Promise<string> {
  const all = await Promise.all(
    sources.map((source) => store.newestProven({ kind, environment, source }, now)),
  );
  const [newest] = all
    .flatMap((each) => each ?? [])
    .sort((one, other) => other.takenAt.localeCompare(one.takenAt));
  return describeProven(newest, now);
}
