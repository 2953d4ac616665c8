import { REGIONS } from "./regions.js";

/** How an account is replicated, taken apart. */
export interface Redundancy {
  readonly premium: boolean;
  readonly zones: boolean;
  readonly geo: boolean;
  /** Whether the copy in the other region can be read. */
  readonly readsSecondary: boolean;
}

const standard = { premium: false, zones: false, geo: false, readsSecondary: false };

/** The skus that blobs can be kept with; those of file shares alone are not simulated. */
export const SKUS: ReadonlyMap<string, Redundancy> = new Map(
  Object.entries({
    Standard_LRS: standard,
    Standard_ZRS: { ...standard, zones: true },
    Standard_GRS: { ...standard, geo: true },
    Standard_RAGRS: { ...standard, geo: true, readsSecondary: true },
    Standard_GZRS: { ...standard, zones: true, geo: true },
    Standard_RAGZRS: { ...standard, zones: true, geo: true, readsSecondary: true },
    Premium_LRS: { ...standard, premium: true },
    Premium_ZRS: { ...standard, premium: true, zones: true },
  }),
);

/** A sku that the seed or a validated request names. */
export function redundancyOf(sku: string): Redundancy {
  const redundancy = SKUS.get(sku);
  if (redundancy === undefined) throw new Error(`there is no sku ${sku}`);
  return redundancy;
}

/** Whether a region offers it. */
export function isOffered(sku: string, region: string): boolean {
  const [redundancy, place] = [redundancyOf(sku), REGIONS.get(region)];
  if (place === undefined) return false;
  return (!redundancy.zones || place.zones) && (!redundancy.geo || place.pair !== undefined);
}

/**
 * What a change of the sku is. Geo-redundancy and reading the secondary are settings; zones of the primary are a
 * conversion that is asked for apart and takes days; both at once are two steps (documented: Change how a storage
 * account is replicated).
 */
export function changeOf(
  from: string,
  to: string,
): "none" | "setting" | "conversion" | "two-steps" | "impossible" {
  if (from === to) return "none";
  const [old, wanted] = [redundancyOf(from), redundancyOf(to)];
  const zones = old.zones !== wanted.zones;
  const settings = old.geo !== wanted.geo || old.readsSecondary !== wanted.readsSecondary;
  if (old.premium || wanted.premium) return "impossible";
  if (!zones) return "setting";
  return settings ? "two-steps" : "conversion";
}
