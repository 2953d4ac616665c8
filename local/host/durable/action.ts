import { z } from "zod";

/** How a task is to be tried again, as the library writes it. */
const RetryPolicy = z.object({
  firstRetryIntervalInMilliseconds: z.number(),
  maxNumberOfAttempts: z.number(),
  backoffCoefficient: z.number().nullish(),
  maxRetryIntervalInMilliseconds: z.number().nullish(),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;

/** What takes a task number: an activity, a sub-orchestration or a timer. */
export type TaskAction =
  | {
      readonly kind: "activity";
      readonly name: string;
      readonly input: string | null;
      readonly retry: RetryPolicy | undefined;
    }
  | {
      readonly kind: "sub-orchestration";
      readonly name: string;
      readonly instanceId: string | undefined;
      readonly version: string | undefined;
      readonly input: string | null;
      readonly retry: RetryPolicy | undefined;
    }
  | { readonly kind: "timer"; readonly fireAtMs: number; readonly canceled: boolean };

export interface EventWait {
  readonly kind: "event";
  readonly name: string;
}

/** What an orchestrator has asked for so far, one entry a `yield`, in order. */
export type Action =
  | TaskAction
  | EventWait
  | { readonly kind: "any" | "all"; readonly children: readonly Action[] }
  | { readonly kind: "continue-as-new"; readonly input: string | null }
  | { readonly kind: "unsupported"; readonly what: string };

/** The text was parsed a moment ago: any value in it is JSON. */
const Json = z.unknown().optional();

const Wire = z.discriminatedUnion("actionType", [
  z.object({
    actionType: z.literal([0, 1]),
    functionName: z.string(),
    input: Json,
    retryOptions: RetryPolicy.optional(),
  }),
  z.object({
    actionType: z.literal([2, 3]),
    functionName: z.string(),
    instanceId: z.string().nullish(),
    version: z.string().nullish(),
    input: Json,
    retryOptions: RetryPolicy.optional(),
  }),
  z.object({ actionType: z.literal(4), input: Json }),
  z.object({ actionType: z.literal(5), fireAt: z.string(), isCanceled: z.boolean() }),
  z.object({ actionType: z.literal(6), externalEventName: z.string() }),
  z.object({ actionType: z.literal([11, 12]), compoundActions: z.array(z.unknown()) }),
  z.object({ actionType: z.literal([7, 9, 13, 14]) }),
  z.object({ actionType: z.literal(8) }),
]);

/** Reads one action of the library's answer; throws on what no known library writes. */
export function parseAction(json: unknown): Action {
  const wire = Wire.parse(json);
  switch (wire.actionType) {
    case 0:
    case 1:
      return {
        kind: "activity",
        name: wire.functionName,
        input: jsonText(wire.input),
        retry: wire.retryOptions,
      };
    case 2:
    case 3:
      return {
        kind: "sub-orchestration",
        name: wire.functionName,
        instanceId: nonEmpty(wire.instanceId),
        version: nonEmpty(wire.version),
        // Unlike that of an activity, this input is left as the orchestrator gave it.
        input: wire.input === undefined || wire.input === null ? null : JSON.stringify(wire.input),
        retry: wire.retryOptions,
      };
    case 4:
      return { kind: "continue-as-new", input: jsonText(wire.input) };
    case 5:
      return { kind: "timer", fireAtMs: Date.parse(wire.fireAt), canceled: wire.isCanceled };
    case 6:
      return { kind: "event", name: wire.externalEventName };
    case 11:
      return { kind: "any", children: wire.compoundActions.map(parseAction) };
    case 12:
      return { kind: "all", children: wire.compoundActions.map(parseAction) };
    case 8:
      return { kind: "unsupported", what: "callHttp" };
    default:
      return { kind: "unsupported", what: "entities" };
  }
}

/** The library encodes a string itself; everything else arrives as a JSON value. */
function jsonText(input: unknown): string | null {
  if (input === undefined || input === null) return null;
  return typeof input === "string" ? input : JSON.stringify(input);
}

function nonEmpty(text: string | null | undefined): string | undefined {
  return text === null || text === "" ? undefined : text;
}
