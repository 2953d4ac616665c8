import { app as functions } from "@azure/functions";
import { app as durable, type OrchestrationContext } from "durable-functions";

/*
 * The app that the rows of the embedded host are measured with. It does as little as an app can, so
 * that what is measured is the host.
 */

durable.activity("echo", { handler: (input: unknown) => input });

durable.orchestration("trivial", function* (context: OrchestrationContext) {
  const said: unknown = yield context.df.callActivity("echo", "hello");
  return said;
});

/** Works through so many activities; after that each event is one turn, told by the custom status. */
durable.orchestration("listen", function* (context: OrchestrationContext) {
  for (let n = 0; n < context.df.getInput<number>(); n += 1) {
    yield context.df.callActivity("echo", n);
  }
  for (let heard = 0; ; heard += 1) {
    context.df.setCustomStatus({ heard });
    yield context.df.waitForExternalEvent("tick");
  }
});

functions.http("hello", { authLevel: "anonymous", handler: () => ({ body: "hello" }) });

functions.http("memory", {
  authLevel: "anonymous",
  handler: () => ({ jsonBody: process.memoryUsage() }),
});
