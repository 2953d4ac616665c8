import type { RunRecord, StepRecord } from "../../src/domain/run-record.js";
import type { LogEntry } from "../stack/simulator-client.js";
import { describeEffect, isAction } from "./effects.js";

/** --help prints it; `differencesOf` is the same in code. */
export const differenceRule = `An effect (as above, and outside of containers named mcp-dr-probe) is told of where a step of a record
was under way when it happened that says that it changed something, or that failed: what a failed step
may have done is what it tells. A step that says that it changed something has to say what in its
detail, and is borne out where an effect happened while it was under way; what clients of Redis send is
not in the log, so the scenario names the steps that change nothing else. Instants are compared to the second.`;

/** Requests are logged when they begin, steps are timed by the turns of their run. */
const slackMs = 1_000;

/**
 * What records claim that the log does not know, and what the log knows that no record tells of. `unlogged`
 * are the steps whose changes are no requests to Azure.
 */
export function differencesOf(
  records: readonly RunRecord[],
  log: readonly LogEntry[],
  unlogged: readonly string[],
): readonly string[] {
  const effects = log.filter(isAction);
  const steps = records.flatMap(({ endedAt, steps: all }) =>
    all.map((step) => ({ step, endedAt: step.endedAt ?? endedAt })),
  );
  const untold = effects.filter(
    ({ at }) => !steps.some(({ step, endedAt }) => tells(step) && isDuring(step, endedAt, at)),
  );
  const claims = steps.filter(({ step }) => step.changed === true);
  const unfounded = claims.filter(
    ({ step, endedAt }) =>
      !unlogged.includes(step.id) && !effects.some(({ at }) => isDuring(step, endedAt, at)),
  );
  const silent = claims.filter(({ step }) => step.detail.trim() === "");
  return [
    ...untold.map((entry) => `no record tells of ${describeEffect(entry)}`),
    ...unfounded.map(
      ({ step }) => `the log has no effect of the step ${step.id}, which says: ${step.detail}`,
    ),
    ...silent.map(({ step }) => `the step ${step.id} does not say what it changed`),
  ];
}

const tells = ({ changed, status }: StepRecord): boolean => changed === true || status === "failed";

const isDuring = ({ startedAt }: StepRecord, endedAt: string, at: string): boolean =>
  Date.parse(at) >= Date.parse(startedAt) - slackMs &&
  Date.parse(at) <= Date.parse(endedAt) + slackMs;
