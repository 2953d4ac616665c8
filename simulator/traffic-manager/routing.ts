import { slotOf } from "../world/turns.js";
import { distanceBetween } from "./regions.js";
import type { Candidate, Release } from "./state.js";

/** Where a query comes from and its number: chance is replaced by counting. */
export interface Asker {
  readonly region: string;
  readonly n: number;
}

/** The endpoint that a query is answered with: its host, and its name in the profile that was asked. */
export interface Chosen {
  readonly host: string;
  readonly endpoint: string;
}

/** The release of a nested profile. */
export type Nested = (profileKey: string) => Release | undefined;

/**
 * Routes a query by the profile's method over the endpoints that are available. Where all of them are degraded they
 * count as if they were online; undefined where there is none at all.
 */
export function choose(release: Release, asker: Asker, nested: Nested): Chosen | undefined {
  if (!release.enabled) return undefined;
  const eligible = release.candidates.filter(
    ({ status }) => status !== "Disabled" && status !== "Stopped" && status !== "Inactive",
  );
  const available = eligible.filter(({ status }) => status !== "Degraded");
  const candidates = available.length > 0 ? available : eligible;
  for (const candidate of inOrder(release.method, candidates, asker)) {
    const { leadsTo, name } = candidate;
    if ("host" in leadsTo) return { host: leadsTo.host, endpoint: name };
    const below = nested(leadsTo.profile);
    const chosen = below && choose(below, asker, nested);
    if (chosen) return { host: chosen.host, endpoint: name };
  }
  return undefined;
}

/** The candidates, best first. */
function inOrder(
  method: Release["method"],
  candidates: readonly Candidate[],
  asker: Asker,
): readonly Candidate[] {
  switch (method) {
    case "Weighted":
      return byWeight(candidates, asker.n);
    case "Performance":
      return byNearness(candidates, asker);
    default:
      return [...candidates].sort((a, b) => a.priority - b.priority);
  }
}

function byWeight(candidates: readonly Candidate[], n: number): Candidate[] {
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  let slot = slotOf(n) * total;
  const first = candidates.findIndex(({ weight }) => {
    slot -= weight;
    return slot < 0;
  });
  return rotated(candidates, first);
}

/** The nearest; those at the same place take turns. */
function byNearness(candidates: readonly Candidate[], { region, n }: Asker): Candidate[] {
  const away = ({ location }: Candidate): number => distanceBetween(region, location ?? "");
  return rotated(candidates, candidates.length === 0 ? 0 : n % candidates.length).sort(
    (a, b) => away(a) - away(b),
  );
}

function rotated(candidates: readonly Candidate[], by: number): Candidate[] {
  const start = Math.max(0, by);
  return [...candidates.slice(start), ...candidates.slice(0, start)];
}
