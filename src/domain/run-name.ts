import { EnvironmentName } from "./environment-name.js";
import { RunbookId } from "./scenario-id.js";

/** What the id of a run says of it. */
export interface RunName {
  readonly scenario: string;
  readonly environment: EnvironmentName;
}

const form = new RegExp(`^(.+)-(${EnvironmentName.options.join("|")})-\\d{8}T\\d{6}Z(?:-|$)`);

/** Reads the id of a run; undefined for an instance that is none, such as a delivery or an evaluation. */
export function runNameOf(run: string): RunName | undefined {
  const [, series, environment] = form.exec(run) ?? [];
  if (series === undefined || environment === undefined) return undefined;
  const scenario = [series, turned(series)].find((id) => RunbookId.safeParse(id).success);
  return scenario === undefined
    ? undefined
    : { scenario, environment: EnvironmentName.parse(environment) };
}

/** Procedures are named for what they are about (`blob-backup`), their runs for what is done (`backup-blobs-…`). */
const turned = (series: string): string =>
  series.replace(/^(\w+)-(.+)$/, "$2-$1").replace(/^blobs-/, "blob-");
