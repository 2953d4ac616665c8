import { describeDuration, type Milliseconds } from "../duration.js";
import { elapsed, isAfter, plus, type Instant } from "../instant.js";
import { parseResourceId } from "../resource-id.js";
import type { CheckResult, Found } from "./readiness.js";

/** How the copy of an account in the other region stands; absent where there is none. */
export interface GeoFacts {
  readonly account: string;
  readonly status: string;
  readonly lastSyncAt: Instant | undefined;
  readonly rpo: Milliseconds;
  /** Whether a recovery would fail the account over first, and so lose what is not copied. */
  readonly preferred: boolean;
}

export function geoLagFinding(geo: GeoFacts | undefined, now: Instant): CheckResult {
  const found = geo === undefined ? [] : lag(geo, now);
  return { check: "storage-geo-lag", found };
}

function lag({ account, status, lastSyncAt, rpo, preferred }: GeoFacts, now: Instant): Found[] {
  const behind = lastSyncAt === undefined || isAfter(now, plus(lastSyncAt, rpo));
  if (!behind) return [];
  const since =
    lastSyncAt === undefined
      ? "nothing is known to be copied"
      : `copied until ${describeDuration(elapsed(lastSyncAt, now))} ago`;
  return [
    {
      about: account,
      level: preferred ? "not-ready" : "degraded",
      what: `${nameOf(account)} is replicated to the other region (${status}), but ${since}; the RPO is ${describeDuration(rpo)}`,
      remedy:
        "nothing can hasten it: see Azure's status of the account, keep the blob backups young, and fail nothing over meanwhile",
    },
  ];
}

/** The link of two caches as one of them shows it; `state` is undefined where there is none. */
export interface LinkFacts {
  readonly primary: string;
  readonly secondary: string;
  readonly state: string | undefined;
}

/** `expected` is undefined where the two caches cannot be linked at all. */
export const geoLinkFinding = (link: LinkFacts | undefined): CheckResult => ({
  check: "redis-geo-link",
  found: link === undefined || /^(Succeeded|Linked)$/.test(link.state ?? "") ? [] : [broken(link)],
});

const broken = ({ primary, secondary, state }: LinkFacts): Found => ({
  about: secondary,
  level: "degraded",
  what:
    state === undefined
      ? `${nameOf(secondary)} is not linked with ${nameOf(primary)}, so a recovery has to fill it from a backup`
      : `the link of ${nameOf(secondary)} with ${nameOf(primary)} is ${state}`,
  remedy: "link the two caches again; what the secondary holds is replaced",
});

const nameOf = (id: string): string => parseResourceId(id)?.name ?? id;
