import { eventually, type HostProcess, startHostProcess } from "../support/host-process.js";

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess();
});

afterAll(async () => {
  await host.dispose();
});

describe("one activity", () => {
  it("passes input and output through, and shows the merged history", async () => {
    const status = await host.run("single", { a: 1, t: "x" }, "single-1");

    expect(status).toMatchObject({
      name: "single",
      instanceId: "single-1",
      runtimeStatus: "Completed",
      input: { a: 1, t: "x" },
      customStatus: null,
      output: { a: 1, t: "x" },
    });
    expect(status.historyEvents).toEqual([
      {
        EventType: "ExecutionStarted",
        Input: '{"a":1,"t":"x"}',
        Correlation: null,
        ParentTraceContext: null,
        ScheduledStartTime: null,
        Generation: 0,
        GenerateNewTrace: false,
        Timestamp: expect.any(String) as string,
        FunctionName: "single",
      },
      {
        EventType: "TaskCompleted",
        Result: { a: 1, t: "x" },
        Timestamp: expect.any(String) as string,
        ScheduledTime: expect.stringMatching(/\+00:00$/) as string,
        FunctionName: "echo",
        Input: null,
      },
      {
        EventType: "ExecutionCompleted",
        OrchestrationStatus: "Completed",
        Result: { a: 1, t: "x" },
        FailureDetails: null,
        Timestamp: expect.any(String) as string,
      },
    ]);
  });

  it.each([
    ["text", "text"],
    ["", ""],
    [3.5, 3.5],
    [true, true],
    [
      [1, null],
      [1, null],
    ],
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"],
    ['{"a":1}', '{"a":1}'],
    [null, null],
  ])("gives %j back unchanged", async (input, output) => {
    expect((await host.run("pass", input)).output).toEqual(output);
  });

  it("has null for no input and no output", async () => {
    const status = await host.run("none");
    expect([status.input, status.output]).toEqual([null, null]);
  });

  it("hands odd inputs to activities as the real host does: booleans as text, null as nothing", async () => {
    expect((await host.run("inputs")).output).toEqual([
      { type: "undefined", value: null },
      { type: "undefined", value: null },
      { type: "string", value: "" },
      { type: "number", value: 0 },
      { type: "string", value: "False" },
      { type: "string", value: "True" },
      { type: "string", value: "text" },
      { type: "object", value: [1] },
      { type: "object", value: { a: 1 } },
      null,
    ]);
  });

  it("carries inputs and outputs of a megabyte", async () => {
    const large = "y".repeat(1_000_000);
    expect((await host.run("single", large)).output).toBe(large);
  });

  it("stays Running for ever when no function has the activity's name, and says so in the log", async () => {
    const id = await host.start("unknownActivity");
    await eventually(() => (host.log.includes("no function 'noSuchActivity'") ? true : undefined));
    expect((await host.status(id)).runtimeStatus).toBe("Running");
  });
});

describe("a failing activity", () => {
  it.each([
    [{ kind: "error", message: "plain boom" }, "plain boom"],
    [{ kind: "type", message: "wrong type" }, "wrong type"],
    [{ kind: "error", message: "" }, ""],
    [{ kind: "string" }, "just text"],
    [{ kind: "object" }, '{"code":7}'],
  ])("is caught with the recorded text: %j", async (input, message) => {
    const { output } = await host.run("catching", input);

    const { caught, own } = output as { caught: string; own: string[] };
    const [reason, details] = caught.split(" \n ");
    expect(reason).toBe(`Activity function 'fail' failed:  ${message}`);
    expect(JSON.parse(details ?? "")).toMatchObject({
      ClassName: "System.Exception",
      Message: ` ${message}`,
      InnerException: { RemoteMessage: message, IsUserException: false },
    });
    expect(own).toEqual([]);
  });

  it("counts as success when it threw undefined", async () => {
    expect((await host.run("catching", { kind: "undefined" })).output).toEqual({ value: null });
  });

  it("fails the orchestration that does not catch it", async () => {
    const status = await host.run("failing", { kind: "error", message: "boom" });

    expect(status.runtimeStatus).toBe("Failed");
    expect(status.output).toMatch(
      /^Orchestrator function 'failing' failed: Activity function 'fail' failed: {2}boom \n /,
    );
    expect(status.historyEvents?.at(-1)).toMatchObject({
      EventType: "ExecutionCompleted",
      OrchestrationStatus: "Failed",
      Result: status.output,
    });
  });

  it("is tried again on durable timers, whose numbers the tasks after it do not take", async () => {
    const status = await host.run("retrying", { okAt: 2, tries: 3 });

    expect(status.output).toEqual({ result: "ok at 2", after: 9 });
    expect(status.historyEvents?.map((event) => event["EventType"])).toEqual([
      "ExecutionStarted",
      "TaskFailed",
      "TimerCreated",
      "TimerFired",
      "TaskCompleted",
      "TaskCompleted",
      "ExecutionCompleted",
    ]);
  });

  it("is given up after the last attempt", async () => {
    const { output } = await host.run("retrying", { okAt: 99, tries: 2 });
    expect(output).toEqual({ caught: "Activity function 'flaky' failed:  flaky 2" });
  });
});

describe("a failing orchestrator", () => {
  it("shows what it threw", async () => {
    const status = await host.run("throwing");
    expect(status).toMatchObject({
      runtimeStatus: "Failed",
      output: "Orchestrator function 'throwing' failed: orch boom",
    });
  });

  it("shows the library's word on a yield of something that is no task", async () => {
    expect((await host.run("junk")).output).toMatch(
      /^Orchestrator function 'junk' failed: Durable Functions programming constraint violation/,
    );
  });

  it("fails when it is no generator", async () => {
    const { runtimeStatus, output } = await host.run("async");
    expect([runtimeStatus, output]).toEqual([
      "Failed",
      "Orchestrator function 'async' failed: this.generator.next is not a function",
    ]);
  });

  it("stays Running for ever when it throws what is no Error, and the log says so", async () => {
    const id = await host.start("throwingText");
    await eventually(() => host.log.includes("threw something that is no Error") || undefined);
    expect((await host.status(id)).runtimeStatus).toBe("Running");
  });

  it("fails when there is no function of its name, and names those there are", async () => {
    const status = await host.run("nope");
    expect(status.runtimeStatus).toBe("Failed");
    expect(status.output).toMatch(
      /^Orchestrator function 'nope' failed: The function 'nope' doesn't exist.*'single'/,
    );
  });

  it("fails when it wants what this host does not offer", async () => {
    expect((await host.run("entityUser")).output).toMatch(/does not offer entities/);
  });

  it.each([
    ["timer", /sequence number 0 named 'square'.*produced a CreateTimerOrchestratorAction/],
    ["none", /sequence ID 0 and name 'square' \(version ''\).*hasn't \(yet\?\) scheduled/],
    ["other", /^Non-Deterministic workflow detected/],
  ])("fails as non-deterministic when its code changes to %s under way", async (flavor, text) => {
    await host.fetch("/api/flavor/activity", { method: "POST" });
    const id = await host.start("changing");
    await eventually(async () => {
      const { historyEvents = [] } = await host.status(id, "showHistory=true");
      return historyEvents.some((event) => event["EventType"] === "TaskCompleted") || undefined;
    });

    await host.fetch(`/api/flavor/${flavor}`, { method: "POST" });
    await host.raise(id, "go", 1);

    const status = await host.ended(id);
    expect(status.runtimeStatus).toBe("Failed");
    expect(status.output).toMatch(text);
  });
});

describe("the custom status", () => {
  it("can be set, changed and taken back", async () => {
    const id = await host.start("statuses");
    await host.until(id, ({ customStatus }) => JSON.stringify(customStatus) === '{"step":1}');
    await host.raise(id, "next", 1);
    await host.until(id, ({ customStatus }) => customStatus === "text");
    await host.raise(id, "next", 1);
    await host.until(id, ({ customStatus }) => customStatus === null);
    await host.command(id, "terminate");
  });

  it("may be 17 KB short of a character, and not more", async () => {
    expect((await host.run("customStatus", "s".repeat(8_701))).runtimeStatus).toBe("Completed");

    const tooLong = await host.run("customStatus", "s".repeat(8_702));
    expect(tooLong.runtimeStatus).toBe("Failed");
    expect(tooLong.output).toBe(
      "Orchestrator function 'customStatus' failed: The UTF-16 size of the JSON-serialized payload must not exceed 16 KB. The current payload size is 17 KB.",
    );
  });
});

describe("suspend, resume and terminate", () => {
  it("starts nothing new while suspended, and goes on at resume", async () => {
    const id = await host.start("gatedOrchestration", "while-suspended");
    await eventually(async () =>
      (await host.journal("gated")).find(([, name]) => name === "while-suspended"),
    );
    await host.command(id, "suspend", "reason=why");
    await host.until(id, ({ runtimeStatus }) => runtimeStatus === "Suspended");
    await host.openGate("while-suspended");
    const suspended = await eventually(async () => {
      const status = await host.status(id, "showHistory=true");
      const last = status.historyEvents?.at(-1)?.["EventType"];
      return last === "TaskCompleted" ? status : undefined;
    });
    expect(suspended).toMatchObject({ runtimeStatus: "Suspended", output: "why" });

    await host.command(id, "resume", "reason=on");

    expect((await host.ended(id)).output).toEqual(["while-suspended", 9]);
  });

  it("leaves the output as it was when it terminates without a reason", async () => {
    const id = await host.start("waiter");
    await host.command(id, "suspend", "reason=why");
    await host.until(id, ({ output }) => output === "why");
    await host.command(id, "resume");
    await host.until(id, ({ runtimeStatus }) => runtimeStatus === "Running");
    await host.command(id, "terminate");
    const { runtimeStatus, output } = await host.ended(id);
    expect([runtimeStatus, output]).toEqual(["Terminated", "why"]);
  });

  it("terminates with the reason as output, and drops what is still under way", async () => {
    const id = await host.start("gatedOrchestration", "when-terminated");
    await eventually(async () =>
      (await host.journal("gated")).find(([, name]) => name === "when-terminated"),
    );

    await host.command(id, "terminate", "reason=stop%20it");
    const status = await host.ended(id);
    await host.openGate("when-terminated");

    expect(status).toMatchObject({ runtimeStatus: "Terminated", output: "stop it" });
    expect(status.historyEvents?.map((event) => event["EventType"])).toEqual([
      "ExecutionStarted",
      "TaskScheduled",
      "ExecutionTerminated",
      "ExecutionCompleted",
    ]);
  });
});
