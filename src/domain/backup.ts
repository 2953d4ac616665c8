import { z } from "zod";
import { EnvironmentName } from "./environment-name.js";
import { compact, Instant, isAfter, plus } from "./instant.js";
import { minutes } from "./duration.js";
import { shortNameOf } from "./resource-id.js";

/*
 * A backup set is one prefix in the backup account: the items, then `manifest.json`, and last the
 * pointer `latest.json` of its kind and resource. What is not in a manifest does not exist.
 */

export const BackupKind = z.enum(["key-vault", "redis", "blobs", "application-insights"]);
export type BackupKind = z.infer<typeof BackupKind>;

/** The kinds that something can be restored from; Azure Monitor takes no telemetry of the past. */
export const RestorableKind = BackupKind.exclude(["application-insights"]);
export type RestorableKind = z.infer<typeof RestorableKind>;

/** One thing that was copied. */
export const BackupItem = z.strictObject({
  /** What it is called at its source: a secret's name, a blob's path, a file of an export. */
  name: z.string(),
  /** Where the copy lies, from the container's root; `container/path` for copies in one of their own. */
  blob: z.string(),
  bytes: z.int().nonnegative(),
  /** Of the copy's content, as hex; `md5:` and base64 where the service itself proved the copy so. */
  sha256: z.string(),
  /** The version or ETag that was copied, so that an unchanged thing is not copied again. */
  sourceVersion: z.string().optional(),
  sourceUpdatedAt: Instant.optional(),
});
export type BackupItem = z.infer<typeof BackupItem>;

export const SkippedItem = z.strictObject({ name: z.string(), reason: z.string() });
export type SkippedItem = z.infer<typeof SkippedItem>;

/**
 * How far a set can be trusted. `verified`: its items were read back, and hash and count agree.
 * `proven`: a restore of it was compared with the source.
 */
export const BackupCheck = z.strictObject({
  level: z.enum(["none", "verified", "proven"]),
  at: Instant.optional(),
});
export type BackupCheck = z.infer<typeof BackupCheck>;

/** A part of a long list of items: a blob of its own, so that no reader holds all of them at once. */
export const ItemPart = z.strictObject({
  blob: z.string(),
  count: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  sha256: z.string(),
});
export type ItemPart = z.infer<typeof ItemPart>;

const manifestVersion = 1;

/** What a set holds and where it came from. */
export const BackupManifest = z.strictObject({
  version: z.literal(manifestVersion),
  kind: BackupKind,
  environment: EnvironmentName,
  /** `interval` sets are pruned after 48 h; `full` ones are kept for the retention of the estate. */
  scope: z.enum(["full", "interval"]),
  source: z.string(),
  region: z.string(),
  geography: z.string(),
  subscription: z.string(),
  takenAt: Instant,
  completedAt: Instant,
  run: z.string(),
  /** The items themselves, or the parts that list them where there are many. */
  items: z.array(BackupItem),
  parts: z.array(ItemPart).default([]),
  count: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  skipped: z.array(SkippedItem),
  check: BackupCheck,
  /** Where this set's own copies lie outside of its prefix, as `container/prefix/`; they go with it. */
  copies: z.array(z.string()).default([]),
  /** The earlier sets, by folder name, whose copies of unchanged items this one uses. */
  references: z.array(z.string()).default([]),
  /** What only the kind itself understands, such as the format of a snapshot. */
  facts: z.record(z.string(), z.string()).default({}),
});
export type BackupManifest = z.infer<typeof BackupManifest>;

/** The pointer to the newest complete set, written last. */
export const LatestPointer = z.strictObject({
  version: z.literal(1),
  manifest: z.string(),
  sha256: z.string(),
  takenAt: Instant,
});
export type LatestPointer = z.infer<typeof LatestPointer>;

/** What a set is about: whose backup, of what. */
export interface BackupSource {
  readonly kind: BackupKind;
  readonly environment: EnvironmentName;
  /** ARM id of the resource. */
  readonly source: string;
}

/** Why a set cannot be used. */
export type ManifestProblem =
  "missing" | "corrupt" | "truncated" | "empty" | "foreign" | "future" | "altered";

/** What is wrong with a set: it cannot be used, or it can be and nobody knows whether it is right, or a proof says that it is not. */
export type SetProblem = ManifestProblem | "unverified" | "proof-failed";

/**
 * `<kind>/<resource>/`: every set of a resource, and its pointer, lie below. The short name is for
 * people; the estate may have no two resources of a kind with the same one.
 */
export const prefixOf = ({ kind, source }: Pick<BackupSource, "kind" | "source">): string =>
  `${kind}/${shortNameOf(source)}/`;

/** The prefix of one set: it sorts by time and names its run. */
export const setPrefix = (source: BackupSource, takenAt: Instant, run: string): string =>
  `${prefixOf(source)}${compact(takenAt)}-${run}/`;

/** `<yyyyMMddTHHmmssZ>-<run>`, the last folder of a set's prefix; copies outside carry it as well. */
export const folderOf = (set: string): string => set.split("/").at(-2) ?? "";

/** When a set was taken, by the name of its folder. */
export function takenAtOf(set: string): Instant | undefined {
  const [, y, mo, d, h, mi, s] = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[^/]+\/$/.exec(set) ?? [];
  return y === undefined ? undefined : `${y}-${mo}-${d}T${h}:${mi}:${s}.000Z`;
}

/** The folder of the set that a copy belongs to, from where it lies. */
export const setFolderIn = (blob: string): string | undefined =>
  blob.split("/").find((segment) => /^\d{8}T\d{6}Z-./.test(segment));

/**
 * Where the copies of a container's blobs lie in the backup account, as `container/prefix/`. Only
 * Azure's own containers, such as `$web`, may have a sign in their names.
 */
export const copyPlaceOf = (container: string, set: string): string =>
  `${container.replace("$", "dollar-")}-backup-${folderOf(set).slice(0, 8)}/${folderOf(set)}/`;

/** Whether a prefix is one that this service writes sets of the resource to. */
export const isOwnSet = (set: string, source: Pick<BackupSource, "kind" | "source">): boolean =>
  set.startsWith(prefixOf(source)) &&
  /^\d{8}T\d{6}Z-[A-Za-z0-9-]+\/$/.test(set.slice(prefixOf(source).length));

/** Whether a place is one that this service writes copies of the set to. */
export const isOwnCopyPlace = (place: string, set: string): boolean => {
  const [container = "", ...prefix] = place.split("/");
  const dated = container.endsWith(`-backup-${folderOf(set).slice(0, 8)}`);
  return dated && prefix.join("/") === `${folderOf(set)}/`;
};
/** The fact of a set of blobs that says how many of its parts, the last ones, are not in the order of names. */
export const slowPartsFact = "slowParts";

/** The fact of a set that says how it is known that its source was in use: `observed` or `assumed`. */
export const sideKnownFact = "sideKnown";

/** A set that does not say how its side is known is not trusted to be of the one in use. */
export const isOfSideInUse = ({ facts }: Pick<BackupManifest, "facts">): boolean =>
  facts[sideKnownFact] === "observed";

export const manifestIn = (set: string): string => `${set}manifest.json`;
export const latestIn = (source: Pick<BackupSource, "kind" | "source">): string =>
  `${prefixOf(source)}latest.json`;

/** Clocks differ a little; a set from further ahead than this was not written by this service. */
const tolerance = minutes(10);

/** What is wrong with a manifest that parsed, for someone who wants a set of `wanted`. */
export function problemIn(
  manifest: BackupManifest,
  wanted: BackupSource,
  now: Instant,
): ManifestProblem | undefined {
  const listed = manifest.items.length + manifest.parts.reduce((sum, { count }) => sum + count, 0);
  if (
    manifest.kind !== wanted.kind ||
    manifest.environment !== wanted.environment ||
    manifest.source.toLowerCase() !== wanted.source.toLowerCase()
  ) {
    return "foreign";
  }
  if (isAfter(manifest.takenAt, plus(now, tolerance))) return "future";
  if (listed !== manifest.count) return "truncated";
  if (manifest.count === 0) return "empty";
  return undefined;
}

/** What to tell an operator about a set that cannot be used. */
export const describeProblem: Record<SetProblem, string> = {
  missing: "there is no such set, or its manifest was never written",
  corrupt: "the manifest is not one that this version writes",
  truncated: "the manifest lists fewer items than it counts",
  empty: "the set holds nothing",
  foreign: "the set is another resource's, or another environment's",
  future: "the set says that it was taken in the future",
  altered: "the manifest or a part of it is not what the pointer's hash says",
  unverified: "it was never verified: not all of it could be read back; its name restores it",
  "proof-failed":
    "a proof of it has failed: not all of it is what it says; proof.json beside its manifest names what, and its name restores the rest",
};
