import type { FaultOrder } from "../../../simulator/faults/catalogue.js";
import type { BackupKind } from "../../../src/domain/backup.js";
import type { EnvironmentName } from "../../../src/domain/environment-name.js";
import type { Environment } from "../../../src/domain/estate.js";
import type { Exercise } from "../exercise.js";

/** What happens at one moment of a compound day. */
export interface Happening {
  readonly breaks: (environment: Environment) => readonly FaultOrder[];
  /** In the order in which they come. */
  readonly alerts: (environment: Environment, firedAt: Date) => readonly unknown[];
}

/** A day on which more happens than one failure: several, too many alerts, or nothing. */
export interface CompoundDay extends Happening {
  readonly name: string;
  /** In one line, for --help. */
  readonly what: string;
  readonly environment: EnvironmentName;
  readonly backups: readonly BackupKind[];
  /** The exercises whose scenarios may run: what may be repeated, and what is not in the log, is theirs. */
  readonly of: readonly Exercise[];
  /** How many runs may come of it. */
  readonly mostRuns: number;
  /** Nothing is wrong: whatever the service does is one thing too many. */
  readonly healthy?: boolean;
  /** What comes on top when Azure has carried out one of these changes for the first time. */
  readonly later?: Happening & { readonly with: readonly string[] };
}
