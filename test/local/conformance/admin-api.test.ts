import { eventually, type HostProcess, startHostProcess } from "../support/host-process.js";

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess();
});

afterAll(async () => {
  await host.dispose();
});

describe("the host's own routes", () => {
  it("answer a ping and a warm-up without a key", async () => {
    for (const method of ["GET", "POST"]) {
      const ping = await host.fetch("/admin/host/ping", { method });
      expect([ping.status, await ping.text()]).toEqual([200, ""]);
      expect(ping.headers.get("cache-control")).toBe("no-store,no-cache");
    }
    expect((await host.fetch("/admin/warmup")).status).toBe(200);
  });

  it("show keys and settings to the master only", async () => {
    const { functionKeys, masterKey, url } = host;
    for (const target of ["host/keys", "host/systemkeys/_master", "host/config"]) {
      expect((await host.fetch(`/admin/${target}`)).status).toBe(401);
      const query = `code=${functionKeys["withKey"] ?? ""}`;
      expect((await host.fetch(`/admin/${target}?${query}`)).status).toBe(403);
    }
    const show = async (target: string): Promise<unknown> =>
      (await host.fetch(`/admin/${target}?code=${masterKey}`)).json();
    expect(await show("host/keys")).toEqual({
      keys: [{ name: "default", value: expect.any(String) as string }],
      links: [{ rel: "self", href: `${url}/admin/host/keys` }],
    });
    expect(await show("host/systemkeys/_master")).toMatchObject({
      name: "_master",
      value: masterKey,
    });
    expect(await show("host/config")).toMatchObject({
      extensions: {
        http: { routePrefix: "api" },
        durableTask: {
          hubName: "SampleHub",
          defaultVersion: null,
          versionMatchStrategy: "CurrentOrOlder",
          versionFailureStrategy: "Reject",
          maxConcurrentActivityFunctions: 8,
          overridableExistingInstanceStates: "NonRunningStates",
        },
      },
    });
    expect(await show("functions/echo/status")).toEqual({});
  });

  it("list all functions, with their bindings", async () => {
    const list = await host.fetch(`/admin/functions?code=${host.masterKey}`);
    const functions = (await list.json()) as { name: string; config: { bindings: object[] } }[];
    expect(functions.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["echo", "single", "nightly", "withKey", "withoutSetting"]),
    );
    expect(functions.find(({ name }) => name === "echo")).toMatchObject({
      invoke_url_template: null,
      config: { bindings: [{ type: "activityTrigger", direction: "in" }] },
    });
  });

  it("that nobody has get 404", async () => {
    for (const target of ["admin/nothing", "admin/host/nothing", "runtime/webhooks/nothing"]) {
      expect((await host.fetch(`/${target}?code=${host.masterKey}`)).status).toBe(404);
    }
  });

  it("show status and functions to the master only", async () => {
    expect((await host.fetch("/admin/host/status")).status).toBe(401);
    const functionKey = host.functionKeys["withKey"] ?? "";
    expect((await host.fetch(`/admin/host/status?code=${functionKey}`)).status).toBe(403);
    const status = await host.fetch(`/admin/host/status?code=${host.masterKey}`);
    expect(await status.json()).toMatchObject({ state: "Running" });

    const headers = { "x-functions-key": host.masterKey };
    const one = await host.fetch("/admin/functions/withKey", { headers });
    expect(await one.json()).toMatchObject({
      name: "withKey",
      language: "node",
      isDisabled: false,
      invoke_url_template: `${host.url}/api/withKey`,
    });
    expect((await host.fetch("/admin/functions/nope", { headers })).status).toBe(404);
    const keys = await host.fetch("/admin/functions/withKey/keys", { headers });
    expect(await keys.json()).toMatchObject({
      keys: [{ name: "default", value: host.functionKeys["withKey"] }],
    });
  });

  it("run a function on demand", async () => {
    const headers = { "x-functions-key": host.masterKey };
    const post = (name: string, body: string): Promise<Response> =>
      host.fetch(`/admin/functions/${name}`, { method: "POST", headers, body });

    expect((await post("echo", '{"input":"{\\"by\\":\\"hand\\"}"}')).status).toBe(202);
    expect((await post("echo", "{}")).status).toBe(202);
    expect((await post("echo", "{bad")).status).toBe(400);
    expect((await post("echo", "")).status).toBe(400);
    expect((await post("nope", "{}")).status).toBe(404);
    // Accepted, as on the real host, and not called.
    expect((await post("single", '{"input":"1"}')).status).toBe(202);
    expect((await post("withKey", '{"input":"1"}')).status).toBe(202);
    await eventually(async () => (await host.journal("echo")).at(0));
    expect(await host.journal("echo")).toEqual([["echo", { by: "hand" }]]);
  });

  it("show a page at the root", async () => {
    expect((await host.fetch("/")).status).toBe(200);
    expect((await host.fetch("/favicon.ico")).status).toBe(404);
  });
});
