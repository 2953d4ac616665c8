import type { LogEntry } from "../stack/simulator-client.js";
import { isAction, isClaim } from "./effects.js";

/** What counts as a duplicate effect; --help prints it. `duplicatesIn` is the same in code. */
export const duplicateRule = `An effect is a request that changed something in the simulated Azure, by its own log, outside of the
service's own accounts (state and backups) and of what it probes with (containers named mcp-dr-probe). Two
effects of one operation on one target belong to the same act unless the run opened a claim between them
that it had not opened before: a claim stands for one decision to act. The second effect of an act is a
duplicate, unless the scenario declares its operation repeatable and the answers to all effects of that act
before it were lost. What clients of Redis send is not in the log.`;

interface Act {
  /** How many claims had been opened by then. */
  readonly claims: number;
  readonly allLost: boolean;
}

/** The effects that should not have been, as `duplicateRule` has it. Entries are in the order of the log. */
export function duplicatesIn(
  log: readonly LogEntry[],
  repeatable: readonly string[],
): readonly LogEntry[] {
  const claims = new Set<string>();
  const acts = new Map<string, Act>();
  const duplicates: LogEntry[] = [];
  for (const entry of log) {
    if (isClaim(entry)) claims.add(entry.path);
    if (!isAction(entry)) continue;
    const target = targetOf(entry);
    const before = acts.get(target);
    const ofOneAct = before?.claims === claims.size ? before : undefined;
    const mayRepeat = ofOneAct?.allLost === true && repeatable.includes(entry.operation);
    if (ofOneAct !== undefined && !mayRepeat) duplicates.push(entry);
    acts.set(target, {
      claims: claims.size,
      allLost: wasLost(entry) && (ofOneAct?.allLost ?? true),
    });
  }
  return duplicates;
}

const targetOf = ({ operation, effect }: LogEntry): string =>
  [operation, effect?.resource, effect?.detail].join(" ").toLowerCase();

const wasLost = ({ fault }: LogEntry): boolean =>
  fault?.split(", ").includes("lost-answer") === true;
