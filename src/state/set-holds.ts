import { z } from "zod";
import type { BlobContainer } from "../azure/blob-container.js";
import { folderOf, prefixOf, type BackupSource } from "../domain/backup.js";
import { days, minutes } from "../domain/duration.js";
import { Instant, isAfter, plus } from "../domain/instant.js";
import { jsonDocuments } from "./json-document.js";

/** A restore keeps the sets it takes from; by folder name, until a time that no restore outlasts. */
const Hold = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  folders: z.array(z.string()),
  until: Instant,
});

/** A set is about to be removed; said before it is looked for holds. */
const Removal = z.strictObject({ version: z.literal(1), until: Instant });

/** Restores wait for people now and then; who has restored from a set once may want to again. */
const holdLength = days(7);
/** Between the word and the removal of the manifest, which speaks for itself, there are seconds. */
const removalLength = minutes(10);

type Source = Pick<BackupSource, "kind" | "source">;

/**
 * Who restores from which set, and which set is being removed. Each side writes first and looks then,
 * so that of a restore and a removal that begin at once at least one sees the other.
 */
export interface SetHolds {
  /** Holds sets, by folder name. The first of them that is being removed, if any; then it holds none. */
  hold(
    source: Source,
    run: string,
    folders: readonly string[],
    now: Instant,
  ): Promise<string | undefined>;
  release(source: Source, run: string): Promise<void>;
  /** Announces that a set goes. The run that restores from it, if any; then it does not go. */
  beginRemoval(source: Source, set: string, now: Instant): Promise<string | undefined>;
  endRemoval(source: Source, set: string): Promise<void>;
}

export function setHolds(container: BlobContainer): SetHolds {
  const holds = jsonDocuments(container, Hold);
  const removals = jsonDocuments(container, Removal);
  const below = (source: Source): string => `holds/${prefixOf(source)}`;
  const holdOf = (source: Source, run: string): string => `${below(source)}restores/${run}.json`;
  const removalOf = (source: Source, folder: string): string =>
    `${below(source)}removals/${folder}.json`;

  return {
    async hold(source, run, folders, now) {
      const until = plus(now, holdLength);
      await holds.put(holdOf(source, run), { version: 1, run, folders: [...folders], until });
      for (const folder of folders) {
        const removal = await removals.read(removalOf(source, folder));
        if (removal === undefined || !isAfter(removal.value.until, now)) continue;
        await this.release(source, run);
        return folder;
      }
      return undefined;
    },
    async release(source, run) {
      await container.remove(holdOf(source, run));
    },
    async beginRemoval(source, set, now) {
      const folder = folderOf(set);
      const until = plus(now, removalLength);
      await removals.put(removalOf(source, folder), { version: 1, until });
      for (const { name } of await container.list(`${below(source)}restores/`)) {
        const hold = (await holds.read(name))?.value;
        if (hold === undefined) continue;
        if (!isAfter(hold.until, now)) {
          await container.remove(name);
        } else if (hold.folders.includes(folder)) {
          await this.endRemoval(source, set);
          return hold.run;
        }
      }
      return undefined;
    },
    async endRemoval(source, set) {
      await container.remove(removalOf(source, folderOf(set)));
    },
  };
}
