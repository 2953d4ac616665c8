import { eventually, type HostProcess, startHostProcess } from "../support/host-process.js";

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess();
});

afterAll(async () => {
  await host.dispose();
});

describe("external events", () => {
  it("are kept until they are waited for, in the order they came", async () => {
    const id = await host.start("eventsAfterActivity", 3);
    for (const value of [1, { b: 2 }, null]) await host.raise(id, "Go", value);
    await host.openGate(id);
    expect((await host.ended(id)).output).toEqual([1, { b: 2 }, null]);
  });

  it("are not lost when they come right after the start", async () => {
    const id = await host.start("waiter");
    await host.raise(id, "e", "first");
    await host.raise(id, "e", "stop");
    expect((await host.ended(id)).output).toEqual(["first"]);
  });

  it("are told apart by the case of their names", async () => {
    const id = await host.start("waiter");
    await host.raise(id, "E", "wrong case");
    await host.raise(id, "e", "stop");
    expect((await host.ended(id)).output).toEqual([]);
  });

  it("reach a run that is busy with an activity, and one that waits, each once", async () => {
    const busy = await host.start("eventsAfterActivity", 1, "busy-with-an-activity");
    await eventually(async () => (await host.journal("gated")).find(([, name]) => name === busy));
    expect(await host.raise(busy, "Go", "early")).toBe(202);
    await host.openGate(busy);
    expect((await host.ended(busy)).output).toEqual(["early"]);

    const waiting = await host.start("waiter");
    await host.until(waiting, ({ runtimeStatus }) => runtimeStatus === "Running");
    for (const value of ["a", "b", "stop"]) await host.raise(waiting, "e", value);
    expect((await host.ended(waiting)).output).toEqual(["a", "b"]);
    expect(await host.raise(waiting, "e", "late")).toBe(410);
  });

  it.each([[7], ["s"], [null], [{ x: [1, null] }], [true]])(
    "bring their payload as it is: %j",
    async (value) => {
      const id = await host.start("oneEvent");
      await host.raise(id, "e", value);
      const { output, historyEvents } = await host.ended(id);
      expect(output).toEqual({ type: typeof value, value });
      expect(historyEvents).toContainEqual(
        expect.objectContaining({ EventType: "EventRaised", Input: JSON.stringify(value) }),
      );
    },
  );

  it("fill several waits of one name from the last to the first, as the library does", async () => {
    const id = await host.start("threeWaits");
    for (const value of ["A", "B", "C"]) await host.raise(id, "e", value);
    expect((await host.ended(id)).output).toEqual(["C", "B", "A"]);
  });

  it("come in while a run is suspended, and are read when it is resumed", async () => {
    const id = await host.start("waiter");
    await host.raise(id, "e", "before");
    await host.until(id, ({ customStatus }) => customStatus !== null);
    await host.command(id, "suspend", "reason=why");
    await host.until(id, ({ runtimeStatus }) => runtimeStatus === "Suspended");
    for (const value of ["during", "stop"]) await host.raise(id, "e", value);
    await eventually(async () => {
      const { historyEvents = [] } = await host.status(id, "showHistory=true");
      return historyEvents.filter((event) => event["Name"] === "e").length === 3 || undefined;
    });
    expect((await host.status(id)).runtimeStatus).toBe("Suspended");

    await host.command(id, "resume", "reason=on");

    expect((await host.ended(id)).output).toEqual(["before", "during"]);
  });

  it("do not keep open a run that has returned", async () => {
    const id = await host.start("raceOfEvents");
    await host.raise(id, "first", 1);
    expect((await host.ended(id)).output).toBe("first");
  });
});

describe("continueAsNew", () => {
  it("begins again with the new input and a history of its own, and keeps the custom status", async () => {
    const status = await host.run("counter", 0);

    expect(status).toMatchObject({ input: 3, output: "n=3", customStatus: "first" });
    expect(status.historyEvents?.[0]).toMatchObject({ Input: "3", Generation: null });
    expect(status.historyEvents).toHaveLength(2);
  });

  it("hands on events that came in the same turn behind the one that was read", async () => {
    const id = await host.start("tickByTick", { n: 0, seen: [] });
    await Promise.all([1, 2, 3, 4, 5].map((value) => host.raise(id, "tick", value)));

    const { output } = await host.ended(id);

    const { n, seen } = output as { n: number; seen: number[] };
    expect(n).toBe(5);
    expect(seen.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  });

  it("counts as a new creation, and as the same instance", async () => {
    const id = await host.start("tickByTick", { n: 3, seen: [] });
    const { historyEvents: before } = await host
      .until(id, ({ runtimeStatus }) => runtimeStatus === "Running")
      .then(() => host.status(id, "showHistory=true"));
    await host.raise(id, "tick", "x");
    await host.until(id, ({ input }) => (input as { n: number }).n === 4);
    const after = await host.status(id, "showHistory=true");
    expect([before?.[0]?.["Generation"], after.historyEvents?.[0]?.["Generation"]]).toEqual([
      0,
      null,
    ]);
    expect(after.runtimeStatus).toBe("Running");
    await host.command(id, "terminate");
  });

  it("does not hand on an event that an earlier race in the same execution lost its wait to", async () => {
    const id = await host.start("racingOn", { round: 0, seen: [] });
    await host.until(id, ({ customStatus }) => customStatus === "second race");
    await host.raise(id, "tick", "one");
    await host.until(id, ({ input }) => (input as { round: number }).round === 1);
    await host.until(id, ({ customStatus }) => customStatus === "second race");
    await host.raise(id, "tick", "two");
    expect((await host.ended(id)).output).toEqual(["one", "two"]);
  });
});
