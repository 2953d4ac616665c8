import type { Outcome } from "../domain/run-record.js";

/** How a scenario ends; the frame turns it into the record. */
export interface Ending {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly nextSteps: readonly string[];
}

/** Another run has taken, or waits for, what this one holds; the frame ends the run. */
export class Superseded extends Error {
  constructor(detail: string) {
    super(`another run takes over: ${detail}`);
    this.name = "Superseded";
  }
}

/** A person has canceled the run; it ended at a safe point. */
export class Canceled extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = "Canceled";
  }
}

/** What was proposed has not been approved. */
export class NotApproved extends Error {
  readonly denied: boolean;

  constructor(denied: boolean, detail: string) {
    super(detail);
    this.name = "NotApproved";
    this.denied = denied;
  }
}
