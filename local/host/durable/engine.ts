import { randomUUID } from "node:crypto";
import type { DurableFunction } from "../function-catalog.js";
import type { DurableConfig } from "../host-json.js";
import type { InFlight } from "../in-flight.js";
import type { Log } from "../log.js";
import type { GroupCommit } from "../state/group-commit.js";
import type { Invoker } from "../worker/invoker.js";
import { ActivityRunner } from "./activity-runner.js";
import type { DurableStore, InstanceFilter } from "./durable-store.js";
import {
  eventRaised,
  executionResumed,
  executionStarted,
  type ExecutionStarted,
  executionSuspended,
  executionTerminated,
  type HistoryEvent,
  type ReceivedEvent,
  timerFired,
} from "./history-event.js";
import {
  type Instance,
  isTerminal,
  type Message,
  type QueuedMessage,
  type ScheduledActivity,
  type ScheduledTimer,
} from "./instance.js";
import type { LiveInstance } from "./live-instance.js";
import { LiveInstances } from "./live-instances.js";
import { OrchestratorCaller } from "./orchestrator-caller.js";
import { TimerQueue } from "./timer-queue.js";
import { closeTurn, openTurn, type TurnOpening } from "./turn-opening.js";
import { turnOutcome, type TurnOutcome } from "./turn-outcome.js";
import { mayRun } from "./version-rule.js";

export interface EngineOptions {
  readonly store: DurableStore;
  readonly commit: GroupCommit;
  /** Turns and activities are counted here while they run. */
  readonly inFlight: InFlight;
  readonly invoker: Invoker;
  readonly functions: readonly DurableFunction[];
  readonly config: DurableConfig;
  readonly functionTimeoutMs: number | undefined;
  /** What every durableClient binding of an activity gets. */
  readonly clientBinding: string;
  readonly log: Log;
  readonly now: () => number;
}

export interface StartRequest {
  readonly name: string;
  /** Undefined: the engine makes one. */
  readonly id: string | undefined;
  readonly input: string | null;
  readonly version: string | undefined;
  /** A repetition that the restart call asked for. */
  readonly restarts: boolean;
}

export type StartResult =
  | { readonly kind: "started"; readonly id: string }
  | { readonly kind: "exists"; readonly status: Instance["status"] };

export type SendResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "unknown" }
  | { readonly kind: "finished" }
  | { readonly kind: "wrong-state"; readonly status: Instance["status"] };

export type PurgeResult =
  | { readonly kind: "purged" }
  | { readonly kind: "unknown" }
  | { readonly kind: "unfinished"; readonly status: Instance["status"] };

/** What the engine is doing, for the rule about skipping time and for draining. */
export interface EngineLoad {
  /** Turns and activities that could run and do not yet. */
  readonly waiting: number;
  readonly nextTimerAtMs: number | undefined;
  /** Some run waits for a person. */
  readonly waitsForPerson: boolean;
}

const LOG_CATEGORY = "Host.Triggers.DurableTask";

/**
 * Runs orchestrations. Each change is decided in memory, written (GroupCommit) and only then acted on, so that after a
 * kill at any moment the disk holds a state from which everything continues.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #activities: ActivityRunner;
  readonly #timers: TimerQueue;
  readonly #live = new LiveInstances();
  readonly #runnable: LiveInstance[] = [];
  readonly #caller: OrchestratorCaller;
  readonly #activityFunctions: ReadonlyMap<string, DurableFunction>;
  #sequence: number;
  #turns = 0;
  #stopped = true;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#caller = new OrchestratorCaller(
      options.invoker,
      options.config,
      byName(options.functions, "orchestration"),
    );
    this.#activityFunctions = byName(options.functions, "activity");
    this.#sequence = options.store.lastSequence();
    this.#timers = new TimerQueue(options.now, (timers) => {
      this.#fire(timers);
    });
    this.#activities = new ActivityRunner({
      inFlight: options.inFlight,
      invoker: options.invoker,
      log: options.log,
      find: (name) => this.#activityFunctions.get(name.toLowerCase()),
      limit: options.config.maxConcurrentActivities,
      timeoutMs: options.functionTimeoutMs,
      clientBinding: options.clientBinding,
      now: options.now,
      onOutcome: (activity, outcome) => this.#activityEnded(activity, outcome),
    });
  }

  /** Continues what an earlier host left unfinished. */
  begin(): void {
    const { store, commit } = this.#options;
    this.#stopped = false;
    for (const instance of store.unfinished()) {
      this.#live.add(instance);
    }
    for (const timer of store.timers()) {
      if (this.#live.running(timer) !== undefined) this.#timers.add(timer);
    }
    for (const activity of store.activities()) {
      if (this.#live.running(activity) !== undefined) this.#activities.add(activity);
      else {
        void commit.write(() => {
          store.deleteActivity(activity);
        });
      }
    }
    void commit.write(() => {
      store.deleteOrphanedMessages();
    });
    commit.flush();
    for (const queued of store.messages()) {
      this.#live.get(queued.instanceId)?.inbox.push(queued);
    }
    for (const live of this.#live.all()) this.#enqueue(live);
  }

  /** Takes up nothing more; what runs, runs to its end and is written. */
  stop(): void {
    this.#stopped = true;
    this.#activities.stop();
    this.#timers.stop();
  }

  /** The clock has moved. */
  checkTimers(): void {
    if (!this.#stopped) this.#timers.check();
  }

  load(): EngineLoad {
    return {
      waiting: this.#runnable.length + this.#activities.waiting,
      nextTimerAtMs: this.#timers.earliest(),
      waitsForPerson: this.#live.waitsForPerson,
    };
  }

  /** As it stands on disk. */
  instance(id: string): Instance | undefined {
    this.#options.commit.flush();
    return this.#options.store.instance(id);
  }

  history(id: string): readonly HistoryEvent[] {
    this.#options.commit.flush();
    return this.#options.store.history(id);
  }

  list(filter: InstanceFilter, fromId: string, limit: number): readonly Instance[] {
    this.#options.commit.flush();
    return this.#options.store.list(filter, fromId, limit);
  }

  /** Resolves once the new instance is on disk. */
  async start(request: StartRequest): Promise<StartResult> {
    const id = request.id ?? plainHexId();
    for (let live = this.#live.get(id); live !== undefined; live = this.#live.get(id)) {
      const { status } = live.instance;
      if (this.#options.config.overridableStates === "NonRunningStates") {
        return { kind: "exists", status };
      }
      await this.terminate(id, overriddenText(id, status));
      await this.finished(id);
    }
    const earlier = request.id === undefined ? undefined : this.instance(id);
    const version = nonEmpty(request.version) ?? this.#options.config.defaultVersion ?? null;
    await this.#begin(
      executionStarted(
        {
          instance: {
            InstanceId: id,
            ExecutionId: request.restarts ? plainHexId() : randomUUID(),
          },
          parent: null,
          name: request.name,
          version,
          input: request.input,
          generation: earlier === undefined ? 0 : (earlier.generation ?? 0) + 1,
        },
        this.#options.now(),
      ),
    );
    return { kind: "started", id };
  }

  raiseEvent(id: string, name: string, input: string): Promise<SendResult> {
    return this.#send(id, () => eventRaised(name, input, this.#options.now()));
  }

  terminate(id: string, reason: string | null): Promise<SendResult> {
    return this.#send(id, () => executionTerminated(reason, this.#options.now()));
  }

  async suspend(id: string, reason: string | null): Promise<SendResult> {
    const status = this.#live.get(id)?.instance.status;
    if (status === "Suspended") return { kind: "wrong-state", status };
    return this.#send(id, () => executionSuspended(reason, this.#options.now()));
  }

  async resume(id: string, reason: string | null): Promise<SendResult> {
    const status = this.#live.get(id)?.instance.status;
    if (status === "Running" || status === "Pending") return { kind: "wrong-state", status };
    return this.#send(id, () => executionResumed(reason, this.#options.now()));
  }

  async purge(id: string): Promise<PurgeResult> {
    const instance = this.instance(id);
    if (instance === undefined) return { kind: "unknown" };
    if (!isTerminal(instance.status)) return { kind: "unfinished", status: instance.status };
    await this.#options.commit.write(() => {
      this.#options.store.deleteInstance(id);
    });
    return { kind: "purged" };
  }

  /** Forgets every instance that the filter names, running ones included. Resolves to their number. */
  async purgeBy(filter: InstanceFilter): Promise<number> {
    const { store, commit } = this.#options;
    commit.flush();
    const ids = store.idsOf(filter);
    for (const id of ids) this.#forget(id);
    await commit.write(() => {
      for (const id of ids) store.deleteInstance(id);
    });
    return ids.length;
  }

  /** Resolves when the instance has come to an end; at once when it is not running. */
  async finished(id: string): Promise<void> {
    await this.#live.gone(id);
  }

  /** Begins an execution; whatever else had its id is replaced. */
  #begin(start: ExecutionStarted): Promise<void> {
    const { store, commit } = this.#options;
    const { InstanceId: id, ExecutionId: executionId } = start.OrchestrationInstance;
    const atMs = this.#options.now();
    this.#forget(id);
    const live = this.#live.add({
      id,
      executionId,
      name: start.Name,
      version: start.Version,
      status: "Pending",
      input: start.Input,
      output: null,
      customStatus: null,
      customStatusBy: null,
      createdAtMs: atMs,
      updatedAtMs: atMs,
      generation: start.Generation,
      parent: start.ParentInstance,
      followedUp: [],
      waitsForEvent: false,
    });
    const { instance } = live;
    const queued = this.#queued({ kind: "start", event: start, carriedOver: undefined });
    live.inbox.push(queued);
    const committed = commit.write(() => {
      store.deleteInstance(id);
      store.saveInstance(instance);
      store.addMessage(id, queued);
    });
    this.#enqueue(live);
    return committed;
  }

  async #send(
    id: string,
    event: () => Exclude<ReceivedEvent, ExecutionStarted>,
  ): Promise<SendResult> {
    const live = this.#live.get(id);
    if (live === undefined) {
      return { kind: this.instance(id) === undefined ? "unknown" : "finished" };
    }
    await this.#deliver(live, { kind: "event", event: event(), executionId: null });
    return { kind: "accepted" };
  }

  /** Puts a message into an instance's inbox; `alsoWrite` goes into the same transaction. */
  #deliver(live: LiveInstance, message: Message, alsoWrite?: () => void): Promise<void> {
    const queued = this.#queued(message);
    const { id } = live.instance;
    live.inbox.push(queued);
    const committed = this.#options.commit.write(() => {
      alsoWrite?.();
      this.#options.store.addMessage(id, queued);
    });
    this.#enqueue(live);
    return committed;
  }

  #queued(message: Message): QueuedMessage {
    this.#sequence += 1;
    return { sequence: this.#sequence, message };
  }

  #enqueue(live: LiveInstance): void {
    if (live.queued || live.inTurn || this.#stopped || live.nextBatch().length === 0) return;
    if (!this.#admits(live.instance)) return;
    live.queued = true;
    this.#runnable.push(live);
    this.#pump();
  }

  /** With the strategy Reject, instances of versions that this host must not run stay where they are. */
  #admits({ version }: Instance): boolean {
    const { config } = this.#options;
    return config.versionFailureStrategy === "Fail" || mayRun(version, config);
  }

  #pump(): void {
    while (!this.#stopped && this.#turns < this.#options.config.maxConcurrentOrchestrators) {
      const live = this.#runnable.shift();
      if (live === undefined) break;
      live.queued = false;
      if (!this.#live.has(live)) continue;
      live.inTurn = true;
      this.#turns += 1;
      void this.#options.inFlight.during(async () => {
        await this.#turn(live);
        live.inTurn = false;
        this.#turns -= 1;
        if (this.#live.has(live)) this.#enqueue(live);
        this.#pump();
      });
    }
  }

  async #turn(live: LiveInstance): Promise<void> {
    const { store, commit, log, now } = this.#options;
    const batch = live.nextBatch();
    const before = live.history(() => store.history(live.instance.id));
    const opening = openTurn(live.instance, batch, now());
    if (opening.restarts) live.clearHistory();
    const history = opening.restarts ? opening.events : [...before, ...opening.events];

    const answer =
      opening.received.length === 0 ? undefined : await this.#caller.ask(live, opening);
    if (!this.#live.has(live)) return;

    live.inbox.splice(0, live.inbox.length, ...live.inbox.filter((m) => !batch.includes(m)));
    const done = (): void => {
      for (const { sequence } of batch) store.deleteMessage(sequence);
    };
    if (answer === undefined) {
      await commit.write(done);
      return;
    }
    const outcome = turnOutcome({
      instance: live.instance,
      history,
      received: opening.received,
      answer,
      atMs: now(),
      isActivity: (name) => this.#activityFunctions.has(name.toLowerCase()),
      isOrchestrator: (name) => this.#caller.knows(name),
      defaultVersion: this.#options.config.defaultVersion,
      newExecutionId: plainHexId,
    });
    for (const warning of outcome.warnings) {
      log.error(
        LOG_CATEGORY,
        `orchestrator '${live.instance.name}' (${live.instance.id}): ${warning}`,
      );
    }
    await this.#apply(live, outcome, opening, done);
  }

  async #apply(
    live: LiveInstance,
    outcome: TurnOutcome,
    opening: TurnOpening,
    done: () => void,
  ): Promise<void> {
    const { store, commit, now } = this.#options;
    const { instance } = outcome;
    const { id } = instance;
    const ended = isTerminal(instance.status);

    const events = closeTurn(opening, outcome.events, now());
    const texts = events.map((event) => JSON.stringify(event));
    const position = live.history(() => []).length;
    const next =
      outcome.next &&
      this.#queued({
        kind: "start",
        event: outcome.next.start,
        carriedOver: outcome.next.carriedOver,
      });
    const parent = outcome.toParent && this.#live.parentOf(instance);
    const news =
      outcome.toParent &&
      this.#queued({
        kind: "event",
        event: outcome.toParent,
        executionId: instance.parent?.OrchestrationInstance.ExecutionId ?? null,
      });

    live.instance = instance;
    if (next === undefined) live.append(events, texts);
    else live.clearHistory();
    if (next !== undefined) live.inbox.unshift(next);
    for (const taskNumber of outcome.canceledTimers) this.#timers.remove(id, taskNumber);
    if (ended) this.#forgetFinished(live);

    const executionId = opening.executionId;
    const committed = commit.write(() => {
      done();
      if (opening.restarts || next !== undefined) store.deleteExecution(id);
      if (next === undefined) {
        store.appendHistory(id, position, texts);
      } else {
        store.addMessage(id, next);
      }
      store.saveInstance(instance);
      for (const activity of outcome.activities) store.addActivity(activity);
      for (const timer of outcome.timers) store.addTimer(timer);
      for (const taskNumber of outcome.canceledTimers) {
        store.deleteTimer({ instanceId: id, executionId, taskNumber });
      }
      if (ended) store.deleteWaiting(id);
      if (parent !== undefined && news !== undefined) {
        store.addMessage(parent.instance.id, news);
      }
    });
    const children = outcome.children.map((child) => this.#begin(child));
    await committed;
    await Promise.all(children);

    if (this.#live.has(live)) {
      for (const activity of outcome.activities) this.#activities.add(activity);
      for (const timer of outcome.timers) this.#timers.add(timer);
    }
    if (parent !== undefined && news !== undefined && this.#live.has(parent)) {
      parent.inbox.push(news);
      this.#enqueue(parent);
    }
    if (ended) {
      this.#live.announceEnd(id);
    }
  }

  /** Resolves once the outcome is on disk. */
  #activityEnded(
    activity: ScheduledActivity,
    event: Exclude<ReceivedEvent, ExecutionStarted>,
  ): Promise<void> {
    const { store, commit } = this.#options;
    const ended = (): void => {
      store.deleteActivity(activity);
    };
    const live = this.#live.running(activity);
    // Nobody waits for the outcome of a terminated, failed or replaced execution.
    if (live === undefined) return commit.write(ended);
    return this.#deliver(live, { kind: "event", event, executionId: activity.executionId }, ended);
  }

  #fire(timers: readonly ScheduledTimer[]): void {
    const { store } = this.#options;
    for (const timer of timers) {
      const live = this.#live.running(timer);
      if (live === undefined) continue;
      const { taskNumber, fireAtMs, createdAtMs, executionId } = timer;
      void this.#deliver(
        live,
        { kind: "event", event: timerFired(taskNumber, fireAtMs, createdAtMs), executionId },
        () => {
          store.deleteTimer(timer);
        },
      );
    }
  }

  #forgetFinished(live: LiveInstance): void {
    this.#live.remove(live.instance.id);
    this.#timers.removeInstance(live.instance.id);
  }

  /** Drops an instance that is replaced or purged, with all that is scheduled for it. */
  #forget(id: string): void {
    this.#live.remove(id);
    this.#live.announceEnd(id);
    this.#timers.removeInstance(id);
    this.#activities.drop(id);
  }
}

function byName(
  functions: readonly DurableFunction[],
  kind: DurableFunction["kind"],
): ReadonlyMap<string, DurableFunction> {
  return new Map(
    functions
      .filter((candidate) => candidate.kind === kind)
      .map((candidate) => [candidate.name.toLowerCase(), candidate]),
  );
}

function plainHexId(): string {
  return randomUUID().replaceAll("-", "");
}

/** Why a running instance is terminated that a start with its id replaces. */
function overriddenText(id: string, status: Instance["status"]): string {
  return `A new instance creation request has been issued for instance ${id} which currently has status ${status}. Since the dedupe statuses of the creation request, [] (all statuses reusable), do not contain the orchestration's status, the orchestration has been terminated and a new instance with the same instance ID will be created.`;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
