import type { Environment } from "../estate.js";
import { composeNotice, levelsFor, type Notice } from "../notice.js";
import {
  RecoveryScenario,
  toldIn,
  worstOf,
  type ReadinessFinding,
  type ReadinessRecord,
} from "./readiness.js";

const rank = { "not-ready": 0, degraded: 1, unknown: 2 } as const;

/** What the contacts have to be told of a record; undefined where they know it all. */
export function readinessNotice(record: ReadinessRecord, estate: Environment): Notice | undefined {
  const { environment, pending } = record;
  if (pending === undefined) return undefined;
  const known = toldIn(record, estate);
  const { verdicts, at } = pending;
  const changed = RecoveryScenario.options.filter(
    (scenario) => verdicts[scenario] !== known[scenario],
  );
  const verdict = worstOf(Object.values(verdicts));
  const lines = changed.map(
    (scenario) => `${scenario}: ${verdicts[scenario]}, was ${known[scenario]}`,
  );
  const findings = record.checks
    .flatMap((standing) => standing.findings)
    .filter(({ scenarios }) => scenarios.some((scenario) => changed.includes(scenario)))
    .sort((one, other) => rank[one.level] - rank[other.level]);
  return composeNotice({
    environment,
    kind: "readiness",
    // Two changes of one second are told apart.
    distinction: at.replace(/\D/g, "").slice(2),
    levels: levelsFor("readiness", { halfUsed: false, needsOperator: false, told: [] }),
    contacts: estate.contacts,
    subject: verdict === "ready" ? "ready to recover again" : `a recovery now would be ${verdict}`,
    lines: [
      `${lines.join("; ")}.`,
      ...findings.slice(0, 2).map(described),
      ...(findings.length > 2 ? [`${findings.length - 2} more findings.`] : []),
      `Nothing is broken yet, and nothing was started. Look: GET /api/readiness?environment=${environment}.`,
    ],
    at,
  });
}

const described = ({ what, remedy }: ReadinessFinding): string =>
  `${what.slice(0, 120)}. Do this: ${remedy}.`;
