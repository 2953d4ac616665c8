import type { InvocationContext } from "@azure/functions";
import type { OrchestrationContext, Task } from "durable-functions";
import { z } from "zod";
import { scrub } from "../domain/credential-scrubbing.js";
import { findingsOf } from "../domain/findings.js";
import { Failure } from "../domain/failure.js";
import { instantOf, type Instant } from "../domain/instant.js";
import { LeaseProof } from "../domain/lease.js";
import type { Patience } from "../domain/patience.js";
import { nobody, witnessed, type Witness } from "./witness.js";

/** Who calls: an activity that changes something needs all of it to be safe to repeat. */
const Caller = z.strictObject({
  run: z.string(),
  /** Names the act within the run; the key of its claim. */
  step: z.string(),
  attempt: z.int().positive(),
  /** What the run may change. */
  leases: z.array(LeaseProof),
  /** In a plan nothing is changed: what would be is told instead. */
  mode: z.enum(["execute", "plan"]),
});
export type Caller = z.infer<typeof Caller>;

/** What an activity's code may use besides its input. */
export interface ActivityContext {
  readonly caller: Caller;
  readonly now: () => Instant;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

/** An activity ready to be registered. */
export interface Activity {
  readonly name: string;
  readonly handler: (
    input: unknown,
    invocation: InvocationContext,
    witness?: Witness,
  ) => Promise<unknown>;
}

/** Turns what was thrown into a failure value; null means it is a defect and is thrown on. */
export type Classify = (error: unknown) => Failure | null;

export type Answer<Output> =
  { readonly ok: true; readonly value: Output } | { readonly ok: false; readonly failure: Failure };

/** An activity's name, shapes and patience: all that replayed code may know of it. */
export interface ActivityContract<Input, Output> {
  readonly name: string;
  readonly patience: Patience;
  /** The task behind a call; `read` parses what it brings: foreseen failures are values. */
  task(context: OrchestrationContext, caller: Caller, input: Input): Task;
  read(raw: unknown): Answer<Output>;
  /** Reads an output that was recorded earlier, in a claim. */
  parseOutput(recorded: unknown): Output;
  /** What is wrong with an input, for one that people may change; undefined if nothing is. */
  findingsIn(input: unknown): string | undefined;
  implementedBy(
    classify: Classify,
    body: (input: Input, context: ActivityContext) => Promise<Output>,
  ): Activity;
}

/** Declares an activity. Every hop is parsed: what goes in, what comes back. */
export function declareActivity<Input extends z.ZodType, Output extends z.ZodType>(declared: {
  readonly name: string;
  readonly input: Input;
  readonly output: Output;
  readonly patience: Patience;
}): ActivityContract<z.output<Input>, z.output<Output>> {
  const { name, patience } = declared;
  const envelope = z.strictObject({ caller: Caller, input: z.unknown() });
  const answer = z.discriminatedUnion("ok", [
    z.strictObject({ ok: z.literal(true), value: declared.output }),
    z.strictObject({ ok: z.literal(false), failure: Failure }),
  ]);
  const read = (raw: unknown): Answer<z.output<Output>> =>
    answer.parse(raw) as Answer<z.output<Output>>;
  const task = (context: OrchestrationContext, caller: Caller, input: z.output<Input>): Task =>
    context.df.callActivity(name, { caller, input });
  return {
    name,
    patience,
    task,
    read,
    parseOutput: (recorded) => declared.output.parse(recorded),
    findingsIn(input) {
      const parsed = declared.input.safeParse(input);
      if (parsed.success) return undefined;
      return findingsOf(parsed.error)
        .map(({ path, message }) => `${path}: ${message}`)
        .join("; ");
    },
    implementedBy: (classify, body) => ({
      name,
      handler: async (raw, invocation, witness = nobody) => {
        const { caller, input } = envelope.parse(raw);
        // eslint-disable-next-line no-restricted-globals -- an activity's body is not replayed
        const now = () => instantOf(new Date());
        const call = witnessed(
          { activity: name, ...caller, startedAt: now() },
          invocation,
          witness,
        );
        const context: ActivityContext = {
          caller,
          now,
          log: (message, facts) => {
            call.log(now(), "info", message, facts);
          },
        };
        try {
          const value = declared.output.parse(await body(declared.input.parse(input), context));
          call.ended(now());
          return { ok: true, value: presentable(value) };
        } catch (error) {
          const failure = classify(error);
          if (failure === null) {
            const thrown = defect(error);
            call.ended(now(), { class: "defect", code: "defect", message: thrown.message });
            throw thrown;
          }
          const { class: of, code } = failure;
          call.log(now(), "warning", "activity failed", { activity: name, class: of, code });
          call.ended(now(), failure);
          return { ok: false, failure };
        }
      },
    }),
  };
}

const longestDetail = 400;

/** What others wrote reaches history through an output's detail: scrubbed there, and kept short. */
function presentable<Output>(output: Output): Output {
  if (typeof output !== "object" || output === null || !("detail" in output)) return output;
  const { detail } = output;
  if (typeof detail !== "string") return output;
  return { ...output, detail: scrub(detail).slice(0, longestDetail) };
}

/** A defect of ours ends the activity; its text enters history too. */
function defect(error: unknown): Error {
  const [name, message] =
    error instanceof Error ? [error.name, error.message] : ["Error", String(error)];
  const scrubbed = new Error(`${name}: ${scrub(message).slice(0, longestDetail)}`);
  if (error instanceof Error && error.stack !== undefined) {
    scrubbed.stack = scrub(error.stack);
  }
  return scrubbed;
}
