import type { Source } from "./sources.js";

/**
 * How a storage account is, seen from the app that uses it. `failing-over`: Azure is making its other
 * region the primary one. `unavailable`: Resource Manager shows it, but it takes no blobs.
 * `unexplained`: the app cannot use it, and nothing that this service sees says why.
 */
export const accountConditions = [
  "healthy",
  "failing-over",
  "unavailable",
  "gone",
  "unexplained",
] as const;
export type AccountCondition = (typeof accountConditions)[number];

/** What was seen of an account, from several sides. `undefined`: it could not be found out. */
export interface AccountFacts {
  /** What Resource Manager says; `undefined` where it could not be asked. */
  readonly arm: "available" | "unavailable" | "failing-over" | "gone" | undefined;
  /** Whether the app says that it can use its storage. */
  readonly appUses: boolean | undefined;
  /** What became of a write and a read of this service's own. */
  readonly ownUse: "works" | "no-answer" | undefined;
}

/** What is wrong, by the first thing that explains it. */
export function accountConditionOf({ arm, appUses, ownUse }: AccountFacts): AccountCondition {
  if (arm === "gone") return "gone";
  // The app itself is the best witness: what keeps this service out alone is a finding about it.
  if (appUses === true) return "healthy";
  if (arm === "failing-over") return "failing-over";
  if (arm === "unavailable" || ownUse === "no-answer") return "unavailable";
  if (appUses === undefined && ownUse === "works") return "healthy";
  return "unexplained";
}

/** What each witness says, for the rule that two must agree before anything is changed. */
export function accountWitnesses(
  { arm, appUses, ownUse }: AccountFacts,
  detail: { readonly arm: string; readonly own: string; readonly app: string },
): Source[] {
  const said = (well: boolean | undefined): Source["says"] =>
    well === undefined ? "unknown" : well ? "well" : "failed";
  return [
    {
      kind: "arm-state",
      says: said(arm === undefined ? undefined : arm === "available"),
      detail: detail.arm,
    },
    {
      kind: "own-probe",
      says: said(ownUse === undefined ? undefined : ownUse === "works"),
      detail: detail.own,
    },
    { kind: "app-health", says: said(appUses), detail: detail.app },
  ];
}
