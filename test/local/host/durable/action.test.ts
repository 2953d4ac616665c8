import { parseAction } from "../../../../local/host/durable/action.js";

describe("an action of the library", () => {
  it.each([
    [
      { actionType: 0, functionName: "echo", input: { a: 1 } },
      { kind: "activity", name: "echo", input: '{"a":1}', retry: undefined },
    ],
    [
      // The library encodes a text input itself.
      { actionType: 0, functionName: "echo", input: '"text"' },
      { kind: "activity", name: "echo", input: '"text"', retry: undefined },
    ],
    [
      { actionType: 0, functionName: "echo" },
      { kind: "activity", name: "echo", input: null, retry: undefined },
    ],
    [
      { actionType: 2, functionName: "child", input: "text", instanceId: "" },
      {
        kind: "sub-orchestration",
        name: "child",
        input: '"text"',
        instanceId: undefined,
        version: undefined,
        retry: undefined,
      },
    ],
    [
      { actionType: 4, input: { n: 1 } },
      { kind: "continue-as-new", input: '{"n":1}' },
    ],
    [
      { actionType: 5, fireAt: "1970-01-01T00:00:01.000Z", isCanceled: true },
      { kind: "timer", fireAtMs: 1_000, canceled: true },
    ],
    [
      { actionType: 6, externalEventName: "go", reason: "ExternalEvent" },
      { kind: "event", name: "go" },
    ],
    [
      { actionType: 11, compoundActions: [{ actionType: 6, externalEventName: "go" }] },
      { kind: "any", children: [{ kind: "event", name: "go" }] },
    ],
    [
      { actionType: 12, compoundActions: [] },
      { kind: "all", children: [] },
    ],
    [
      { actionType: 7, instanceId: "@c@k", operation: "get" },
      { kind: "unsupported", what: "entities" },
    ],
    [
      { actionType: 8, httpRequest: {} },
      { kind: "unsupported", what: "callHttp" },
    ],
  ])("%j is understood", (wire, action) => {
    expect(parseAction(wire)).toEqual(action);
  });

  it("carries its retry policy", () => {
    const retryOptions = { firstRetryIntervalInMilliseconds: 1_000, maxNumberOfAttempts: 3 };
    expect(parseAction({ actionType: 1, functionName: "a", retryOptions })).toMatchObject({
      retry: retryOptions,
    });
  });

  it("is refused when no known library writes it", () => {
    expect(() => parseAction({ actionType: 99 })).toThrow(/actionType/);
  });
});
