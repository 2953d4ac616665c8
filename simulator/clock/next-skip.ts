/** What a process last said about itself. */
export type ProcessState =
  { readonly kind: "busy" } | { readonly kind: "idle"; readonly until: number | null };

/**
 * The instant to which time may jump, or undefined when it may not: somebody is busy, something is due already, or
 * nobody waits for anything.
 */
export function nextSkip(
  states: Iterable<ProcessState>,
  nextChangeAt: number | undefined,
  now: number,
): number | undefined {
  let earliest = Infinity;
  for (const state of states) {
    if (state.kind === "busy") return undefined;
    if (state.until !== null) earliest = Math.min(earliest, state.until);
  }
  if (earliest === Infinity || earliest <= now) return undefined;
  return nextChangeAt !== undefined && nextChangeAt > now
    ? Math.min(earliest, nextChangeAt)
    : earliest;
}
