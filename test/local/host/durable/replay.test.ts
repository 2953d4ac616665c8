import fc from "fast-check";
import type { Action, TaskAction } from "../../../../local/host/durable/action.js";
import {
  eventRaised,
  type HistoryEvent,
  orchestratorCompleted,
  orchestratorStarted,
  subOrchestrationCreated,
  taskCompleted,
  taskFailed,
  taskScheduled,
  timerCreated,
  timerFired,
} from "../../../../local/host/durable/history-event.js";
import { replay } from "../../../../local/host/durable/replay.js";

const T = 1_000_000_000_000;
const SECOND = 1_000;
const DAY = 86_400_000;
const FAILURE = { Reason: "r", Details: "d", FailureDetails: null };

describe("replay", () => {
  it("numbers what an orchestrator asks for first", () => {
    const { newTasks } = replay(turn(), [
      all(activity("a"), timer(T), activity("b")),
      activity("c"),
    ]);
    expect(newTasks.map(({ kind, taskNumber }) => [kind, taskNumber])).toEqual([
      ["activity", 0],
      ["timer", 1],
      ["activity", 2],
      ["activity", 3],
    ]);
  });

  it("gives no number to a wait for an event", () => {
    const { newTasks } = replay(turn(), [event("go"), activity("a")]);
    expect(newTasks).toMatchObject([{ kind: "activity", taskNumber: 0 }]);
  });

  it("leaves out what is in the history", () => {
    const history = [
      ...turn(),
      ...scheduled(taskScheduled("a", 0, T)),
      ...turn(taskCompleted(0, "1", T)),
    ];
    const { newTasks, outstanding } = replay(history, [activity("a"), activity("b")]);
    expect(newTasks).toMatchObject([{ name: "b", taskNumber: 1 }]);
    expect(outstanding).toEqual([]);
  });

  it("tells what is still under way", () => {
    const history = [
      ...turn(),
      ...scheduled(taskScheduled("a", 0, T), timerCreated(T + DAY, 1, T)),
      ...turn(taskCompleted(0, "1", T)),
    ];
    const race = any(activity("a"), timer(T + DAY));
    expect(replay(history, [race]).outstanding).toEqual([1]);
    const canceled = any(activity("a"), timer(T + DAY, true));
    expect(replay(history, [canceled])).toMatchObject({ outstanding: [], canceledTimers: [1] });
  });

  it("keeps a number for a timer that is canceled before it was ever made", () => {
    const { newTasks } = replay(turn(), [timer(T + DAY, true), activity("a")]);
    expect(newTasks).toMatchObject([
      { kind: "timer", taskNumber: 0, canceled: true },
      { kind: "activity", taskNumber: 1 },
    ]);
  });

  describe("with retries", () => {
    const flaky = activity("flaky", {
      firstRetryIntervalInMilliseconds: SECOND,
      maxNumberOfAttempts: 2,
    });
    const failedOnce = [
      ...turn(),
      ...scheduled(taskScheduled("flaky", 0, T)),
      ...turn(taskFailed(0, FAILURE, T)),
    ];
    const delayed = [
      ...failedOnce,
      ...scheduled(timerCreated(T + SECOND, 1, T)),
      ...turn(timerFired(1, T + SECOND, T)),
    ];
    const failedTwice = [
      ...delayed,
      ...scheduled(taskScheduled("flaky", 2, T)),
      ...turn(taskFailed(2, FAILURE, T)),
    ];

    it("waits on a timer after a failure", () => {
      expect(replay(failedOnce, [flaky]).newTasks).toEqual([
        { kind: "timer", taskNumber: 1, fireAtMs: T + SECOND, canceled: false },
      ]);
    });

    it("tries again when the timer has fired", () => {
      expect(replay(delayed, [flaky]).newTasks).toMatchObject([
        { kind: "activity", taskNumber: 2, name: "flaky" },
      ]);
    });

    it("waits on a timer after the last failure too, but for no time, and is then over", () => {
      expect(replay(failedTwice, [flaky]).newTasks).toMatchObject([
        { kind: "timer", taskNumber: 3, fireAtMs: T },
      ]);
      const over = [
        ...failedTwice,
        ...scheduled(timerCreated(T + SECOND, 3, T)),
        ...turn(timerFired(3, T + SECOND, T)),
      ];
      expect(replay(over, [flaky, activity("after")])).toMatchObject({
        newTasks: [{ name: "after", taskNumber: 4 }],
        outstanding: [],
      });
    });

    it("marks the numbers whose outcome must come alone", () => {
      expect(replay(turn(), [all(flaky, activity("plain"))]).followedUp).toEqual([0]);
      expect(replay(failedOnce, [flaky]).followedUp).toEqual([1]);
    });

    it.each([
      [1, SECOND],
      [2, 2 * SECOND],
      [3, 4 * SECOND],
      [4, 5 * SECOND],
    ])("grows the delay after failure %i to %i ms, up to the limit", (failures, delay) => {
      const patient = activity("flaky", {
        firstRetryIntervalInMilliseconds: SECOND,
        maxNumberOfAttempts: 9,
        backoffCoefficient: 2,
        maxRetryIntervalInMilliseconds: 5 * SECOND,
      });
      const history: HistoryEvent[] = [...turn()];
      for (let n = 0; n < failures; n += 1) {
        if (n > 0) {
          const timerNumber = 2 * n - 1;
          history.push(
            ...scheduled(timerCreated(T, timerNumber, T)),
            ...turn(timerFired(timerNumber, T, T)),
          );
        }
        history.push(
          ...scheduled(taskScheduled("flaky", 2 * n, T)),
          ...turn(taskFailed(2 * n, FAILURE, T)),
        );
      }
      expect(replay(history, [patient]).newTasks).toMatchObject([{ fireAtMs: T + delay }]);
    });
  });

  it("cuts a long timer into pieces, the last of them ending with it", () => {
    const long = timer(T + 8 * DAY);
    const first = replay(turn(), [long]);
    expect(first.newTasks).toMatchObject([{ taskNumber: 0, fireAtMs: T + 3 * DAY }]);
    expect(first.followedUp).toEqual([0]);

    const afterThreeDays = [
      ...turn(),
      ...scheduled(timerCreated(T + 3 * DAY, 0, T)),
      orchestratorStarted(T + 3 * DAY),
      timerFired(0, T + 3 * DAY, T),
    ];
    expect(replay(afterThreeDays, [long]).newTasks).toMatchObject([
      { taskNumber: 1, fireAtMs: T + 8 * DAY },
    ]);
  });

  describe("when the code has changed", () => {
    const history = [
      ...turn(),
      ...scheduled(taskScheduled("square", 0, T)),
      ...turn(taskCompleted(0, "4", T)),
    ];

    it("notices another kind of task", () => {
      expect(replay(history, [timer(T)]).mismatch).toBe(
        "Non-Deterministic workflow detected: A previous execution of this orchestration scheduled an activity task with sequence number 0 named 'square', but the current orchestration replay instead produced a CreateTimerOrchestratorAction action with this sequence number. Was a change made to the orchestrator code after this instance had already started running?",
      );
    });

    it("notices a task that is gone", () => {
      expect(replay(history, [event("go")]).mismatch).toBe(
        "Non-Deterministic workflow detected: A previous execution of this orchestration scheduled an activity task with sequence ID 0 and name 'square' (version ''), but the current replay execution hasn't (yet?) scheduled this task. Was a change made to the orchestrator code after this instance had already started running?",
      );
    });

    it("notices another name", () => {
      expect(replay(history, [activity("cube")]).mismatch).toMatch(/'square'.*'cube'/);
    });

    it("names the child that is gone", () => {
      const withChild = [
        ...turn(),
        ...scheduled(
          subOrchestrationCreated({ Name: "kid", Version: null, InstanceId: "k-1" }, 0, T),
        ),
      ];
      expect(replay(withChild, []).mismatch).toMatch(
        /a sub-orchestration task with sequence ID 0 and name 'kid' \(version '', instance ID 'k-1'\)/,
      );
    });
  });

  describe("at continueAsNew", () => {
    const [one, two, three] = [1, 2, 3].map((n) => eventRaised("tick", String(n), T + n));

    it("hands on the events behind the one that was read", () => {
      const history = turn(one!, two!, three!);
      const { unreadEvents } = replay(history, [event("tick"), again]);
      expect(unreadEvents).toEqual([two, three]);
    });

    it("loses those that came before the point where it was called", () => {
      const history = [
        ...turn(one!, two!),
        ...scheduled(timerCreated(T, 0, T)),
        ...turn(timerFired(0, T, T), three!),
      ];
      const { unreadEvents } = replay(history, [event("tick"), timer(T), again]);
      expect(unreadEvents).toEqual([three]);
    });

    it("does not hand on what the last of several races read, though the others lost their waits", () => {
      const history = [
        ...turn(),
        ...scheduled(timerCreated(T, 0, T)),
        ...turn(timerFired(0, T, T)),
        ...scheduled(timerCreated(T + DAY, 1, T)),
        ...turn(one!, two!),
      ];
      const races = [any(event("tick"), timer(T)), any(event("tick"), timer(T + DAY, true))];
      const { unreadEvents } = replay(history, [...races, again]);
      expect(unreadEvents).toEqual([two]);
    });
  });

  it("tells whether the orchestrator stands at a wait", () => {
    const waiting = [any(event("go"), timer(T + DAY))];
    expect(replay(turn(), waiting).waitsForEvent).toBe(true);
    expect(replay(turn(eventRaised("go", "1", T)), waiting).waitsForEvent).toBe(false);
    expect(replay(turn(), [activity("a")]).waitsForEvent).toBe(false);
  });

  it("keeps an event for the wait that is opened later", () => {
    const history = [
      ...turn(),
      ...scheduled(taskScheduled("a", 0, T)),
      ...turn(eventRaised("go", "1", T)),
      ...turn(taskCompleted(0, "1", T)),
    ];
    expect(replay(history, [activity("a"), event("go")]).waitsForEvent).toBe(false);
    expect(replay(history, [activity("a"), event("GO")]).waitsForEvent).toBe(true);
  });

  it("gives an event to the wait that was opened last", () => {
    const history = turn(eventRaised("go", "1", T));
    const [first, second] = [event("go"), event("go")];
    expect(replay(history, [any(first, all(second, event("other")))]).waitsForEvent).toBe(true);
    expect(replay(history, [any(all(first, event("other")), second)]).waitsForEvent).toBe(false);
  });

  it("suspects a timer that was given to two Task.any", () => {
    const race = any(event("go"), timer(T + DAY));
    expect(replay(turn(), [race, race]).repeatedTimer).toBe(true);
    expect(replay(turn(), [race, any(event("go"), timer(T))]).repeatedTimer).toBe(false);
    const canceled = any(event("go"), timer(T + DAY, true));
    expect(replay(turn(), [canceled, canceled, race]).repeatedTimer).toBe(false);
  });

  it("schedules everything once, whatever the order of results", () => {
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 });
    fc.assert(
      fc.property(order, (numbers) => {
        const tasks = numbers.map((_, n) => activity(`a${n}`));
        const history: HistoryEvent[] = [
          ...turn(),
          ...scheduled(...tasks.map(({ name }, n) => taskScheduled(name, n, T))),
        ];
        for (const [done, number] of numbers.entries()) {
          history.push(...turn(taskCompleted(number, "1", T)), orchestratorCompleted(T, false));
          const { mismatch, newTasks, outstanding } = replay(history, [all(...tasks)]);
          expect([mismatch, newTasks, outstanding.length]).toEqual([undefined, [], 5 - done]);
        }
      }),
    );
  });
});

const again: Action = { kind: "continue-as-new", input: null };

function activity(
  name: string,
  retry?: Extract<TaskAction, { kind: "activity" }>["retry"],
): Extract<TaskAction, { kind: "activity" }> {
  return { kind: "activity", name, input: null, retry };
}

function timer(fireAtMs: number, canceled = false): Action {
  return { kind: "timer", fireAtMs, canceled };
}

function event(name: string): Action {
  return { kind: "event", name };
}

function any(...children: Action[]): Action {
  return { kind: "any", children };
}

function all(...children: Action[]): Action {
  return { kind: "all", children };
}

function turn(...received: HistoryEvent[]): HistoryEvent[] {
  return [orchestratorStarted(T), ...received];
}

function scheduled(...events: HistoryEvent[]): HistoryEvent[] {
  return [...events, orchestratorCompleted(T, false)];
}
