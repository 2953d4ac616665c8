import type { RecordEntry } from "./record-entry.js";
import { ScenarioId } from "./scenario-id.js";

/*
 * What a run leaves to people, its next steps and findings, is open until a clean run of the same
 * scenario has ended after it: one that has recovered, gone over, gone back or passed, without findings.
 * What a failure's recovery leaves is closed by the failback of its resource as well. Plans, runs that
 * found nothing to do, and those that people stopped or a wider run took over, close nothing.
 */

const clean: ReadonlySet<string> = new Set(["restored", "failed-over", "failed-back", "passed"]);

/** The failback that ends what a scenario has begun. */
const failbackAfter: Partial<Record<ScenarioId, string>> = {
  "redis-failure": "redis-failback",
  "key-vault-failure": "key-vault-failback",
  "storage-failure": "storage-failback",
  "region-outage": "region-failback",
};

/** The records whose actions are still open, by what has ended up to then; the latest end last. */
export function withOpenActions(entries: readonly RecordEntry[]): readonly RecordEntry[] {
  const runs = entries
    .filter(({ mode }) => mode === "execute")
    .sort((one, other) => one.endedAt.localeCompare(other.endedAt));
  return runs.filter((run, at) => !runs.slice(at + 1).some((later) => closes(later, run)));
}

function closes(later: RecordEntry, run: RecordEntry): boolean {
  if (!clean.has(later.outcome)) return false;
  const scenario = ScenarioId.safeParse(run.scenario);
  const failback = scenario.success ? failbackAfter[scenario.data] : undefined;
  return later.scenario === run.scenario || later.scenario === failback;
}
