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
  type BackupCheck,
  type BackupSource,
  type ItemPart,
  type ManifestProblem,
  type SetProblem,
} from "../domain/backup.js";
import { BackupProof, checkOf, proofIn, type ProvenSet } from "../domain/backup-proof.js";
import { terminal, type ClassifiedError } from "../domain/failure.js";
import { isRecoveryCache, isRecoveryName, type CacheSides } from "../domain/recovery-cache.js";
import { isAfter, type Instant } from "../domain/instant.js";
import { sha256 } from "./hash.js";
import { inParallel } from "../domain/in-parallel.js";

/** A set as it was found: usable, or why it is not. */
export type FoundSet =
  | { readonly kind: "usable"; readonly set: string; readonly manifest: BackupManifest }
  | { readonly kind: "unusable"; readonly set: string; readonly problem: ManifestProblem };

/** A usable set with how far it can be trusted now, by its manifest and the last proof of it. */
export type JudgedSet = Extract<FoundSet, { kind: "usable" }> & {
  readonly check: BackupCheck;
  /** What is wrong with it, where it is not to be taken unless it is named. */
  readonly doubt?: Extract<SetProblem, "unverified" | "proof-failed">;
};

/** What became of a removal; `left`: there is more to remove, `kept`: what a policy or hold keeps. */
interface Removal {
  readonly removed: number;
  readonly kept: number;
  readonly left: boolean;
}

export interface NewestSet {
  readonly found?: JudgedSet;
  readonly problems: readonly { readonly set: string; readonly problem: SetProblem }[];
}

/** How many sets are looked through for one that can be used: a copy that fails fails a day's intervals. */
const longestSearch = 120;

/** How many are looked through for one that was proven: a few days of the shortest intervals, some at once. */
const [longestLook, looksAtOnce] = [192, 16];

/** The backup sets of one account: schema, writer and reader of manifests stand here alone. */
export interface Backups {
  /** The container of sets, for the items themselves. */
  readonly container: BlobContainer;
  /** Writes a part of the item list; the same however often it is written. */
  writePart(set: string, nth: number, items: readonly BackupItem[]): Promise<ItemPart>;
  /** Completes a set: its manifest, then the pointer, unless that names a newer set. */
  complete(set: string, manifest: BackupManifest): Promise<{ readonly latest: boolean }>;
  /** The set that `latest.json` names. */
  latest(wanted: BackupSource, now: Instant): Promise<FoundSet | undefined>;
  read(set: string, wanted: BackupSource, now: Instant): Promise<FoundSet>;
  /** The same, with how far a usable set can be trusted now. */
  judge(
    set: string,
    wanted: BackupSource,
    now: Instant,
  ): Promise<JudgedSet | Extract<FoundSet, { kind: "unusable" }>>;
  /** Writes down what a proof came to. False: an earlier one has failed, and what has failed stays failed. */
  recordProof(proof: BackupProof): Promise<boolean>;
  /** The hash of a set's manifest as it stands. */
  manifestHash(set: string): Promise<string>;
  /** The newest set of which a restore was compared. */
  newestProven(wanted: BackupSource, now: Instant): Promise<ProvenSet | undefined>;
  /** The newest set that can be trusted, and what is wrong with newer ones. */
  newestVerified(
    wanted: BackupSource,
    now: Instant,
    among?: { readonly takenUntil: Instant },
  ): Promise<NewestSet>;
  /** The manifest of a set; one that cannot be used is a failure for good. */
  usable(set: string, wanted: BackupSource, now: Instant): Promise<BackupManifest>;
  /** The items from one position to another; parts that lie outside are not read. */
  stretchOf(manifest: BackupManifest, begin: number, end: number): Promise<readonly BackupItem[]>;
  /** The sets that have a manifest or the beginnings of one, newest first. */
  sets(wanted: BackupSource): Promise<readonly string[]>;
  /** The resources that have sets of a kind: the sides, and caches that a recovery made beside them. */
  sourcesOf(kind: BackupSource["kind"], sides: CacheSides): Promise<readonly string[]>;
  /** The caches with sets that a recovery made beside the ones that the estate names. */
  madeInRecovery(sides: CacheSides): Promise<readonly string[]>;
  /** The items of a usable set, part by part; a part that was altered is a failure for good. */
  items(manifest: BackupManifest): AsyncIterable<readonly BackupItem[]>;
  /** The items that parts list, as a manifest will name them. */
  listedIn(parts: readonly ItemPart[]): AsyncIterable<readonly BackupItem[]>;
  /** The items of a set by its prefix, or none where it cannot be read: what was good is good. */
  itemsOf(set: string): AsyncIterable<readonly BackupItem[]>;
  /**
   * Removes a set and its copies elsewhere (`container/prefix/`), at most so many blobs at a time. The
   * manifest goes first, so that half a set is never taken for one. `kept`: a policy or hold keeps it.
   */
  remove(set: string, copies: readonly string[], atMost: number): Promise<Removal>;
}

const print = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
/** With its hash in its name, so that a late repeat never writes over what an earlier answer names. */
const partName = (set: string, nth: number, hash: string): string =>
  `${set}items-${String(nth).padStart(5, "0")}-${hash.slice(0, 12)}.json`;

/** `elsewhere` gives the other containers of the same account, by name. */
export function backups(
  container: BlobContainer,
  elsewhere: (name: string) => BlobContainer,
): Backups {
  const read = async (set: string, wanted: BackupSource, now: Instant, hash?: string) =>
    examined(set, (await container.read(manifestIn(set)))?.text, wanted, now, hash);

  const examined = (
    set: string,
    text: string | undefined,
    wanted: BackupSource,
    now: Instant,
    hash?: string,
  ): FoundSet => {
    const unusable = (problem: ManifestProblem): FoundSet => ({ kind: "unusable", set, problem });
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

  const proofOf = async (set: string): Promise<BackupProof | undefined> => {
    const text = (await container.read(proofIn(set)))?.text;
    const proof = BackupProof.safeParse(text === undefined ? undefined : parsed(text));
    return proof.success && proof.data.set === set ? proof.data : undefined;
  };

  const judge: Backups["judge"] = async (set, wanted, now) => {
    const [stored, proof] = await Promise.all([container.read(manifestIn(set)), proofOf(set)]);
    const text = stored?.text;
    const found = examined(set, text, wanted, now);
    if (found.kind === "unusable") return found;
    const check = checkOf(found.manifest, sha256(text ?? ""), proof);
    if (check.level !== "none") return { ...found, check };
    const doubt = found.manifest.check.level === "none" ? "unverified" : "proof-failed";
    return { ...found, check, doubt };
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
      const hash = sha256(text);
      const blob = partName(set, nth, hash);
      await container.put(blob, text);
      const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
      return { blob, count: items.length, bytes, sha256: hash };
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
    judge,
    async recordProof(proof) {
      const before = await proofOf(proof.set);
      // Another sample may miss what one has found.
      if (before?.result === "failed" && before.run !== proof.run) return false;
      await container.put(proofIn(proof.set), print(BackupProof.parse(proof)));
      return true;
    },
    async manifestHash(set) {
      const text = (await container.read(manifestIn(set)))?.text;
      if (text === undefined) throw unusableSet(set, "missing");
      return sha256(text);
    },
    async newestProven(wanted, now) {
      const sets = (await this.sets(wanted)).slice(0, longestLook);
      for (let from = 0; from < sets.length; from += looksAtOnce) {
        const some = sets.slice(from, from + looksAtOnce);
        const proofs = await Promise.all(some.map(proofOf));
        for (const [index, set] of some.entries()) {
          if (proofs[index]?.result !== "proven") continue;
          const found = await judge(set, wanted, now);
          if (found.kind !== "usable" || found.check.level !== "proven") continue;
          const { takenAt } = found.manifest;
          return { set, takenAt, provenAt: found.check.at ?? takenAt };
        }
      }
      return undefined;
    },
    async newestVerified(wanted, now, among) {
      const problems: { set: string; problem: SetProblem }[] = [];
      const latest = await this.latest(wanted, now);
      if (latest === undefined) return { problems };
      const others = (await this.sets(wanted)).filter((set) => set !== latest.set);
      for (const set of [latest.set, ...others].slice(0, longestSearch)) {
        const isLatest = set === latest.set;
        // The pointer's hash tells of a manifest that was altered since.
        const found =
          isLatest && latest.kind === "unusable" ? latest : await judge(set, wanted, now);
        if (found.kind === "usable") {
          const { takenAt } = found.manifest;
          if (among !== undefined && isAfter(takenAt, among.takenUntil)) continue;
          if (found.doubt === undefined) return { found, problems };
          problems.push({ set, problem: found.doubt });
        } else if (isLatest || found.problem !== "missing") {
          // Without a manifest a set was never completed, and is none.
          problems.push({ set, problem: found.problem });
        }
      }
      return { problems };
    },
    async sets(wanted) {
      return [...(await container.folders(prefixOf(wanted)))].sort().reverse();
    },
    async usable(set, wanted, now) {
      const found = await read(set, wanted, now);
      if (found.kind === "unusable") throw unusableSet(set, found.problem);
      return found.manifest;
    },
    async sourcesOf(kind, sides) {
      const made = kind === "redis" ? await this.madeInRecovery(sides) : [];
      return [sides.primary, sides.secondary, ...made].flatMap((source) => source ?? []);
    },
    async madeInRecovery(sides) {
      const all = await container.folders("redis/");
      const found: string[] = [];
      for (const folder of all) {
        if (!isRecoveryName(sides, folder.split("/").at(-2) ?? "")) continue;
        // Only a manifest knows the whole id; two environments may have caches of one name.
        const text = (await container.read(`${folder}latest.json`))?.text;
        const pointer = LatestPointer.safeParse(text === undefined ? undefined : parsed(text));
        const named = pointer.success ? (await container.read(pointer.data.manifest))?.text : "";
        const manifest = BackupManifest.safeParse(parsed(named ?? ""));
        if (manifest.success && isRecoveryCache(sides, manifest.data.source)) {
          found.push(manifest.data.source);
        }
      }
      return found;
    },
    async stretchOf(manifest, begin, end) {
      if (manifest.items.length > 0) return manifest.items.slice(begin, end);
      const found: BackupItem[] = [];
      let first = 0;
      for (const part of manifest.parts) {
        const after = first + part.count;
        if (after > begin && first < end) {
          for await (const items of this.listedIn([part])) {
            found.push(...items.slice(Math.max(0, begin - first), end - first));
          }
        }
        first = after;
      }
      return found;
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
    async remove(set, copies, atMost) {
      const places = copies.map((place) => {
        const [name = "", ...prefix] = place.split("/");
        return { where: elsewhere(name), prefix: prefix.join("/"), own: true };
      });
      const whole: Removal = { removed: 0, kept: 1, left: false };
      // A copy that stays is of no use without its manifest, so the whole set stays then.
      for (const { where, prefix } of places) {
        const { hold, policy } = await where.protection();
        if (hold) return whole;
        // Whether a policy still keeps a blob is seen only by trying.
        const [young] = policy ? await where.list(prefix, 1) : [];
        if (young !== undefined && (await where.remove(young.name)) === "kept") return whole;
      }
      if ((await container.protection()).hold) return whole;
      const first = await container.remove(manifestIn(set));
      if (first === "kept") return whole;
      let [removed, kept, left] = [0, 0, false];
      for (const { where, prefix, own } of [
        ...places,
        { where: container, prefix: set, own: false },
      ]) {
        const room = atMost - removed - kept;
        const names = await where.list(prefix, room + 1);
        left ||= names.length > room;
        const results = await inParallel(names.slice(0, room), 16, ({ name }) =>
          where.remove(name),
        );
        removed += results.filter((result) => result === "removed").length;
        kept += results.filter((result) => result === "kept").length;
        if (own && !left && kept === 0) await where.removeIfEmpty();
      }
      return { removed, kept, left: left && kept === 0 };
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
