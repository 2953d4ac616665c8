import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { scrub } from "../domain/credential-scrubbing.js";
import { hasOtherRegion } from "../domain/region-sides.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { FailbackResource, failureOf, sidesToFailBack } from "../domain/failback.js";
import { failbackProcedures } from "../scenarios/procedures.js";
import { incidentName } from "../state/incidents.js";
import { accept, linksOf, readJson, readText, refuse, type ActingEndpoint } from "./endpoint.js";
import { orderedRun, started } from "./ordered-run.js";
import { problem } from "./problem.js";
import { environmentIn } from "./request-forms.js";
import { singleRegion } from "./single-region.js";
import { Reason } from "./run-view.js";
import { startPlan, startRun } from "./start-run.js";

/** An operator's order to go back to the original side. */
export const FailbackRequest = z
  .strictObject({
    environment: EnvironmentName,
    resource: FailbackResource,
    reason: Reason,
    /** `plan` shows what would be done and changes nothing. */
    mode: z.enum(["execute", "plan"]).default("execute"),
  })
  .meta({ id: "FailbackRequest" });

/**
 * POST /api/failbacks: only ever by a person's order. It holds the incident of the original side, so
 * that an alert that arrives meanwhile is attached to it and nobody else sets out on the same resource.
 */
export async function startFailback(endpoint: ActingEndpoint): Promise<HttpResponseInit> {
  const { request, store, runs, estate, who, audit } = endpoint;
  const wish = accept(FailbackRequest.safeParse(readJson(await readText(request))));
  audit.about({ environment: wish.environment, reason: wish.reason });
  const { environment } = environmentIn(estate, wish.environment, 400);
  if (wish.resource === "region" && !hasOtherRegion(environment)) {
    throw singleRegion(wish.environment, environment);
  }
  const procedure = failbackProcedures[wish.resource];

  const { original, other } = sidesToFailBack(environment, wish.resource);
  const scenario = failureOf[wish.resource];
  const { run, receivedAt, distinction } = await orderedRun(
    endpoint,
    `failback-${wish.resource}`,
    wish,
  );
  const order = {
    scenario,
    procedure: procedure.id,
    environment: wish.environment,
    resource: original,
    trigger: { kind: "operator", who: who.name, source: who.source, reason: scrub(wish.reason) },
    detectedAt: receivedAt,
    distinction,
    run,
  } as const;
  if (wish.mode === "plan") {
    await startPlan(endpoint, order);
    return started(request, run, "started");
  }

  const busy = (by: string) => {
    const detail = `${by} works on this ${wish.resource}: ${linksOf(request, by).run}`;
    return refuse(problem(409, detail, { run: by }));
  };
  // The side in use may be failing: that comes first.
  const standing =
    other === undefined
      ? undefined
      : (await store.incidents.read(incidentName(wish.environment, scenario, other)))?.value;
  if (standing?.status === "open" && (await runs.state(standing.run)).kind !== "ended") {
    throw busy(standing.run);
  }
  const start = await startRun(endpoint, order);
  if (start.kind === "held-back") throw new Error("an operator's order was held back");
  if (start.kind === "attached" && start.run !== run) throw busy(start.run);
  const status = start.kind === "ended" ? "ended" : "started";
  if (start.kind !== "started") {
    await audit.enter("already-done", `${status} earlier`, { run: start.run });
  }
  return started(request, start.run, status);
}
