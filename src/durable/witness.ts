import type { InvocationContext } from "@azure/functions";
import type { Instant } from "../domain/instant.js";
import { callAttributes, placeOfCall, spanOfCall, type CallFact } from "../domain/run-trace.js";
import {
  noTelemetry,
  type Attributes,
  type LogFact,
  type RunTelemetry,
} from "../domain/telemetry.js";

/** Who is told of what activities do, besides the log of the host. */
export interface Witness {
  readonly telemetry: RunTelemetry;
  /** Whether a call's name is that of a step, of which the run's record will tell. */
  readonly isStep: (id: string) => boolean;
}

export const nobody: Witness = { telemetry: noTelemetry, isStep: () => false };

/** Tells of a call: each line of its log twice, to the host and into the run's trace, and its end. */
export function witnessed(
  { activity, run, step, attempt, mode, startedAt }: Omit<CallFact, "endedAt" | "failure">,
  invocation: Pick<InvocationContext, "log" | "warn">,
  { telemetry, isStep }: Witness,
) {
  const call = { activity, run, step, attempt, mode, startedAt };
  return {
    log(at: Instant, level: LogFact["level"], message: string, facts?: Record<string, unknown>) {
      // The host's line is what is left where telemetry cannot be sent, and what its alert rules read.
      invocation.log(message, JSON.stringify({ run, step, ...facts }));
      const attributes = { ...callAttributes(call), ...attributesOf(facts ?? {}) };
      telemetry.log({ place: placeOfCall(call, isStep), at, level, message, attributes });
    },

    ended(endedAt: Instant, failure?: CallFact["failure"]) {
      const fact = { ...call, endedAt, ...(failure === undefined ? {} : { failure }) };
      const span = spanOfCall(fact, isStep);
      if (span !== undefined) telemetry.span(span);
      const loss = telemetry.loss();
      if (loss !== undefined) invocation.warn("telemetry was lost", JSON.stringify(loss));
    },
  };
}

const attributesOf = (facts: Readonly<Record<string, unknown>>): Attributes =>
  Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => {
      if (value === undefined) return [];
      const isPlain =
        typeof value === "string" || typeof value === "number" || typeof value === "boolean";
      return [[`dr.${name}`, isPlain ? value : JSON.stringify(value)]];
    }),
  );
