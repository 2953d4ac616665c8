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

  it.each([
    ["a#b", "a"],
    ["a?b", "a"],
    ["%41", "A"],
    ["@lead", "@lead"],
    ["a b", "a b"],
    ["L".repeat(257), "L".repeat(257)],
  ])("starts %s as %s", async (instanceId, called) => {
    const started = await host.client("startNew", "pass", { instanceId, input: 1 });
    expect(started).not.toHaveProperty("error");
    expect((await host.ended(called)).output).toBe(1);
  });

  it.each(["a/b", "x\\y", "..", "a%2Fb"])("cannot start %s", async (instanceId) => {
    const { error } = await host.client("startNew", "pass", { instanceId });
    expect(error).toMatch(/404/);
  });

  it.each([undefined, "", " "])("starts %j under an id of its own", async (instanceId) => {
    const { result } = await host.client("startNew", "pass", { instanceId });
    expect(result).toMatch(/^[0-9a-f]{32}$/);
  });

  it("starts anew what has finished, and resolves for a name that no orchestrator has", async () => {
    await host.run("pass", 1, "used");
    expect(await host.client("startNew", "pass", { instanceId: "used", input: 2 })).toEqual({
      result: "used",
    });
    expect((await host.ended("used")).output).toBe(2);
    const { result: id } = await host.client("startNew", "noSuchOrchestrator");
    expect((await host.ended(String(id))).runtimeStatus).toBe("Failed");
  });

  it("rejects an event without data, and takes one of null", async () => {
    await host.client("startNew", "oneEvent", { instanceId: "picky" });
    expect((await host.client("raiseEvent", "picky", "e")).error).toMatch(/Invalid JSON content/);
    expect(await host.client("raiseEvent", "picky", "e", null)).toEqual({ result: null });
    expect((await host.ended("picky")).output).toEqual({ type: "object", value: null });
  });

  it("rejects what cannot be rewound or purged", async () => {
    await host.run("pass", 1, "fine");
    await host.start("waiter", null, "unfinished");
    expect((await host.client("rewind", "fine", "r")).error).toBe(
      'This orchestration has status Completed, but only orchestrations in the "Failed" state can be rewound.',
    );
    expect((await host.client("rewind", "no-such-id", "r")).error).toBe(
      'No orchestration with instance ID "$no-such-id" found.',
    );
    expect((await host.client("purgeInstanceHistory", "unfinished")).error).toMatch(/412/);
  });

  it("purges by filter, and says when there was nothing", async () => {
    await host.run("pass", 1, "to-be-purged");
    const nothing = {
      createdTimeFrom: "2000-01-01T00:00:00Z",
      createdTimeTo: "2001-01-01T00:00:00Z",
    };
    expect(await host.client("purgeInstanceHistoryBy", nothing)).toEqual({
      result: { instancesDeleted: 0 },
    });
    const completed = { createdTimeFrom: "2000-01-01T00:00:00Z", runtimeStatus: ["Completed"] };
    const { result } = await host.client("purgeInstanceHistoryBy", completed);
    expect((result as { instancesDeleted: number }).instancesDeleted).toBeGreaterThan(0);
    expect((await host.manage("instances/to-be-purged")).status).toBe(404);
  });

  it("steers an instance right after its start", async () => {
    await host.client("startNew", "waiter", { instanceId: "short-lived" });
    expect(await host.client("terminate", "short-lived", "at once")).toEqual({ result: null });
    expect(await host.ended("short-lived")).toMatchObject({
      runtimeStatus: "Terminated",
      output: "at once",
    });
  });

  it("gets its binding as the real extension writes it", async () => {
    const response = await host.fetch("/api/binding");
    const binding = (await response.json()) as Record<string, Record<string, string>>;
    const port = new URL(host.url).port;
    const base = `http://localhost:${port}/runtime/webhooks/durabletask`;
    expect(Object.keys(binding)).toEqual([
      "taskHubName",
      "connectionName",
      "creationUrls",
      "managementUrls",
      "baseUrl",
      "requiredQueryStringParameters",
      "rpcBaseUrl",
      "httpBaseUrl",
      "maxGrpcMessageSizeInBytes",
      "grpcHttpClientTimeout",
    ]);
    expect(binding).toMatchObject({
      taskHubName: "SampleHub",
      connectionName: null,
      baseUrl: base,
      requiredQueryStringParameters: `code=${host.systemKey}`,
      rpcBaseUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/durabletask\/$/) as string,
    });
    expect(binding["creationUrls"]?.["createNewInstancePostUri"]).toBe(
      `${base}/orchestrators/{functionName}[/{instanceId}]?code=${host.systemKey}`,
    );
    expect(binding["managementUrls"]?.["sendEventPostUri"]).toBe(
      `${base}/instances/INSTANCEID/raiseEvent/{eventName}?taskHub=SampleHub&connection=Storage&code=${host.systemKey}`,
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

  it("answers a failed and a terminated one to who waits for its end", async () => {
    const failed = await host.fetch("/api/startAndWait?name=throwing", {
      method: "POST",
      body: "1",
    });
    expect([failed.status, await failed.json()]).toMatchObject([500, { runtimeStatus: "Failed" }]);
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
