import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { scrub } from "../domain/credential-scrubbing.js";
import { blockedAt, describeWindow, DrilledNodes, DrillId, nextDrill } from "../domain/drill.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { hasOtherRegion } from "../domain/region-sides.js";
import {
  accept,
  json,
  linksOf,
  readJson,
  readText,
  refuse,
  type ActingEndpoint,
  type Endpoint,
} from "./endpoint.js";
import { drillRuns } from "./drill-runs.js";
import { orderedRun, started } from "./ordered-run.js";
import { problem } from "./problem.js";
import { environmentIn } from "./request-forms.js";
import { Reason } from "./run-view.js";
import { singleRegion } from "./single-region.js";
import { startDrill } from "./start-drill.js";

/** An operator's order to practise. */
export const DrillRequest = z
  .strictObject({
    environment: EnvironmentName,
    drill: DrillId,
    reason: Reason,
    /** `plan` shows what would be done and changes nothing. */
    mode: z.enum(["execute", "plan"]).default("execute"),
    /** Of `q3` alone, by default `primary`: `all` empties the cache, is always asked for, and needs a set of the last hour. */
    nodes: DrilledNodes.optional(),
  })
  .superRefine(({ drill, nodes }, context) => {
    if (nodes === undefined || drill === "q3") return;
    const message = `only q3 reboots nodes of a cache; leave it out for ${drill}`;
    context.addIssue({ code: "custom", path: ["nodes"], message });
  })
  .meta({ id: "DrillRequest" });

export const DrillView = z
  .strictObject({
    environments: z.array(
      z.strictObject({
        environment: EnvironmentName,
        /** The drill that has the environment in hand, or had last. */
        last: z
          .strictObject({
            drill: DrillId,
            run: z.string(),
            status: z.enum(["begun", "broken", "undone", "ended"]),
            begunAt: z.string(),
          })
          .optional(),
        /** The drill that begins by itself next; absent where the estate plans none. */
        planned: z.strictObject({ drill: DrillId, quarter: z.string(), at: z.string() }).optional(),
        blocked: z.array(
          z.strictObject({ from: z.string(), until: z.string(), reason: z.string() }),
        ),
      }),
    ),
  })
  .meta({ id: "DrillView" });

/** POST /api/drills: what is plain at once is refused here; the run looks at everything again. */
export async function orderDrill(endpoint: ActingEndpoint): Promise<HttpResponseInit> {
  const { request, estate, runs, store, now, who, audit } = endpoint;
  const wish = accept(DrillRequest.safeParse(readJson(await readText(request))));
  audit.about({ environment: wish.environment, reason: wish.reason });
  const { environment } = environmentIn(estate, wish.environment, 400);
  if (wish.drill === "q4" && !hasOtherRegion(environment)) {
    throw singleRegion(wish.environment, environment);
  }
  const { run, receivedAt } = await orderedRun(endpoint, `drill-${wish.drill}`, wish);
  const state = await runs.state(run);
  if (state.kind === "unknown" && wish.mode === "execute") {
    const window = blockedAt(environment.drills, receivedAt);
    if (window !== undefined) throw refuse(problem(409, describeWindow(window)));
    const others = await drillRuns({ runs, store, estate, now }).underWay(wish.environment);
    const [other] = others.filter((each) => each !== run);
    if (other !== undefined) {
      const detail = `no drill while a run is under way: ${linksOf(request, other).run}`;
      throw refuse(problem(409, detail, { run: other }));
    }
  }
  if (state.kind !== "unknown") {
    await audit.enter("already-done", "started earlier", { run });
    return started(request, run, state.kind === "ended" ? "ended" : "started");
  }
  await startDrill(runs, estate, {
    ...{ environment: wish.environment, drill: wish.drill, mode: wish.mode, run, at: receivedAt },
    nodes: wish.nodes,
    trigger: { kind: "operator", who: who.name, source: who.source, reason: scrub(wish.reason) },
  });
  return started(request, run, "started");
}

/** GET /api/drills: what is planned, what is blocked, and the last drill of each environment. */
export async function showDrills({ estate, store, now }: Endpoint): Promise<HttpResponseInit> {
  const environments: z.infer<typeof DrillView>["environments"] = [];
  for (const environment of EnvironmentName.options) {
    const resources = estate.environments[environment];
    if (resources === undefined) continue;
    const { quarterly, blocked } = resources.drills;
    const last = await store.drills.read(environment);
    const planned =
      quarterly === undefined ? undefined : nextDrill({ ...resources.drills, quarterly }, now());
    environments.push({
      environment,
      ...(last === undefined
        ? {}
        : {
            last: { drill: last.drill, run: last.run, status: last.status, begunAt: last.begunAt },
          }),
      ...(planned === undefined ? {} : { planned }),
      blocked: [...blocked],
    });
  }
  return json(200, { environments });
}
