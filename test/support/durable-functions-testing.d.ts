/** The library's own way from a handler to its replay engine; shipped without types. */
declare module "durable-functions/lib/src/util/testingUtils" {
  import type { OrchestrationHandler } from "durable-functions";

  export function createOrchestrator(
    handler: OrchestrationHandler,
  ): (trigger: unknown, context: unknown) => Promise<unknown>;
}
