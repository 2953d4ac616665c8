import { eventually, type HostProcess, startHostProcess } from "../support/host-process.js";
import { removeApps, startApp } from "../support/small-app.js";

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess({
    environment: { AzureFunctionsJobHost__functionTimeout: "00:00:01" },
  });
});

afterAll(async () => {
  await host.dispose();
});

describe("a function that runs longer than functionTimeout", () => {
  it("is failed, and its orchestrator told, when it is an activity; it does not run again", async () => {
    const { output } = await host.run("slow", null, "never-ends");
    expect(output).toEqual({
      caught:
        "Activity function 'gated' failed: Timeout value of 00:00:01 was exceeded by function: Functions.gated",
    });
    expect(await host.journal("gated")).toHaveLength(1);
    expect(host.log).toContain("activity 'gated' of never-ends ran longer than functionTimeout");
  });

  it("makes no difference when it returns after all", async () => {
    const id = await host.start("slow", null, "too-late");
    await host.ended(id);
    await host.openGate(id);
    const { output, historyEvents } = await host.ended(id);
    expect(output).toHaveProperty("caught");
    expect(historyEvents?.filter(({ EventType: type }) => type === "TaskFailed")).toHaveLength(1);
  });

  it("is answered 500 for when it is an HTTP function", async () => {
    const response = await host.fetch("/api/tooSlow");
    expect([response.status, await response.text()]).toEqual([500, ""]);
  });

  it("is waited for no longer when it is a timer function", async () => {
    const timing = await startApp(
      `app.timer("endless", { schedule: "0 0 5 * * *", handler: () => new Promise(() => undefined) });`,
      { functionTimeout: "00:00:01" },
    );
    try {
      const post = { method: "POST", body: "{}" };
      await timing.fetch(`/admin/functions/endless?code=${timing.masterKey}`, post);
      await eventually(() => timing.log.includes("'endless' exceeded its time limit") || undefined);
    } finally {
      await timing.dispose();
      removeApps();
    }
  });
});
