import type { OrchestrationHandler } from "durable-functions";
import { DummyOrchestrationContext } from "durable-functions";
import { createOrchestrator } from "durable-functions/lib/src/util/testingUtils";
import type { ActivityContract, Answer, Caller } from "../../src/durable/activity-contract.js";
import type { Failure } from "../../src/domain/failure.js";
import hostJson from "../../host.json";
import { checklistStubs } from "./checklist.js";

/*
 * Runs an orchestrator on the library's own engine: appends an event, has the engine go on with it,
 * reads the next actions. A host replays from the start each time; here that is done at turns further
 * and further apart and at the end, and has to come to the very same, so that a long run costs no
 * more than its length. The clock moves only by timers and by what a stub says it took.
 */

/** What an activity answers in a test; typed by its contract, so that stubs cannot drift. */
export interface Stub {
  readonly name: string;
  readonly answer: (input: unknown, caller: Caller, now: number) => unknown;
  readonly took: number;
}

export function stub<Input, Output>(
  contract: ActivityContract<Input, Output>,
  answer: (input: Input, caller: Caller, now: number) => Output | { failure: Failure } | Error,
  took = 200,
): Stub {
  return {
    name: contract.name,
    took,
    answer: (input, caller, now) => {
      const given = answer(input as Input, caller, now);
      if (given instanceof Error) throw given;
      const failed = typeof given === "object" && given !== null && "failure" in given;
      const answered: Answer<Output> = failed
        ? { ok: false, failure: given.failure }
        : { ok: true, value: given };
      return answered;
    },
  };
}

/** Stubs of which some answer with a failure instead, by the activity's name. */
export const broken = (
  stubs: readonly Stub[],
  failures: Readonly<Record<string, Failure | undefined>>,
): readonly Stub[] =>
  stubs.map((each) => {
    const failure = failures[each.name];
    return failure === undefined ? each : { ...each, answer: () => ({ ok: false, failure }) };
  });

export interface Call {
  readonly name: string;
  readonly input: unknown;
  readonly caller: Caller;
  readonly at: number;
}

export interface Replayed {
  readonly output: unknown;
  readonly error: string | undefined;
  readonly customStatus: unknown;
  readonly customStatuses: readonly unknown[];
  readonly calls: readonly Call[];
  /** The history as (kind, name), the contract that runs in flight depend on. */
  readonly outline: readonly string[];
  readonly events: readonly HistoryEvent[];
  readonly endedAt: number;
  readonly turns: number;
}

export interface HistoryEvent {
  EventType: number;
  EventId: number;
  Timestamp: string;
  IsPlayed: boolean;
  Name?: string;
  [field: string]: unknown;
}

interface Action {
  readonly actionType: number;
  readonly functionName?: string;
  readonly input?: unknown;
  readonly fireAt?: string;
  readonly isCanceled?: boolean;
  readonly compoundActions?: readonly Action[];
}

interface OrchestratorState {
  readonly isDone: boolean;
  readonly actions: readonly (readonly Action[])[];
  readonly output?: unknown;
  readonly customStatus?: unknown;
}

const eventType = {
  started: 0,
  taskScheduled: 4,
  taskCompleted: 5,
  taskFailed: 6,
  timerCreated: 10,
  timerFired: 11,
  turnStarted: 12,
  turnCompleted: 13,
  eventRaised: 15,
} as const;

const actionKind = { activity: 0, timer: 5, event: 6, all: 12, any: 11 } as const;

/** What people say when they see where a run stands: events, each after a while. */
export type People = (
  status: unknown,
  now: number,
) => readonly { readonly name: string; readonly data: unknown; readonly after?: number }[];

/** The version that new runs get, of host.json. */
export const currentVersion: string = hostJson.extensions.durableTask.defaultVersion;

let versionOfRuns = currentVersion;

/** Drives what is begun within as if it had been started on another version of the app. */
export async function atVersion<T>(version: string, body: () => Promise<T>): Promise<T> {
  const before = versionOfRuns;
  versionOfRuns = version;
  try {
    return await body();
  } finally {
    versionOfRuns = before;
  }
}

export async function replay(
  handler: OrchestrationHandler,
  run: {
    readonly instanceId: string;
    readonly input: unknown;
    readonly stubs: readonly Stub[];
    readonly startAt: number;
    readonly people?: People;
    readonly longestTurns?: number;
  },
): Promise<Replayed> {
  const execute = engine(handler, run.instanceId, run.input);
  const live = liveRun(handler, run.instanceId, run.input);
  // The checklist is the frame's; what is not about it takes all of it to hold.
  const stubs = new Map([...checklistStubs, ...run.stubs].map((each) => [each.name, each]));
  const events: HistoryEvent[] = [];
  const calls: Call[] = [];
  const customStatuses: unknown[] = [];
  const refuseSharedClaim = claimsOfRun();
  let due: { at: number; timer?: number; event: () => HistoryEvent }[] = [];
  let now = run.startAt;
  let [known, played] = [0, 0];

  const append = (type: number, more: Partial<HistoryEvent> = {}): void => {
    events.push({ EventType: type, EventId: -1, IsPlayed: false, Timestamp: iso(now), ...more });
  };
  const schedule = (action: Action, id: number): void => {
    if (action.actionType === actionKind.timer) {
      append(eventType.timerCreated, { EventId: id, FireAt: action.fireAt });
      const fired = { TimerId: id, FireAt: action.fireAt };
      due.push({
        at: Date.parse(action.fireAt ?? ""),
        timer: id,
        event: () => happened(eventType.timerFired, fired),
      });
      return;
    }
    const name = action.functionName ?? "";
    append(eventType.taskScheduled, { EventId: id, Name: name });
    const known = stubs.get(name);
    if (known === undefined) throw new Error(`no stub for the activity ${name}`);
    const { caller, input } = action.input as { caller: Caller; input: unknown };
    due.push({
      at: now + known.took,
      event: () => {
        calls.push({ name, input, caller, at: now });
        try {
          const answer = known.answer(input, caller, now);
          refuseSharedClaim({ name, input, caller }, answer);
          const result = JSON.stringify(answer);
          return happened(eventType.taskCompleted, { TaskScheduledId: id, Result: result });
        } catch (error) {
          if (error instanceof SharedClaim) throw error;
          const { message } = error as Error;
          return happened(eventType.taskFailed, {
            TaskScheduledId: id,
            Reason: message,
            Details: "",
          });
        }
      },
    });
  };
  const happened = (type: number, more: Partial<HistoryEvent>): HistoryEvent => ({
    EventType: type,
    EventId: -1,
    IsPlayed: false,
    Timestamp: iso(now),
    ...more,
  });

  append(eventType.turnStarted);
  append(eventType.started, {
    Name: "orchestrator",
    Version: versionOfRuns,
    Input: JSON.stringify(run.input),
  });
  for (let turn = 1; ; turn++) {
    if (turn > (run.longestTurns ?? 2_000)) throw new Error("the orchestration does not end");
    const { ended, customStatus, actions } = await live(events);
    if (customStatus !== undefined) customStatuses.push(customStatus);
    const replayed = ended || isPowerOfTwo(turn) ? await execute(events) : undefined;
    if (replayed !== undefined) {
      refuseNonDeterminism(events, numbered(replayed.state.actions));
      refuseDifference(actions, numbered(replayed.state.actions));
    }
    for (const action of actions.slice(known)) schedule(asJson(action), known++);
    due = due.filter(({ timer }) => timer === undefined || actions[timer]?.isCanceled !== true);
    for (const { name, data, after = 0 } of run.people?.(customStatus, now) ?? []) {
      const raised = { Name: name, Input: JSON.stringify(data) };
      due.push({ at: now + after, event: () => happened(eventType.eventRaised, raised) });
    }
    append(eventType.turnCompleted);
    if (ended && replayed !== undefined) {
      const { state, error } = replayed;
      return {
        output: state.output,
        error,
        customStatus: state.customStatus,
        customStatuses,
        calls,
        outline: outlineOf(events),
        events,
        endedAt: now,
        turns: turn,
      };
    }
    due.sort((one, other) => one.at - other.at);
    const next = due.shift();
    if (next === undefined) throw new Error("the orchestration waits for nothing");
    now = Math.max(now, next.at);
    for (const event of events.slice(played)) {
      if (!isScheduling(event) && !isBracket(event)) event.IsPlayed = true;
    }
    played = events.length;
    append(eventType.turnStarted);
    events.push(next.event());
  }
}

/** Replays a recorded history once, as the host does after a deployment; throws if it does not fit. */
export async function replayRecorded(
  handler: OrchestrationHandler,
  instanceId: string,
  input: unknown,
  events: readonly HistoryEvent[],
): Promise<OrchestratorState> {
  const { state } = await engine(handler, instanceId, input)(events);
  refuseNonDeterminism(events, numbered(state.actions));
  return state;
}

const triggerOf = (history: readonly HistoryEvent[], instanceId: string, input: unknown) => ({
  history: structuredClone(history),
  input,
  instanceId,
  isReplaying: history.length > 2,
  parentInstanceId: null,
  upperSchemaVersion: 1,
  upperSchemaVersionNew: 3,
  longRunningTimerIntervalDuration: "3.00:00:00",
  maximumShortTimerDuration: "6.00:00:00",
  defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
});

function engine(handler: OrchestrationHandler, instanceId: string, input: unknown) {
  const listener = createOrchestrator(handler);
  return async (
    history: readonly HistoryEvent[],
  ): Promise<{ state: OrchestratorState; error?: string }> => {
    const trigger = triggerOf(history, instanceId, input);
    const context = new DummyOrchestrationContext("orchestrator", instanceId, () => undefined);
    try {
      const state = await listener(trigger, context);
      return { state: JSON.parse(JSON.stringify(state)) as OrchestratorState };
    } catch (error) {
      const message = (error as Error).message;
      const [text, json] = message.split("\n\n$OutOfProcData$:");
      if (json === undefined) throw error;
      return {
        state: JSON.parse(json) as OrchestratorState,
        error: `${text}: ${json.slice(0, 500)}`,
      };
    }
  };
}

/** What the engine keeps while it works through a history; the library does not publish its shape. */
interface Engine {
  readonly actions: readonly Action[];
  processEvent(event: object): void;
  isDoneExecuting(): boolean;
}

/** Goes on where it stood, with the events that have come since; the first turn is the engine's own. */
function liveRun(handler: OrchestrationHandler, instanceId: string, input: unknown) {
  const listener = createOrchestrator(handler);
  const context: { df?: { taskOrchestratorExecutor: Engine; customStatus?: unknown } } =
    Object.assign(new DummyOrchestrationContext("orchestrator", instanceId, () => undefined), {
      df: undefined,
    });
  let seen = 0;
  return async (history: readonly HistoryEvent[]) => {
    if (context.df === undefined) {
      // One that fails in its first turn has been told to, or is replayed to say why.
      await listener(triggerOf(history, instanceId, input), context).catch(() => undefined);
    }
    const { df } = context;
    if (df === undefined) throw new Error("the engine did not begin");
    const engine = df.taskOrchestratorExecutor;
    for (const event of history.slice(seen === 0 ? history.length : seen)) {
      engine.processEvent(dated(event));
    }
    seen = history.length;
    const { customStatus } = df;
    return {
      ended: engine.isDoneExecuting(),
      customStatus: customStatus === undefined ? undefined : asJson(customStatus),
      actions: numbered([engine.actions]),
    };
  };
}

/** An event as the engine reads it from a trigger. */
const dated = (event: HistoryEvent): object => ({
  ...event,
  Timestamp: new Date(event.Timestamp),
  ...(typeof event["FireAt"] === "string" ? { FireAt: new Date(event["FireAt"]) } : {}),
});

const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const isPowerOfTwo = (turn: number): boolean => Number.isInteger(Math.log2(turn));

/** A replay from the start has to want what the run that went on has wanted, to the last letter. */
function refuseDifference(went: readonly Action[], replayed: readonly Action[]): void {
  const one = JSON.stringify(went);
  const other = JSON.stringify(replayed);
  if (one === other) return;
  const nth = went.findIndex((action, n) => JSON.stringify(action) !== JSON.stringify(replayed[n]));
  throw new Error(
    `non-deterministic: a replay wants ${JSON.stringify(replayed[nth])} where the run wanted ${JSON.stringify(went[nth])}`,
  );
}

/** Everything that takes a number; waits for events take none. */
function numbered(actions: readonly (readonly Action[])[]): readonly Action[] {
  const flat = (action: Action): readonly Action[] =>
    action.actionType === actionKind.all || action.actionType === actionKind.any
      ? (action.compoundActions ?? []).flatMap(flat)
      : [action];
  return actions
    .flat()
    .flatMap(flat)
    .filter(({ actionType }) => actionType !== actionKind.event);
}

/** What the host checks: the code must schedule what the history says it scheduled. */
function refuseNonDeterminism(history: readonly HistoryEvent[], actions: readonly Action[]): void {
  for (const event of history.filter(isScheduling)) {
    const action = actions[event.EventId];
    const scheduled = event.EventType === eventType.timerCreated ? "timer" : event.Name;
    const wanted = action?.actionType === actionKind.timer ? "timer" : action?.functionName;
    if (scheduled !== wanted) {
      throw new Error(
        `non-deterministic: history has ${scheduled ?? "?"} at ${event.EventId}, the code wants ${wanted ?? "nothing"}`,
      );
    }
  }
}

class SharedClaim extends Error {}

/** Activities that change something and need no claim: each looks at every piece before it acts. */
const unclaimed = new Set(["postNotice", "pruneSet", "bringBlobs"]);

/** A claim is named by its step alone: a second act of that name would be taken for a repeat of the first. */
function claimsOfRun(): (call: Omit<Call, "at">, answer: unknown) => void {
  const acts = new Map<string, string>();
  return ({ name, input, caller: { step } }, answer) => {
    const { ok, value } = answer as { ok: boolean; value?: object };
    if (!ok || value === undefined || !("changed" in value) || unclaimed.has(name)) return;
    const act = `${name} ${JSON.stringify(input)}`;
    const before = acts.get(step) ?? act;
    if (before !== act) throw new SharedClaim(`${step} is the claim of both ${before} and ${act}`);
    acts.set(step, act);
  };
}

const isBracket = ({ EventType }: HistoryEvent): boolean =>
  EventType === eventType.turnStarted || EventType === eventType.turnCompleted;

const isScheduling = ({ EventType }: HistoryEvent): boolean =>
  EventType === eventType.taskScheduled || EventType === eventType.timerCreated;

const outlineOf = (events: readonly HistoryEvent[]): readonly string[] =>
  events
    .filter(isScheduling)
    .map(({ EventType, Name }) => (EventType === eventType.timerCreated ? "timer" : (Name ?? "?")));

const iso = (ms: number): string => new Date(ms).toISOString();
