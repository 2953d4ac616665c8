import {
  eventRaised,
  executionStarted,
  formatTimestamp,
  orchestratorStarted,
  played,
  subOrchestrationCreated,
  taskCompleted,
  taskFailed,
  taskScheduled,
  timerCreated,
  timerFired,
} from "../../../../local/host/durable/history-event.js";

const AT = Date.UTC(2026, 10, 22, 23, 34, 10, 500);
const TAIL = '"EventId":-1,"IsPlayed":false,"Timestamp":"2026-11-22T23:34:10.5Z"';

describe("history events", () => {
  it("have the fields of the real host in its order", () => {
    const instance = { InstanceId: "i", ExecutionId: "e" };
    const start = {
      instance,
      parent: null,
      name: "single",
      version: null,
      input: '{"a":1}',
      generation: 0,
    };
    expect(
      [
        orchestratorStarted(AT),
        executionStarted(start, AT),
        taskScheduled("echo", 0, AT),
        taskCompleted(0, "4", AT),
        taskFailed(0, { Reason: "r", Details: "d", FailureDetails: null }, AT),
        subOrchestrationCreated({ Name: "child", Version: null, InstanceId: "k" }, 1, AT),
        timerCreated(AT + 500, 2, AT),
        timerFired(2, AT + 500, AT),
        eventRaised("go", "1", AT),
      ].map((event) => JSON.stringify(event)),
    ).toEqual([
      `{"EventType":12,${TAIL}}`,
      `{"OrchestrationInstance":{"InstanceId":"i","ExecutionId":"e"},"EventType":0,"ParentInstance":null,"Name":"single","Version":null,"Input":"{\\"a\\":1}","Tags":null,"Correlation":null,"ParentTraceContext":null,"ScheduledStartTime":null,"Generation":0,"GenerateNewTrace":false,${TAIL}}`,
      `{"EventType":4,"Name":"echo","Version":"","Input":null,"ParentTraceContext":null,"Tags":null,${TAIL.replace("-1", "0")}}`,
      `{"EventType":5,"TaskScheduledId":0,"Result":"4",${TAIL}}`,
      `{"EventType":6,"TaskScheduledId":0,"Reason":"r","Details":"d","FailureDetails":null,${TAIL}}`,
      `{"EventType":7,"Name":"child","Version":null,"InstanceId":"k","Input":null,"ClientSpanId":null,"Tags":null,${TAIL.replace("-1", "1")}}`,
      `{"EventType":10,"FireAt":"2026-11-22T23:34:11Z",${TAIL.replace("-1", "2")}}`,
      `{"EventType":11,"TimerId":2,"FireAt":"2026-11-22T23:34:11Z",${TAIL}}`,
      `{"EventType":15,"Name":"go","Input":"1","ParentTraceContext":null,${TAIL}}`,
    ]);
  });

  it("keep their order of fields once they are played", () => {
    const event = taskCompleted(3, "null", AT);
    expect(Object.keys(played(event))).toEqual(Object.keys(event));
    expect(played(event).IsPlayed).toBe(true);
  });

  it.each([
    [0, "1970-01-01T00:00:00Z"],
    [500, "1970-01-01T00:00:00.5Z"],
    [10, "1970-01-01T00:00:00.01Z"],
    [123, "1970-01-01T00:00:00.123Z"],
    [600_000, "1970-01-01T00:10:00Z"],
  ])("write %i ms as %s", (instant, text) => {
    expect(formatTimestamp(instant)).toBe(text);
  });
});
