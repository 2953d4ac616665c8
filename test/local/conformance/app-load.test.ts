import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  eventually,
  type HostProcess,
  newStateFolder,
  refusedStart,
  startHostProcess,
} from "../support/host-process.js";
import { makeApp, NODE_PATH, removeApps, startApp } from "../support/small-app.js";

let host: HostProcess | undefined;

afterEach(async () => {
  await host?.dispose();
  host = undefined;
  removeApps();
});

describe("an app that", () => {
  it("throws while it loads has no function at all, and the host runs", async () => {
    const running = await start(`${get("early", "early")} throw new Error("broken entry");`);
    expect(running.functions).toEqual([]);
    expect((await running.fetch("/api/early")).status).toBe(404);
    expect((await running.fetch("/admin/host/ping")).status).toBe(200);
    expect(running.log).toMatch(/Worker was unable to load entry point "index\.js".*broken entry/);
  });

  it("registers a name twice has no function at all", async () => {
    const running = await start(get("same", "a") + get("same", "b"));
    expect(running.functions).toEqual([]);
    expect(running.log).toContain('A function with id "same" has already been registered.');
  });

  it("registers nothing is told so", async () => {
    expect((await start("")).log).toContain("No job functions found");
  });

  it.each([
    ["has names that differ in case only", get("same", "a") + get("Same", "b")],
    ["has a malformed route", get("broken", "a/{x") + get("fine", "fine")],
  ])("%s puts the host in error", async (_, code) => {
    const running = await start(code);

    const answer = await running.fetch("/api/fine");
    expect([answer.status, await answer.text()]).toEqual([503, "Function host is not running."]);
    const headers = { "x-functions-key": running.masterKey };
    const status = (await (await running.fetch("/admin/host/status", { headers })).json()) as {
      state: string;
    };
    expect(status.state).toBe("Error");
  });

  it.each(["AzureWebJobs.off.Disabled", "AzureWebJobs__off__Disabled"])(
    "has a function that the setting %s switches off is run without it",
    async (setting) => {
      const running = await start(get("off", "off") + get("on", "on"), {}, { [setting]: "true" });

      expect((await running.fetch("/api/off")).status).toBe(404);
      expect((await running.fetch("/api/on")).status).toBe(200);
      const list = await running.fetch(`/admin/functions?code=${running.masterKey}`);
      expect(await list.json()).toMatchObject([
        { name: "off", isDisabled: true },
        { name: "on", isDisabled: false },
      ]);
    },
  );

  it.each([
    ["an invalid name", get("has space", "a"), "'has space' is not a valid function name."],
    ["a bad schedule", timer("bad", "every day"), "the schedule 'every day' is not valid"],
    ["an unknown auth level", get("bad", "a", "nobody"), "authLevel 'nobody' is not known"],
    [
      "a trigger that this host does not have",
      `app.storageQueue("bad", { queueName: "q", connection: "c", handler: () => undefined });`,
      "no trigger of type 'queueTrigger'",
    ],
    [
      "a route that another function has",
      get("aFirst", "twin") + get("bad", "twin"),
      "conflicts with the route defined by function 'aFirst'",
    ],
  ])("has a function with %s loses that one only", async (_, code, message) => {
    const running = await start(code + get("fine", "fine"));
    expect((await running.fetch("/api/fine")).status).toBe(200);
    expect(running.log).toContain(message);
    expect(running.functions.map(({ name }) => name)).toEqual(
      code.includes("aFirst") ? ["aFirst", "fine"] : ["fine"],
    );
    const list = await running.fetch(`/admin/functions?code=${running.masterKey}`);
    const listed = ((await list.json()) as { name: string }[]).map(({ name }) => name);
    // What is in error is listed all the same, but for what has no name.
    expect(listed.includes("bad")).toBe(code.includes('"bad"'));
    expect(listed).not.toContain("has space");
  });

  it("has a function with a method that nobody knows serves it with the others", async () => {
    const running = await start(
      `app.http("odd", { methods: ["FLY", "GET"], authLevel: "anonymous", handler: () => ({ body: "odd" }) });`,
    );
    expect(await (await running.fetch("/api/odd")).text()).toBe("odd");
  });

  it("has its functions in several files is loaded from all that the pattern names", async () => {
    const app = makeApp("");
    writeFileSync(path.join(app, "package.json"), '{"main":"functions/*.js"}');
    mkdirSync(path.join(app, "functions"));
    for (const name of ["one", "two"]) {
      const file = path.join(app, "functions", `${name}.js`);
      writeFileSync(file, `const { app } = require("@azure/functions");\n${get(name, name)}`);
    }
    host = await startHostProcess({ app, environment: { NODE_PATH } });
    expect(host.functions.map(({ name }) => name)).toEqual(["one", "two"]);
  });

  it("registers a function later has it accepted, and never run", async () => {
    const running = await start(
      `${get("fine", "fine")} setImmediate(() => { ${get("late", "late")} });`,
    );
    await eventually(() =>
      running.log.includes("'late' was registered after") ? true : undefined,
    );
    expect((await running.fetch("/api/late")).status).toBe(404);
  });

  it("takes all paths under an empty prefix leaves the host its own", async () => {
    const running = await start(get("all", "{*path}") + get("taken", "admin/x"), {
      extensions: { http: { routePrefix: "" } },
    });
    expect(await (await running.fetch("/")).text()).toBe("all");
    expect(await (await running.fetch("/admin/x")).text()).toBe("all");
    expect(await (await running.fetch("/admin/host/ping")).text()).toBe("");
    expect(running.log).toContain("conflicts with one or more built in routes");
  });

  it("splits the methods of a route over two functions has both", async () => {
    const running = await start(
      get("reader", "doc") +
        `app.http("writer", { route: "doc", methods: ["PUT"], authLevel: "anonymous", handler: () => ({ body: "writer" }) });`,
    );
    expect(await (await running.fetch("/api/doc")).text()).toBe("reader");
    expect(await (await running.fetch("/api/doc", { method: "PUT" })).text()).toBe("writer");
  });

  it("prints to standard output does not disturb the ready line", async () => {
    const running = await start(`console.log("hello from the app"); ${get("fine", "fine")}`);
    expect(running.functions).toHaveLength(1);
    expect(running.log).toContain("hello from the app");
  });
});

describe("the setting WEBSITE_HOSTNAME", () => {
  it.each([
    ["localhost:7071", "http://localhost:7071"],
    ["example.test", "https://example.test"],
    ["127.0.0.1:7071", "https://127.0.0.1:7071"],
  ])("of %s gives management URLs at %s", async (hostname, origin) => {
    const named = await start(
      `df.app.client.http("urls", {
         authLevel: "anonymous",
         handler: (_, client) => ({ jsonBody: client.createHttpManagementPayload("i") }),
       });`,
      {},
      { WEBSITE_HOSTNAME: hostname },
    );
    const { statusQueryGetUri } = (await (await named.fetch("/api/urls")).json()) as Record<
      string,
      string
    >;
    expect(statusQueryGetUri).toMatch(`${origin}/runtime/webhooks/durabletask/instances/i?`);
  });
});

describe("host.json", () => {
  it("is overridden by the environment", async () => {
    const running = await start(
      get("fine", "fine"),
      {},
      {
        AzureFunctionsJobHost__extensions__http__routePrefix: "pre",
      },
    );
    expect((await running.fetch("/pre/fine")).status).toBe(200);
    expect((await running.fetch("/api/fine")).status).toBe(404);
  });

  it("gives new instances their version", async () => {
    const running = await start(versioned, {
      extensions: { durableTask: { defaultVersion: "1.5.0" } },
    });
    expect((await running.run("version")).output).toBe("1.5.0");
  });

  it("leaves instances of a newer version pending, or fails them", async () => {
    const rejecting = await start(versioned, {
      extensions: { durableTask: { defaultVersion: "1.5.0" } },
    });
    await rejecting.manage("orchestrators/version/newer?version=2.0.0", { method: "POST" });
    await rejecting.manage("orchestrators/version/older?version=1.4.0", { method: "POST" });
    expect((await rejecting.ended("older")).output).toBe("1.4.0");
    expect((await rejecting.status("newer")).runtimeStatus).toBe("Pending");

    await rejecting.end("SIGTERM");
    const failing = await start(
      versioned,
      { extensions: { durableTask: { defaultVersion: "1.5.0", versionFailureStrategy: "Fail" } } },
      {},
      rejecting.state,
    );
    expect((await failing.ended("newer")).output).toBe(
      "VersionMismatch: Orchestration version did not comply with Worker Versioning",
    );
  });

  it("runs instances of no version but its own where the match is strict", async () => {
    const strict = await start(versioned, {
      extensions: { durableTask: { defaultVersion: "1.5.0", versionMatchStrategy: "Strict" } },
    });
    const post = { method: "POST" };
    await strict.manage("orchestrators/version/older?version=1.4.0", post);
    await strict.manage("orchestrators/version/own?version=1.5.0", post);
    await strict.manage("orchestrators/version/unnamed?version=", post);
    expect((await strict.ended("own")).output).toBe("1.5.0");
    expect((await strict.ended("unnamed")).output).toBe("1.5.0");
    expect((await strict.status("older")).runtimeStatus).toBe("Pending");
  });

  it("may let a start replace the instance that runs under its id", async () => {
    const overriding = await start(
      `df.app.orchestration("waiter", function* ({ df }) { return yield df.waitForExternalEvent("e"); });
       df.app.orchestration("parent", function* ({ df }) { yield df.callSubOrchestrator("waiter", 1, "taken"); });`,
      { extensions: { durableTask: { overridableExistingInstanceStates: "AnyState" } } },
    );
    const parent = await overriding.start("parent");
    await overriding.until(parent, ({ runtimeStatus }) => runtimeStatus === "Running");
    await eventually(async () => (await overriding.manage("instances/taken")).ok || undefined);

    await overriding.start("waiter", "new", "taken");

    const { historyEvents, input } = await overriding.status("taken", "showHistory=true");
    expect([input, historyEvents?.[0]?.["Generation"]]).toEqual(["new", 1]);
    // The old one was terminated in order: its parent heard of it.
    expect((await overriding.ended(parent)).historyEvents).toContainEqual(
      expect.objectContaining({
        EventType: "SubOrchestrationInstanceFailed",
        Reason: expect.stringMatching(
          /^A new instance creation request .* status Running\./,
        ) as string,
      }),
    );
    await overriding.raise("taken", "e", "stop");
    expect((await overriding.ended("taken")).output).toBe("stop");
  });

  it("limits how many orchestrators are at work at a time", async () => {
    const limited = await start(
      `let atWork = 0;
       let most = 0;
       app.hook.preInvocation(async ({ inputs: [input] }) => {
         if (!input?.history) return;
         most = Math.max(most, (atWork += 1));
         await new Promise((resolve) => setTimeout(resolve, 5));
       });
       app.hook.postInvocation(({ inputs: [input] }) => {
         if (input?.history) atWork -= 1;
       });
       df.app.orchestration("child", function* () { return 1; });
       df.app.orchestration("parent", function* ({ df }) {
         const children = Array.from({ length: 20 }, () => df.callSubOrchestrator("child"));
         return (yield df.Task.all(children)).length;
       });
       app.http("most", { authLevel: "anonymous", handler: () => ({ jsonBody: most }) });`,
      { extensions: { durableTask: { maxConcurrentOrchestratorFunctions: 3 } } },
    );
    expect((await limited.run("parent")).output).toBe(20);
    expect(await (await limited.fetch("/api/most")).json()).toBe(3);
  });

  it("of another hub sees none of this one's instances", async () => {
    const first = await start(versioned, { extensions: { durableTask: { hubName: "HubOne" } } });
    await first.run("version", null, "here");
    await first.end("SIGTERM");
    const second = await start(
      versioned,
      { extensions: { durableTask: { hubName: "HubTwo" } } },
      {},
      first.state,
    );
    expect((await second.manage("instances/here")).status).toBe(404);
  });

  it.each([
    [{ version: "1.0" }, /host\.json: version /],
    [{ functionTimeout: "5 min" }, /host\.json: functionTimeout '5 min' is not hh:mm:ss/],
    [
      { extensions: { durableTask: { hubName: "a b" } } },
      /extensions\.durableTask\.hubName must be/,
    ],
    [
      { extensions: { durableTask: { extendedSessionsEnabled: true } } },
      /extendedSessionsEnabled is for \.NET only/,
    ],
    [
      { logging: { logLevel: { default: "Loud" } } },
      /logging\.logLevel\.default 'Loud' is no level/,
    ],
  ])("with a mistake ends the start: %j", async (hostJson, message) => {
    const state = newStateFolder();
    const refused = await refusedStart({ app: makeApp("", hostJson), state });
    rmSync(state, { recursive: true });
    expect(refused.code).toBe(1);
    expect(refused.message).toMatch(message);
  });
});

const versioned = `df.app.orchestration("version", function* (context) { return context.df.version; });`;

function get(name: string, route: string, authLevel = "anonymous"): string {
  return `app.http("${name}", { route: "${route}", methods: ["GET"], authLevel: "${authLevel}", handler: () => ({ body: "${name}" }) });\n`;
}

function timer(name: string, schedule: string): string {
  return `app.timer("${name}", { schedule: "${schedule}", handler: () => undefined });\n`;
}

async function start(
  code: string,
  hostJson: object = {},
  environment: Record<string, string> = {},
  state = newStateFolder(),
): Promise<HostProcess> {
  host = await startApp(code, hostJson, { state, environment });
  return host;
}
