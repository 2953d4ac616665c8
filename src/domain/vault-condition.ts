import type { Source } from "./sources.js";

/**
 * How a vault is, seen from the app that uses it. `unavailable`: Resource Manager shows it, but it
 * does not answer. `unexplained`: the app cannot read it, and nothing that this service sees says why.
 */
export type VaultCondition =
  "healthy" | "firewall" | "role-missing" | "unavailable" | "soft-deleted" | "gone" | "unexplained";

/** What was seen of a vault, from several sides. `undefined`: it could not be found out. */
export interface VaultFacts {
  /** What Resource Manager says. */
  readonly arm: "there" | "soft-deleted" | "gone" | undefined;
  /** Whether the app says that it can read secrets. */
  readonly appReads: boolean | undefined;
  /** What became of a read of this service's own. */
  readonly ownRead: "reads" | "firewall" | "role" | "no-answer" | undefined;
  /** Whether a role lets the app read secrets. */
  readonly appHasRole: boolean | undefined;
  /** Whether the vault's network rules keep some addresses out. */
  readonly closed: boolean;
  /** Whether the rules are those that the estate wants; undefined where it says nothing. */
  readonly asWanted: boolean | undefined;
}

/** What is wrong, by the first thing that explains it. */
export function conditionOf(facts: VaultFacts): VaultCondition {
  const { arm, appReads, ownRead, appHasRole, closed, asWanted } = facts;
  if (arm === "soft-deleted" || arm === "gone") return arm;
  // The app itself is the best witness: what keeps this service out alone is a finding about it.
  if (appReads === true) return "healthy";
  if (appHasRole === false) return "role-missing";
  if (closed && asWanted === false) return "firewall";
  // A firewall answers, so rules that nobody knows to be wrong explain no silence.
  if (ownRead === "no-answer") return "unavailable";
  if (closed && asWanted === undefined) return "firewall";
  if (appReads === undefined && ownRead === "reads") return "healthy";
  return "unexplained";
}

/** What each witness says, for the rule that two must agree before anything is changed. */
export function witnessesOf(facts: VaultFacts, detail: Readonly<Record<string, string>>): Source[] {
  const { arm, appReads, ownRead, appHasRole, closed, asWanted } = facts;
  const wrong = arm === "soft-deleted" || arm === "gone" || appHasRole === false;
  const armSays = wrong || (closed && asWanted === false) ? "failed" : arm && "well";
  return [
    { kind: "arm-state", says: armSays ?? "unknown", detail: detail["arm"] ?? "" },
    {
      kind: "own-probe",
      says: ownRead === undefined ? "unknown" : ownRead === "reads" ? "well" : "failed",
      detail: detail["own"] ?? "",
    },
    {
      kind: "app-health",
      says: appReads === undefined ? "unknown" : appReads ? "well" : "failed",
      detail: detail["app"] ?? "",
    },
  ];
}
