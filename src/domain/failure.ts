import { z } from "zod";
import { Milliseconds } from "./duration.js";

/**
 * What a failed call means for whoever decides about repeating it. `transient`: try again soon.
 * `busy`: Azure works on the resource; wait, look, try again for minutes. `permission-lag`: a role
 * given in this run has not arrived yet. `already-done`: the goal holds. `terminal`: repeating
 * will not help.
 */
export const FailureClass = z.enum([
  "transient",
  "busy",
  "permission-lag",
  "already-done",
  "terminal",
]);
export type FailureClass = z.infer<typeof FailureClass>;

/** A failure as a value: it crosses the durable history, so it never carries a secret. */
export const Failure = z.strictObject({
  class: FailureClass,
  /** Azure's error code, or one of ours in kebab-case. */
  code: z.string(),
  message: z.string(),
  retryAfter: Milliseconds.optional(),
});
export type Failure = z.infer<typeof Failure>;

/** Thrown by ports and activities to end in a given class instead of being classified by shape. */
export class ClassifiedError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.name = "ClassifiedError";
    this.failure = failure;
  }
}

/** A failure that repeating will not heal. */
export const terminal = (code: string, message: string): ClassifiedError =>
  new ClassifiedError({ class: "terminal", code, message });

/** The code of a change that was refused because a run of a wider scenario waits for the resource. */
export const supersededCode = "superseded";
