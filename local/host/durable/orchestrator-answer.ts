import { z } from "zod";
import type { InvocationResponse } from "../worker/rpc.js";
import { type Action, parseAction } from "./action.js";
import type { FailureDetails } from "./history-event.js";

/** What an orchestrator said at the end of a turn. */
export interface OrchestratorAnswer {
  /** All actions of the execution from its start, not only the new ones. */
  readonly actions: readonly Action[];
  readonly isDone: boolean;
  /** JSON text. */
  readonly output: string | null;
  /** JSON text; undefined: the orchestrator set none, and an earlier one stays. */
  readonly customStatus: string | undefined;
  readonly failure: OrchestratorFailure | undefined;
  /** It threw something that is no error: neither the library nor the real host knows what to do with it. */
  readonly threwNoError: boolean;
}

export interface OrchestratorFailure {
  readonly message: string;
  readonly details: FailureDetails | null;
}

/** The library throws a failed orchestrator's state behind this mark. */
const STATE_MARK = "\n\n$OutOfProcData$:";

const Failure = z.object({
  ErrorType: z.string(),
  ErrorMessage: z.string(),
  StackTrace: z.string().nullish(),
  IsNonRetriable: z.boolean().nullish(),
  Properties: z.record(z.string(), z.unknown()).nullish(),
});

const State = z.object({
  isDone: z.boolean(),
  actions: z.array(z.array(z.unknown())),
  output: z.unknown().optional(),
  customStatus: z.unknown().optional(),
  error: z.string().optional(),
  failureDetails: Failure.optional(),
});

export function readAnswer(response: InvocationResponse): OrchestratorAnswer {
  return fromState(JSON.parse(response.returnValue?.json ?? "{}"), false);
}

/** Reads what a failing orchestrator function threw. */
export function readThrown(error: Error): OrchestratorAnswer {
  const mark = error.message.lastIndexOf(STATE_MARK);
  if (mark >= 0) return fromState(JSON.parse(error.message.slice(mark + STATE_MARK.length)), true);
  return {
    actions: [],
    isDone: false,
    output: null,
    customStatus: undefined,
    failure: { message: error.message, details: null },
    threwNoError: false,
  };
}

function fromState(json: unknown, threw: boolean): OrchestratorAnswer {
  const state = State.parse(json);
  const details = state.failureDetails;
  return {
    actions: state.actions.flat().map(parseAction),
    isDone: state.isDone,
    output: state.output === undefined ? null : JSON.stringify(state.output),
    customStatus: state.customStatus === undefined ? undefined : JSON.stringify(state.customStatus),
    threwNoError: threw && state.error === undefined,
    failure:
      state.error === undefined
        ? undefined
        : {
            message: state.error,
            details:
              details === undefined
                ? null
                : {
                    ErrorType: details.ErrorType,
                    ErrorMessage: details.ErrorMessage,
                    StackTrace: details.StackTrace ?? null,
                    InnerFailure: null,
                    IsNonRetriable: details.IsNonRetriable ?? false,
                    Properties: details.Properties ?? null,
                  },
          },
  };
}
