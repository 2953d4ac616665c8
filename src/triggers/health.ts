import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import type { EndpointDependencies } from "./endpoint.js";
import { json } from "./endpoint.js";

const Check = z.strictObject({ status: z.enum(["healthy", "unhealthy"]), detail: z.string() });

/** Whether this service itself can work; says nothing about what it protects. */
export const ServiceHealth = z
  .strictObject({
    status: z.enum(["healthy", "unhealthy"]),
    checks: z.strictObject({ configuration: Check, stateStore: Check }),
  })
  .meta({ id: "ServiceHealth" });
export type ServiceHealth = z.infer<typeof ServiceHealth>;

/** GET /api/health: open to the platform's probes, so it names faults and nothing else. */
export const showHealth =
  ({ store, estate, classify }: EndpointDependencies) =>
  async (): Promise<HttpResponseInit> => {
    const stateStore = await store.check().then(
      () => healthy("the state store answers"),
      (error: unknown) =>
        unhealthy(`the state store does not answer: ${classify(error)?.code ?? "defect"}`),
    );
    const checks = {
      configuration: estate.ok
        ? healthy(`${Object.keys(estate.estate.environments).length} environments`)
        : unhealthy(`${estate.findings.length} findings; any other call lists them`),
      stateStore,
    };
    const well = Object.values(checks).every(({ status }) => status === "healthy");
    const health: ServiceHealth = { status: well ? "healthy" : "unhealthy", checks };
    return json(well ? 200 : 503, health);
  };

const healthy = (detail: string): z.infer<typeof Check> => ({ status: "healthy", detail });
const unhealthy = (detail: string): z.infer<typeof Check> => ({ status: "unhealthy", detail });
