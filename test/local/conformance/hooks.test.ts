import type { HostProcess } from "../support/host-process.js";
import { removeApps, startApp } from "../support/small-app.js";

let host: HostProcess | undefined;

afterEach(async () => {
  await host?.dispose();
  host = undefined;
  removeApps();
});

const greet = `app.http("greet", { authLevel: "anonymous", handler: () => ({ body: "hello" }) });\n`;

describe("hooks around a call", () => {
  it("run in their order, share what they keep, and may change inputs, handler and result", async () => {
    const running = await start(`
      df.app.activity("add", { handler: (n) => n + 1 });
      df.app.orchestration("adding", function* ({ df }) { return yield df.callActivity("add", 1); });
      app.hook.preInvocation((context) => {
        if (context.invocationContext.functionName !== "add") return;
        context.inputs = [context.inputs[0] * 10];
        context.hookData.seen = ["first"];
      });
      app.hook.preInvocation((context) => {
        if (context.invocationContext.functionName !== "add") return;
        const handler = context.functionHandler;
        context.functionHandler = (n) => handler(n + 5);
        context.hookData.seen.push("second");
      });
      app.hook.postInvocation((context) => {
        if (context.invocationContext.functionName === "add") {
          context.result = [...context.hookData.seen, context.result];
        }
      });`);
    expect((await running.run("adding")).output).toEqual(["first", "second", 16]);
  });

  it("may take a failure back, and make one", async () => {
    const running = await start(`
      app.http("bad", { authLevel: "anonymous", handler: () => { throw new Error("no"); } });
      ${greet}
      app.http("shy", { authLevel: "anonymous", handler: () => ({ body: "never seen" }) });
      app.hook.preInvocation(({ invocationContext }) => {
        if (invocationContext.functionName === "shy") throw new Error("not today");
      });
      app.hook.postInvocation((context) => {
        if (context.error?.message === "no") {
          context.error = undefined;
          context.result = { body: "yes" };
        } else if (context.invocationContext.functionName === "greet") {
          context.error = new Error("rude");
        }
      });`);
    expect(await (await running.fetch("/api/bad")).text()).toBe("yes");
    expect((await running.fetch("/api/greet")).status).toBe(500);
    expect((await running.fetch("/api/shy")).status).toBe(500);
    expect(running.log).toContain("rude");
    expect(running.log).toContain("not today");
  });

  it("are not called any more once they are disposed of", async () => {
    const running = await start(`
      ${greet}
      const disposable = app.hook.postInvocation((context) => {
        context.result = { body: "changed" };
        disposable.dispose();
      });`);
    expect(await (await running.fetch("/api/greet")).text()).toBe("changed");
    expect(await (await running.fetch("/api/greet")).text()).toBe("hello");
  });

  it("may rewrite what a function logs", async () => {
    const running = await start(`
      app.http("talk", {
        authLevel: "anonymous",
        handler: (_, context) => {
          context.log("the secret is 42");
          context.debug("for nobody");
          return {};
        },
      });
      app.hook.log((entry) => {
        if (entry.category !== "user") return;
        entry.message = entry.message.replace("42", "***") + " in " + entry.invocationContext.functionName;
        if (entry.level === "information") entry.level = "warning";
      });`);
    await running.fetch("/api/talk");
    expect(running.log).toContain("warning Function.talk.User: the secret is *** in talk");
    expect(running.log).not.toMatch(/is 42|for nobody/);
  });
});

describe("hooks of the app's life", () => {
  it("run before the first call and after the last, and share what they keep", async () => {
    const running = await start(`
      let startedAt;
      app.hook.appStart(async ({ hookData }) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        hookData.word = "kept";
        startedAt = Date.now();
      });
      app.hook.appTerminate(({ hookData }) => { console.error("ending, " + hookData.word); });
      app.http("started", { authLevel: "anonymous", handler: () => ({ jsonBody: startedAt <= Date.now() }) });`);
    expect(await (await running.fetch("/api/started")).json()).toBe(true);
    expect(running.log).not.toContain("ending");

    await running.end("SIGTERM");
    expect(running.log).toContain("ending, kept");
  });
});

describe("the module that the real worker supplies", () => {
  it("is one object with the members of the real one, and asks the model for its capabilities", async () => {
    const running = await start(`
      ${greet}
      const core = require("@azure/functions-core");
      const model = core.getProgrammingModel();
      const own = model.getCapabilities;
      let offered;
      model.getCapabilities = (capabilities) => {
        offered = { ...capabilities };
        return own.call(model, capabilities);
      };
      app.http("core", {
        authLevel: "anonymous",
        handler: () => ({
          jsonBody: {
            same: core === require("@azure/functions-core"),
            members: Object.keys(core).sort(),
            version: core.version,
            hostVersion: core.hostVersion,
            model: model.name,
            offered,
          },
        }),
      });`);
    expect(await (await running.fetch("/api/core")).json()).toEqual({
      same: true,
      members: [
        "Disposable",
        "getProgrammingModel",
        "hostVersion",
        "log",
        "registerFunction",
        "registerHook",
        "setProgrammingModel",
        "version",
      ],
      version: "3.9.1",
      hostVersion: "4.1037.0.0",
      model: "@azure/functions",
      offered: Object.fromEntries(
        [
          "RawHttpBodyBytes",
          "RpcHttpTriggerMetadataRemoved",
          "RpcHttpBodyOnly",
          "IgnoreEmptyValuedRpcHttpHeaders",
          "UseNullableValueDictionaryForHttp",
          "WorkerStatus",
          "TypedDataCollection",
          "HandlesWorkerTerminateMessage",
        ].map((name) => [name, "true"]),
      ),
    });
  });
});

async function start(code: string): Promise<HostProcess> {
  host = await startApp(code);
  return host;
}
