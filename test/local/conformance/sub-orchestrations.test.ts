import { eventually, type HostProcess, startHostProcess } from "../support/host-process.js";

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess();
});

afterAll(async () => {
  await host.dispose();
});

describe("sub-orchestrations", () => {
  it("get an id made of the parent's execution, and know their parent", async () => {
    const parent = await host.run("parent", { name: "child", input: 4 });

    const { got } = parent.output as { got: { instanceId: string } };
    expect(got).toMatchObject({ parentInstanceId: parent.instanceId, square: 16 });
    expect(got.instanceId).toMatch(/^[0-9a-f-]{36}:0$/);
    expect(await host.status(got.instanceId)).toMatchObject({ runtimeStatus: "Completed" });
  });

  it("take an explicit id", async () => {
    const { output } = await host.run("parent", { name: "child", input: 2, instanceId: "my-kid" });
    expect(output).toMatchObject({ got: { instanceId: "my-kid", square: 4 } });
  });

  it("replace an instance that has their id", async () => {
    await host.start("waiter", null, "taken");
    await host.run("parent", { name: "child", input: 3, instanceId: "taken" });
    expect(await host.status("taken")).toMatchObject({ name: "child", output: { square: 9 } });
  });

  it("fail with the recorded text", async () => {
    const { output } = await host.run("parent", { name: "childThrows" });
    expect((output as { caught: string }).caught).toMatch(
      /^Orchestrator function 'childThrows' failed: child threw \n Message: child threw, /,
    );
  });

  it("run on when their parent is terminated", async () => {
    const input = { name: "gatedOrchestration", input: "orphan", instanceId: "orphan" };
    const id = await host.start("parent", input);
    await eventually(async () =>
      (await host.journal("gated")).find(([, name]) => name === "orphan"),
    );

    await host.command(id, "terminate", "reason=enough");
    expect((await host.ended(id)).output).toBe("enough");
    await host.openGate("orphan");

    expect((await host.ended("orphan")).output).toEqual(["orphan", 9]);
  });

  it("break their parent when they are terminated themselves, as on the real host", async () => {
    const input = { name: "waiter", input: null, instanceId: "victim" };
    const id = await host.start("parent", input);
    await eventually(async () => (await host.manage("instances/victim")).ok || undefined);

    await host.command("victim", "terminate", "reason=childstop");

    expect((await host.ended(id)).output).toMatch(/^Non-Deterministic workflow detected/);
  });

  it("replace a finished instance that has their id", async () => {
    await host.run("pass", 1, "taken-and-done");
    const input = { name: "child", input: 3, instanceId: "taken-and-done" };
    expect((await host.run("parent", input)).output).toMatchObject({ got: { square: 9 } });
    expect(await host.status("taken-and-done")).toMatchObject({ name: "child" });
  });

  it("fail the parent that does not catch", async () => {
    const status = await host.run("trustingParent", { name: "childThrows" });
    expect(status.runtimeStatus).toBe("Failed");
    expect(status.output).toMatch(
      /^Orchestrator function 'trustingParent' failed: Orchestrator function 'childThrows' failed: child threw \n /,
    );
  });

  it("are tried again, each try an instance of its own", async () => {
    const status = await host.run("retryingParent", { okAt: 2, tries: 3 });

    expect(status.output).toEqual({ got: "ok at 2", after: 9 });
    expect(status.historyEvents?.map((event) => event["EventType"])).toEqual([
      "ExecutionStarted",
      "SubOrchestrationInstanceFailed",
      "TimerCreated",
      "TimerFired",
      "SubOrchestrationInstanceCompleted",
      "TaskCompleted",
      "ExecutionCompleted",
    ]);
    const list = await host.manage("instances?runtimeStatus=Failed,Completed");
    const children = ((await list.json()) as { name: string; runtimeStatus: string }[]).filter(
      ({ name }) => name === "flakyChild",
    );
    expect(children.map(({ runtimeStatus }) => runtimeStatus).toSorted()).toEqual([
      "Completed",
      "Failed",
    ]);
  });

  it("are given up after the last try", async () => {
    const { output } = await host.run("retryingParent", { okAt: 99, tries: 2 });
    expect((output as { caught: string }).caught).toMatch(
      /^Orchestrator function 'flakyChild' failed: Activity function 'flaky' failed: {2}flaky 2/,
    );
  });

  it("fan out by the dozen and come back in order", async () => {
    const { output, historyEvents = [] } = await host.run("manyChildren", 60);

    expect(output).toEqual(Array.from({ length: 60 }, (_, n) => n * n));
    const ofChildren = historyEvents.filter(({ FunctionName: name }) => name === "child");
    expect(ofChildren).toHaveLength(60);
    const running = await host.manage("instances?runtimeStatus=Running,Pending&showInput=false");
    const left = (await running.json()) as { name: string }[];
    expect(left.filter(({ name }) => name === "child")).toEqual([]);
  });

  it("survive a fan-out of which some fail: the parent hears of the first, and ends when all have", async () => {
    const id = await host.start("mixedChildren", "mixed");
    await eventually(async () =>
      (await host.journal("gated")).find(([, name]) => name === "mixed"),
    );
    // One child has thrown, the other waits at its gate.
    await eventually(async () => {
      const { historyEvents = [] } = await host.status(id, "showHistory=true");
      return (
        historyEvents.some(({ EventType: type }) => type === "SubOrchestrationInstanceFailed") ||
        undefined
      );
    });
    expect((await host.status(id)).runtimeStatus).toBe("Running");
    await host.openGate("mixed");
    const { runtimeStatus, output } = await host.ended(id);
    expect([runtimeStatus, output]).toEqual(["Completed", "caught"]);
  });

  it("stay for ever when no function has their name, and the log says so", async () => {
    const id = await host.start("parent", { name: "noSuchOrchestrator" });
    await eventually(() => host.log.includes("no function 'noSuchOrchestrator'") || undefined);
    expect((await host.status(id)).runtimeStatus).toBe("Running");
  });

  it("hold the parent open that returned without them", async () => {
    const id = await host.start("hastyParent", "left behind");
    await eventually(async () => {
      const { historyEvents = [] } = await host.status(id, "showHistory=true");
      return historyEvents.some(({ EventType: type }) => type === "TimerFired") || undefined;
    });
    expect((await host.status(id)).runtimeStatus).toBe("Running");
    await eventually(async () =>
      (await host.journal("gated")).find(([, name]) => name === "left behind"),
    );
    await host.openGate("left behind");
    expect(await host.ended(id)).toMatchObject({ runtimeStatus: "Completed", output: "timer" });
  });
});
