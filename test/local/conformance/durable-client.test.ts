import { eventually, type HostProcess, startHostProcess } from "../support/host-process.js";

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess();
});

afterAll(async () => {
  await host.dispose();
});

describe("durable client", () => {
  it("starts, asks, raises and waits through its binding", async () => {
    const { result: id } = await host.client("startNew", "waiter", { instanceId: "by-client" });
    expect(id).toBe("by-client");

    expect(await host.client("raiseEvent", id, "e", "one")).toEqual({ result: null });
    expect(await host.client("raiseEvent", id, "e", "stop")).toEqual({ result: null });
    await host.ended("by-client");

    expect(await host.client("getStatus", id)).toMatchObject({
      result: { runtimeStatus: "Completed", output: ["one"] },
    });
  });

  it("hands over input and version", async () => {
    const { result: id } = await host.client("startNew", "context", { version: "2.1" });
    expect((await host.ended(String(id))).output).toMatchObject({ version: "2.1" });
  });

  it("rejects the id of a running instance with the status 409", async () => {
    await host.client("startNew", "waiter", { instanceId: "busy" });
    expect((await host.client("startNew", "waiter", { instanceId: "busy" })).error).toMatch(
      /unexpected status code: 409.*An Orchestration instance with the status/,
    );
  });

  it.each(["raiseEvent", "terminate", "suspend", "resume"])(
    "rejects %s of an unknown instance",
    async (call) => {
      const { error } = await host.client(call, "no-such-id", "x", 1);
      expect(error).toBe("No instance with ID 'no-such-id' found.");
    },
  );

  it("resolves calls on a finished instance", async () => {
    await host.run("pass", 1, "over");
    expect(await host.client("raiseEvent", "over", "e", 1)).toEqual({ result: null });
    expect(await host.client("terminate", "over", "late")).toEqual({ result: null });
  });

  it("rejects the status of an unknown instance", async () => {
    expect((await host.client("getStatus", "no-such-id")).error).toMatch(/HTTP 404/);
  });

  it("purges one, and says how many", async () => {
    await host.run("pass", 1, "gone");
    expect(await host.client("purgeInstanceHistory", "gone")).toEqual({
      result: { instancesDeleted: 1 },
    });
    expect(await host.client("purgeInstanceHistory", "gone")).toEqual({
      result: { instancesDeleted: 0 },
    });
  });

  it("lists by filter", async () => {
    await host.run("pass", 1, "listed");
    const { result } = await host.client("getStatusBy", { runtimeStatus: ["Completed"] });
    expect(result).toContainEqual(expect.objectContaining({ instanceId: "listed" }));
  });

  it("answers a check with URLs at the address that the caller used, rewind among them", async () => {
    const response = await host.fetch("/api/check?id=abc", { method: "POST" });

    const payload = (await response.json()) as Record<string, string>;
    expect(response.status).toBe(202);
    expect(response.headers.get("location")).toBe(payload["statusQueryGetUri"]);
    expect(payload["statusQueryGetUri"]).toMatch(
      `${host.url}/runtime/webhooks/durabletask/instances/abc?`,
    );
    expect(payload).toHaveProperty("rewindPostUri");
  });

  it("gives URLs that work as they are", async () => {
    await host.run("pass", 1, "linked");
    const { result } = await host.client("createHttpManagementPayload", "linked");
    const { statusQueryGetUri } = result as { statusQueryGetUri: string };
    expect((await fetch(statusQueryGetUri)).status).toBe(200);
  });

  it("waits for a completion inside a function", async () => {
    const completed = await host.fetch("/api/startAndWait?name=pass", {
      method: "POST",
      body: "7",
    });
    expect([completed.status, await completed.json()]).toEqual([200, 7]);

    const late = await host.fetch("/api/startAndWait?name=waiter", { method: "POST", body: "1" });
    expect(late.status).toBe(202);
  });

  it("is an input of activities as well", async () => {
    const { output } = await host.run("startsAnother", { id: "by-activity", input: 7 });

    expect(output).toBe("by-activity");
    expect((await host.ended("by-activity")).output).toBe(7);
  });

  it("is an input of activities that are called by hand", async () => {
    const response = await host.fetch(`/admin/functions/starter?code=${host.masterKey}`, {
      method: "POST",
      body: JSON.stringify({ input: JSON.stringify({ id: "by-hand", input: 8 }) }),
    });

    expect(response.status).toBe(202);
    await eventually(async () =>
      (await host.client("getStatus", "by-hand")).result ? true : undefined,
    );
    expect((await host.ended("by-hand")).output).toBe(8);
  });

  it("suspends and resumes", async () => {
    await host.client("startNew", "waiter", { instanceId: "paused" });
    await host.client("suspend", "paused", "why");
    await host.until("paused", ({ runtimeStatus }) => runtimeStatus === "Suspended");
    await host.client("resume", "paused", "on");
    await eventually(async () =>
      (await host.status("paused")).runtimeStatus === "Running" ? true : undefined,
    );
  });
});
