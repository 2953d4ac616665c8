import type { LogQueries, Row } from "../azure/log-queries.js";
import type { Bound, LogQuery } from "../domain/checklist-probe.js";
import type { Seen } from "./checklist-seen.js";

/** Asks a workspace once and holds the answer against the bounds. */
export async function seeInLogs(
  logs: Pick<LogQueries, "query">,
  environment: string,
  { query, workspace = environment, window, expect }: LogQuery,
  fill: (text: string) => string,
): Promise<Seen> {
  const { rows, partial } = await logs.query(workspace, fill(query), window);
  const held = expect.map((bound) => holdTo(bound, rows));
  const wrong = held.find(({ is }) => is !== "held");
  const value = held.map(({ seen }) => seen).join(", ");
  return {
    holds: wrong === undefined,
    // What is lacking may still be ingested; what is too much stays there.
    open: held.every(({ is }) => is !== "too-much") && wrong !== undefined,
    detail: `${wrong?.words ?? value}${partial ? " (cut short by the service)" : ""}`,
    proof: { what: `log query: ${query.replace(/\s+/g, " ").slice(0, 80)}`, value },
  };
}

interface Held {
  readonly is: "held" | "too-little" | "too-much";
  readonly seen: string;
  readonly words: string;
}

function holdTo({ column, atLeast, atMost }: Bound, rows: readonly Row[]): Held {
  const name = column ?? "rows";
  const raw = column === undefined ? rows.length : rows[0]?.[column];
  const count = typeof raw === "number" || typeof raw === "string" ? Number(raw) : Number.NaN;
  const seen = `${name} = ${Number.isNaN(count) ? "nothing" : count}`;
  // A column that is not there is never at most anything.
  const lacking = Number.isNaN(count) || (atLeast !== undefined && count < atLeast);
  if (!Number.isNaN(count) && atMost !== undefined && count > atMost) {
    return { is: "too-much", seen, words: `${seen}, more than ${atMost}` };
  }
  return lacking
    ? { is: "too-little", seen, words: `${seen}, less than ${atLeast ?? "a number"}` }
    : { is: "held", seen, words: seen };
}
