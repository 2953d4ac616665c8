import type { Incident } from "../../domain/incident.js";
import type { Instant } from "../../domain/instant.js";
import {
  readinessAtStart,
  readinessBeside,
  saysOutdated,
} from "../../domain/readiness/at-start-of-run.js";
import type { RunRecord } from "../../domain/run-record.js";
import type { Readiness } from "../../state/readiness.js";
import { briefly } from "../briefly.js";

/** What was found of readiness before the failure; that it cannot be read is a warning itself. */
export async function warningsFor(
  readiness: Pick<Readiness, "read">,
  { environment, scenario }: Pick<Incident, "environment" | "scenario">,
  now: Instant,
): Promise<string[]> {
  const warnings = await briefly(
    readiness.read(environment).then((record) => readinessAtStart(record, scenario, now)),
  );
  return [...(warnings ?? ["readiness: the last evaluation could not be read"])];
}

/** What an evaluation that was begun beside the run has found, where what stood before was too old. */
export async function foundBeside(
  readiness: Pick<Readiness, "read">,
  { findings, environment, scenario, startedAt }: RunRecord,
): Promise<readonly string[]> {
  if (!saysOutdated(findings)) return [];
  const record = await readiness.read(environment).catch(() => undefined);
  return readinessBeside(record, scenario, startedAt);
}
