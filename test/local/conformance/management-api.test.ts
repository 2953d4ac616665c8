import { type HostProcess, startHostProcess } from "../support/host-process.js";

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess();
  await host.run("single", { a: 1 }, "done");
  await host.run("throwing", 1, "failed");
  await host.start("waiter", { w: 1 }, "running");
  await host.start("waiter", 1, "terminated");
  await host.command("terminated", "terminate", "reason=because");
  await host.ended("terminated");
  await host.start("waiter", 1, "suspended");
  await host.command("suspended", "suspend", "reason=pause");
  await host.until("suspended", ({ runtimeStatus }) => runtimeStatus === "Suspended");
});

afterAll(async () => {
  await host.dispose();
});

describe("start", () => {
  it("answers 202 with the URLs that watch and steer the instance, without rewind", async () => {
    const response = await host.manage("orchestrators/single/with%20space", {
      method: "POST",
      body: "1",
    });

    const payload = (await response.json()) as Record<string, string>;
    const base = `${host.url}/runtime/webhooks/durabletask/instances/with+space`;
    const query = `taskHub=SampleHub&connection=Storage&code=${host.systemKey}`;
    expect(response.status).toBe(202);
    expect(response.headers.get("retry-after")).toBe("10");
    expect(response.headers.get("location")).toBe(`${base}?${query}`);
    expect(payload).toEqual({
      id: "with space",
      statusQueryGetUri: `${base}?${query}`,
      sendEventPostUri: `${base}/raiseEvent/{eventName}?${query}`,
      terminatePostUri: `${base}/terminate?reason={text}&${query}`,
      purgeHistoryDeleteUri: `${base}?${query}`,
      restartPostUri: `${base}/restart?${query}`,
      suspendPostUri: `${base}/suspend?reason={text}&${query}`,
      resumePostUri: `${base}/resume?reason={text}&${query}`,
    });
  });

  it("makes an id of 32 hex digits where none is given", async () => {
    expect(await host.start("none")).toMatch(/^[0-9a-f]{32}$/);
  });

  it("takes names whatever their case, and JSON whatever its content type", async () => {
    const response = await host.manage("orchestrators/PASS?timeout=10&pollingInterval=1", {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: '{"a":1}',
    });
    expect([response.status, await response.text()]).toEqual([200, '{"a":1}']);
  });

  it("refuses what is not JSON", async () => {
    const response = await host.manage("orchestrators/pass", { method: "POST", body: "{bad" });
    expect([response.status, await response.json()]).toEqual([
      400,
      { Message: "Invalid JSON content" },
    ]);
  });

  it.each(["running", "suspended"])("refuses the id of an instance that is %s", async (id) => {
    const response = await host.manage(`orchestrators/single/${id}`, { method: "POST" });
    const { Message } = (await response.json()) as { Message: string };
    expect(response.status).toBe(409);
    expect(Message).toMatch(/^An Orchestration instance with the status \w+ already exists\.$/);
  });

  it("begins anew under the id of a finished one", async () => {
    await host.run("single", 1, "again");
    expect(await host.run("pass", 2, "again")).toMatchObject({ name: "pass", output: 2 });
  });

  it.each([
    ["a%23b", "a#b", "a%23b"],
    ["a%3Fb", "a?b", "a%3Fb"],
    ["a%5Cb", "a\\b", "a%5Cb"],
    ["@x@y", "@x@y", "%40x%40y"],
    ["a%20b", "a b", "a+b"],
    ["a+b", "a b", "a+b"],
    ["a%25b", "a%b", "a%25b"],
    ["a'b", "a'b", "a%27b"],
    ["%C3%BC", "ü", "%C3%BC"],
    ["a%01b", "a\u0001b", "a%01b"],
    ["M".repeat(257), "M".repeat(257), "M".repeat(257)],
  ])("takes the id %s as %s", async (segment, id, encoded) => {
    const response = await host.manage(`orchestrators/pass/${segment}`, {
      method: "POST",
      body: "1",
    });
    const { statusQueryGetUri, ...payload } = (await response.json()) as Record<string, string>;
    expect([response.status, payload["id"]]).toEqual([202, id]);
    expect(statusQueryGetUri).toContain(`/instances/${encoded}?`);
    await host.ended(id);
    const seen = (await (await fetch(String(statusQueryGetUri))).json()) as { instanceId: string };
    expect(seen.instanceId).toBe(id);
  });

  it("cannot store an id of a thousand characters", async () => {
    const response = await host.manage(`orchestrators/pass/${"N".repeat(1_000)}`, {
      method: "POST",
    });
    expect(response.status).toBe(500);
  });

  it("runs an instance of the version that is named", async () => {
    await host.manage("orchestrators/context/versioned?version=2.1", { method: "POST" });
    expect((await host.ended("versioned")).output).toMatchObject({ version: "2.1" });
  });

  it.each([
    ["timeout=abc&pollingInterval=1", 202],
    ["timeout=5", 202],
    ["pollingInterval=1", 202],
  ])("does not wait for the end with %s", async (query, status) => {
    const response = await host.manage(`orchestrators/none?${query}`, { method: "POST" });
    expect(response.status).toBe(status);
  });

  it("lets one of ten equal ids in", async () => {
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => host.manage("orchestrators/waiter/one", { method: "POST" })),
    );
    const statuses = responses.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([202, ...Array<number>(9).fill(409)]);
  });

  it.each([
    ["orchestrators/a/b%2Fc", 404],
    ["orchestrators/a/b/c", 404],
    ["orchestrators", 404],
    ["elsewhere", 404],
  ])("answers %s with %i", async (target, status) => {
    expect((await host.manage(target, { method: "POST" })).status).toBe(status);
  });

  it("waits for the end when asked to, and gives the bare output", async () => {
    const wait = "timeout=10&pollingInterval=1";
    const start = (name: string): Promise<Response> =>
      host.manage(`orchestrators/${name}?${wait}`, { method: "POST", body: '"text"' });

    const completed = await start("pass");
    expect([completed.status, await completed.text()]).toEqual([200, '"text"']);
    const failed = await start("throwing");
    expect([failed.status, await failed.json()]).toMatchObject([200, { runtimeStatus: "Failed" }]);
  });

  it("answers 202 when the end does not come in time", async () => {
    const response = await host.manage("orchestrators/waiter?timeout=0.1&pollingInterval=0.1", {
      method: "POST",
    });
    expect(response.status).toBe(202);
  });

  it("refuses an interval longer than the time", async () => {
    const response = await host.manage("orchestrators/single?timeout=1&pollingInterval=5", {
      method: "POST",
    });
    expect(await response.json()).toEqual({
      Message: "Total timeout 1 should be bigger than retry timeout 5",
    });
  });
});

describe("status", () => {
  it.each([
    ["done", 200],
    ["failed", 200],
    ["terminated", 200],
    ["running", 202],
    ["suspended", 202],
  ])("of %s is %i", async (id, status) => {
    const response = await host.manage(`instances/${id}`);
    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe(status === 202 ? "5" : null);
    expect(response.headers.get("location")).toBe(
      status === 202 ? `${host.url}/runtime/webhooks/durabletask/instances/${id}` : null,
    );
  });

  it("has its members in the recorded order, nulls written", async () => {
    expect(Object.keys(await host.status("running"))).toEqual([
      "name",
      "instanceId",
      "runtimeStatus",
      "input",
      "customStatus",
      "output",
      "createdTime",
      "lastUpdatedTime",
    ]);
  });

  it("is 404 and empty for an unknown id, and ids keep their case", async () => {
    for (const id of ["no-such-id", "DONE"]) {
      const response = await host.manage(`instances/${id}`);
      expect([response.status, await response.text()]).toEqual([404, ""]);
    }
  });

  it("of a failed one is 500 on demand", async () => {
    const query = "returnInternalServerErrorOnFailure=true";
    expect((await host.manage(`instances/failed?${query}`)).status).toBe(500);
  });

  it.each([
    ["showInput=false", null],
    ["showInput=False", null],
    ["showInput=0", { a: 1 }],
    ["showInput=false&showInput=false", { a: 1 }],
  ])("reads the switch %s", async (query, input) => {
    expect((await host.status("done", query)).input).toEqual(input);
  });

  it("shows results in the history only when asked to", async () => {
    const { historyEvents = [] } = await host.status("done", "showHistory=true");
    expect(historyEvents).toHaveLength(3);
    expect(historyEvents.some((event) => "Result" in event)).toBe(false);
  });

  it("knows another task hub's instances not, and no other connection", async () => {
    expect((await host.manage("instances/done?taskHub=OtherHub")).status).toBe(404);
    expect((await host.manage("instances/done?taskHub=samplehub")).status).toBe(200);
    expect((await host.manage("instances/done?connection=Other")).status).toBe(500);
  });

  it("is found whatever the case of the path, and with a slash at its end", async () => {
    for (const target of ["Instances/done", "INSTANCES/done/"]) {
      expect((await host.manage(target)).status).toBe(200);
    }
  });

  it("shows no results without the history that they stand in", async () => {
    expect(await host.status("done", "showHistoryOutput=true")).not.toHaveProperty("historyEvents");
  });

  it("answers a method that the route does not offer with 404", async () => {
    expect((await host.manage("instances/done", { method: "PUT" })).status).toBe(404);
    expect((await host.manage("instances/done", { method: "HEAD" })).status).toBe(404);
  });
});

describe("commands", () => {
  it.each(["terminate", "suspend", "resume"])("%s of an unknown or finished one", async (verb) => {
    expect(await host.command("no-such-id", verb)).toBe(404);
    expect(await host.command("done", verb)).toBe(410);
  });

  it("cannot suspend what is suspended, nor resume what runs", async () => {
    const suspend = await host.manage("instances/suspended/suspend", { method: "POST" });
    expect(suspend.status).toBe(500);
    expect(await suspend.json()).toMatchObject({
      ExceptionMessage:
        "Cannot suspend the orchestration instance suspended because instance is in the Suspended state.",
    });
    expect(await host.command("running", "resume")).toBe(500);
  });

  it.each([
    ["running", "application/json", "1", 202],
    ["running", "application/json; charset=utf-8", "null", 202],
    ["suspended", "application/json", "1", 202],
    ["running", "text/plain", "1", 400],
    ["running", "application/json-patch", "1", 400],
    ["running", "application/vnd.api+json", "1", 400],
    ["running", "application/json", "", 400],
    ["running", "application/json", "{bad", 400],
    ["no-such-id", "application/json", "1", 404],
    ["done", "application/json", "1", 410],
  ])("raises an event for %s as %s with %j: %i", async (id, type, body, status) => {
    const response = await host.manage(`instances/${id}/raiseEvent/nobody%20waits`, {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
    expect(response.status).toBe(status);
  });

  it.each([
    ["RAISEEVENT/e", 202],
    ["raiseEvent/a.b", 202],
    ["raiseEvent/%E2%82%AC", 202],
    ["raiseEvent/a%2Fb", 404],
    ["raiseEvent", 404],
    ["raiseEvent/", 404],
    ["terminate/now", 404],
    ["nosuchop", 404],
  ])("answers %s with %i", async (operation, status) => {
    const response = await host.manage(`instances/running/${operation}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "1",
    });
    expect(response.status).toBe(status);
  });

  it("answers makeprimary, as a hub with one app would", async () => {
    expect((await host.manage("makeprimary", { method: "POST" })).status).toBe(200);
  });

  it("waits for the end of what it restarted, when asked to", async () => {
    const query = "timeout=10&pollingInterval=1";
    const response = await host.manage(`instances/done/restart?${query}`, { method: "POST" });
    expect([response.status, await response.json()]).toEqual([200, { a: 1 }]);
  });

  it("counts the lives of an id", async () => {
    for (const generation of [0, 1, 2]) {
      const { historyEvents } = await host.run("pass", 1, "reborn");
      expect(historyEvents?.[0]?.["Generation"]).toBe(generation);
    }
  });

  it("restarts under a new id, or under the same as generation 1", async () => {
    const renewed = await host.manage("instances/done/restart", { method: "POST" });
    const { id } = (await renewed.json()) as { id: string };
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect((await host.ended(id)).output).toEqual({ a: 1 });

    await host.run("single", { b: 2 }, "twice");
    expect(await host.command("twice", "restart", "restartWithNewInstanceId=false")).toBe(202);
    const { historyEvents, output } = await host.ended("twice");
    expect([historyEvents?.[0]?.["Generation"], output]).toEqual([1, { b: 2 }]);

    expect(await host.command("running", "restart", "restartWithNewInstanceId=false")).toBe(409);
    expect(await host.command("no-such-id", "restart")).toBe(400);
  });

  it("rewinds nothing, and says so", async () => {
    expect(await host.command("no-such-id", "rewind")).toBe(404);
    expect(await host.command("done", "rewind")).toBe(412);
    expect(await host.command("failed", "rewind")).toBe(501);
    expect((await host.manage("entities/counter/k")).status).toBe(501);
  });
});

describe("keys", () => {
  const target = "/runtime/webhooks/durabletask/instances/done";

  it("lets the master key and the extension's key in, as query or header", async () => {
    for (const key of [host.masterKey, host.systemKey]) {
      expect((await host.fetch(`${target}?code=${key}`)).status).toBe(200);
      expect((await host.fetch(target, { headers: { "x-functions-key": key } })).status).toBe(200);
    }
  });

  it("keeps out who has none, and who has one of a function", async () => {
    const none = await host.fetch(target);
    expect([none.status, none.headers.get("www-authenticate"), await none.text()]).toEqual([
      401,
      "Bearer",
      "",
    ]);
    expect((await host.fetch(`${target}?code=wrong`)).status).toBe(401);
    expect((await host.fetch(`${target}?code=${host.functionKeys["withKey"] ?? ""}`)).status).toBe(
      403,
    );
  });

  it("believes a wrong header more than a right query", async () => {
    const response = await host.fetch(`${target}?code=${host.masterKey}`, {
      headers: { "x-functions-key": "wrong" },
    });
    expect(response.status).toBe(401);
  });
});
