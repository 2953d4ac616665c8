import type { LogEntry } from "../stack/simulator-client.js";
import { backupAccount, stateAccount } from "../stack/seed-from-estate.js";

/** Where the service proves that it could write; whatever is there is nobody's. */
const probeContainer = "mcp-dr-probe";

/** The effects on Azure itself, the service's own papers left out. */
const isEffect = ({ effect, mutating, host }: LogEntry): boolean =>
  effect !== undefined && mutating && !isOwn(host);

/** The effects that anybody would notice: those of `isEffect` without the service's own probes. */
export const isAction = (entry: LogEntry): boolean => isEffect(entry) && !isProbe(entry);

/** Whether a request wrote a claim: before an act, or when it was known what came of it. */
export const isClaim = ({ host, path, effect }: LogEntry): boolean =>
  host.startsWith(`${stateAccount}.`) && path.includes("/claims/") && effect !== undefined;

export const describeEffect = ({ operation, effect, at }: LogEntry): string =>
  `${operation} of ${effect?.resource ?? "?"} at ${at}`;

const isOwn = (host: string): boolean =>
  [stateAccount, backupAccount].some((account) => host.startsWith(`${account}.`));

const isProbe = ({ path, effect }: LogEntry): boolean =>
  path.split("/").includes(probeContainer) ||
  effect?.resource.split("/").includes(probeContainer) === true;
