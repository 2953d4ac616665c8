import { parseResourceId } from "./resource-id.js";

/** The sides of a cache that an estate names. */
export interface CacheSides {
  readonly primary: string;
  readonly secondary?: string | undefined;
}

/** The resource groups in which an environment's caches are, the one for new caches first. */
export const cacheGroups = ({ primary, secondary }: CacheSides): readonly string[] => [
  ...new Set([secondary ?? primary, primary].map(groupOf)),
];

/**
 * The id of a cache that a run makes: beside the secondary, or beside the primary where there is none.
 * The name is legal for both kinds, unique to the run and told from that of the estate's caches.
 */
export function recoveryCacheId(
  sides: CacheSides,
  kind: "classic" | "managed",
  run: string,
  round: number,
): string {
  const type = kind === "classic" ? "redis" : "redisEnterprise";
  const suffix = `${run.slice(-6).toLowerCase()}${round === 1 ? "" : `-${round}`}`;
  return `${cacheGroups(sides)[0] ?? ""}/providers/Microsoft.Cache/${type}/${stem(sides)}${suffix}`;
}

/** Whether a recovery made the cache for an environment with these caches, by its place and name. */
export function isRecoveryCache(sides: CacheSides, id: string): boolean {
  const parts = parseResourceId(id);
  if (parts === undefined || !/^microsoft\.cache\/redis(enterprise)?$/.test(parts.type)) {
    return false;
  }
  const beside = cacheGroups(sides).some((group) => same(group, groupOf(id)));
  return beside && isRecoveryName(sides, parts.name);
}

/** Whether a name is one that recoveries give. */
export function isRecoveryName(sides: CacheSides, given: string): boolean {
  const name = given.toLowerCase();
  const own = stem(sides).toLowerCase();
  return name.startsWith(own) && /^[0-9a-f]{6}(-\d+)?$/.test(name.slice(own.length));
}

const groupOf = (id: string): string => id.split("/").slice(0, 5).join("/");

/** Names have at most 60 characters and no two hyphens in a row. */
const stem = ({ primary }: CacheSides): string =>
  `${(parseResourceId(primary)?.name ?? "cache").slice(0, 44).replace(/-+$/, "")}-dr-`;

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
