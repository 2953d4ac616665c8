import type { Failure } from "../domain/failure.js";
import { describeFailure } from "../recovery/recovery.js";

/** A part of a scenario that did not work: why, and whether a role of this service is what is missing. */
export interface Stuck {
  readonly why: string;
  readonly lacksRole: boolean;
}

export const stuck = (why: string, failure?: Failure): Stuck => ({
  why: failure === undefined ? why : `${why}: ${describeFailure(failure)}`,
  lacksRole: failure?.class === "permission-lag",
});
