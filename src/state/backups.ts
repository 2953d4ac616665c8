import type { BlobContainer } from "../azure/blob-container.js";
import {
  BackupItem,
  BackupManifest,
  describeProblem,
  LatestPointer,
  latestIn,
  manifestIn,
  prefixOf,
  problemIn,
  type BackupSource,
  type ItemPart,
  type ManifestProblem,
} from "../domain/backup.js";
import { terminal, type ClassifiedError } from "../domain/failure.js";
import { isAfter, type Instant } from "../domain/instant.js";
import { sha256 } from "./hash.js";

/** A set as it was found: usable, or why it is not. */
export type FoundSet =
  | { readonly kind: "usable"; readonly set: string; readonly manifest: BackupManifest }
  | { readonly kind: "unusable"; readonly set: string; readonly problem: ManifestProblem };

/** The backup sets of one account: schema, writer and reader of manifests stand here alone. */
export interface Backups {
  /** The container of sets, for the items themselves. */
  readonly container: BlobContainer;
  /** Writes a part of the item list; the same however often it is written. */
  writePart(set: string, nth: number, items: readonly BackupItem[]): Promise<ItemPart>;
  /** Completes a set: its manifest, then the pointer, unless that names a newer set. */
  complete(set: string, manifest: BackupManifest): Promise<{ readonly latest: boolean }>;
  /** Writes a manifest again, with another level of trust. */
  recheck(set: string, check: BackupManifest["check"], wanted: BackupSource): Promise<void>;
  /** The set that `latest.json` names. */
  latest(wanted: BackupSource, now: Instant): Promise<FoundSet | undefined>;
  read(set: string, wanted: BackupSource, now: Instant): Promise<FoundSet>;
  /** The sets that have a manifest or the beginnings of one, newest first. */
  sets(wanted: BackupSource): Promise<readonly string[]>;
  /** The items of a usable set, part by part; a part that was altered is a failure for good. */
  items(manifest: BackupManifest): AsyncIterable<readonly BackupItem[]>;
  /** The items that parts list, as a manifest will name them. */
  listedIn(parts: readonly ItemPart[]): AsyncIterable<readonly BackupItem[]>;
  /** The items of a set by its prefix, or none where it cannot be read: what was good is good. */
  itemsOf(set: string): AsyncIterable<readonly BackupItem[]>;
  /** Removes what lies below a set, its manifest first, so that half a set is never taken for one. */
  remove(set: string): Promise<{ readonly removed: number; readonly kept: number }>;
}

const print = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const partName = (set: string, nth: number): string =>
  `${set}items-${String(nth).padStart(5, "0")}.json`;

export function backups(container: BlobContainer): Backups {
  const read = async (set: string, wanted: BackupSource, now: Instant, hash?: string) => {
    const unusable = (problem: ManifestProblem): FoundSet => ({ kind: "unusable", set, problem });
    const text = (await container.read(manifestIn(set)))?.text;
    if (text === undefined) return unusable("missing");
    if (hash !== undefined && sha256(text) !== hash) return unusable("altered");
    const json = parsed(text);
    if (isNewerVersion(json)) return unusable("future");
    const manifest = BackupManifest.safeParse(json);
    if (!manifest.success) return unusable("corrupt");
    const problem = problemIn(manifest.data, wanted, now);
    return problem === undefined
      ? ({ kind: "usable", set, manifest: manifest.data } as const)
      : unusable(problem);
  };

  /** The pointer only moves forward: two runs at once leave the newer set. */
  const point = async (source: BackupSource, pointer: LatestPointer): Promise<boolean> => {
    const name = latestIn(source);
    for (let turn = 1; turn <= 5; turn++) {
      const standing = await container.read(name);
      if (standing === undefined) {
        if ((await container.create(name, print(pointer))) !== undefined) return true;
        continue;
      }
      const before = LatestPointer.safeParse(parsed(standing.text));
      if (before.success && isAfter(before.data.takenAt, pointer.takenAt)) return false;
      if ((await container.replace(name, print(pointer), standing.etag)) !== undefined) return true;
    }
    throw Object.assign(new Error(`${name} changes hands again and again`), { statusCode: 503 });
  };

  return {
    container,
    async writePart(set, nth, items) {
      const text = print(items);
      await container.put(partName(set, nth), text);
      const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
      return { blob: partName(set, nth), count: items.length, bytes, sha256: sha256(text) };
    },
    async complete(set, manifest) {
      const text = print(BackupManifest.parse(manifest));
      await container.put(manifestIn(set), text, {
        metadata: {
          takenat: manifest.takenAt,
          scope: manifest.scope,
          level: manifest.check.level,
          count: String(manifest.count),
          bytes: String(manifest.bytes),
        },
      });
      const { takenAt } = manifest;
      const pointer: LatestPointer = {
        version: 1,
        manifest: manifestIn(set),
        sha256: sha256(text),
        takenAt,
      };
      return { latest: await point(manifest, pointer) };
    },
    async recheck(set, check, wanted) {
      const found = await read(set, wanted, check.at ?? "9999-01-01T00:00:00.000Z");
      if (found.kind === "unusable") throw unusableSet(set, found.problem);
      await this.complete(set, { ...found.manifest, check });
    },
    async latest(wanted, now) {
      const text = (await container.read(latestIn(wanted)))?.text;
      if (text === undefined) return undefined;
      const pointer = LatestPointer.safeParse(parsed(text));
      if (!pointer.success) {
        return { kind: "unusable", set: prefixOf(wanted), problem: "corrupt" };
      }
      const set = pointer.data.manifest.slice(0, -"manifest.json".length);
      return read(set, wanted, now, pointer.data.sha256);
    },
    read: (set, wanted, now) => read(set, wanted, now),
    async sets(wanted) {
      return [...(await container.folders(prefixOf(wanted)))].sort().reverse();
    },
    async *items(manifest) {
      if (manifest.items.length > 0) yield manifest.items;
      yield* this.listedIn(manifest.parts);
    },
    async *itemsOf(set) {
      const text = (await container.read(manifestIn(set)))?.text;
      const manifest = BackupManifest.safeParse(text === undefined ? undefined : parsed(text));
      if (manifest.success) yield* this.items(manifest.data);
    },
    async *listedIn(parts) {
      for (const { blob, count, sha256: hash } of parts) {
        const text = (await container.read(blob))?.text;
        const items = BackupItem.array().safeParse(text === undefined ? undefined : parsed(text));
        if (text === undefined || !items.success) throw unusableSet(blob, "corrupt");
        if (sha256(text) !== hash) throw unusableSet(blob, "altered");
        if (items.data.length !== count) throw unusableSet(blob, "truncated");
        yield items.data;
      }
    },
    async remove(set) {
      const first = await container.remove(manifestIn(set));
      if (first === "kept") return { removed: 0, kept: 1 };
      let [removed, kept] = [1, 0];
      for (const { name } of await container.list(set)) {
        if ((await container.remove(name)) === "kept") kept += 1;
        else removed += 1;
      }
      return { removed, kept };
    },
  };
}

/** A set that cannot be used, as a failure for good that names it and says what is wrong. */
const unusableSet = (set: string, problem: ManifestProblem): ClassifiedError =>
  terminal(`backup-${problem}`, `${set}: ${describeProblem[problem]}`);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A manifest that a later version of this service wrote is named so, and not called corrupt. */
const isNewerVersion = (json: unknown): boolean =>
  typeof json === "object" &&
  json !== null &&
  "version" in json &&
  typeof json.version === "number" &&
  json.version > 1;
