import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { Checkpoint } from "../domain/checkpoint.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { placeOf, primaryOf } from "../domain/estate.js";
import { earlier, Instant } from "../domain/instant.js";
import { ScenarioId } from "../domain/scenario-id.js";
import { scenarioOf } from "../scenarios/catalogue.js";
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
import { orderedRun, started } from "./ordered-run.js";
import { problem } from "./problem.js";
import { singleRegion } from "./single-region.js";
import { environmentIn, knownForm } from "./request-forms.js";
import { Reason, type RunList, type RunView } from "./run-view.js";
import { startPlan, startRun } from "./start-run.js";
import { scrub } from "../domain/credential-scrubbing.js";
import { hasOtherRegion } from "../domain/region-sides.js";

/** An operator's order to recover something. */
export const RecoveryRequest = z
  .strictObject({
    scenario: ScenarioId,
    environment: EnvironmentName,
    reason: Reason,
    /** `plan` shows what would be done and changes nothing. */
    mode: z.enum(["execute", "plan"]).default("execute"),
    /** The failing resource; by default the environment's primary one. */
    resource: z.string().optional(),
    /** When the failure was noticed, which starts the clock of the RTO; by default now. */
    detectedAt: Instant.optional(),
  })
  .meta({ id: "RecoveryRequest" });
export type RecoveryRequest = z.infer<typeof RecoveryRequest>;

const ListQuery = z.object({
  top: z.coerce
    .number({ error: "must be a number" })
    .int({ error: "must be a whole number" })
    .min(1, { error: "must be 1 to 500" })
    .max(500, { error: "must be 1 to 500" }),
});
/** POST /api/recoveries: starts a recovery by an operator's order. */
export async function startRecovery(endpoint: ActingEndpoint): Promise<HttpResponseInit> {
  const { request, estate, who, audit } = endpoint;
  const body = await readText(request);
  const wish = accept(RecoveryRequest.safeParse(readJson(body)));
  audit.about({ environment: wish.environment, reason: wish.reason });

  const scenario = scenarioOf(wish.scenario);
  const { environment } = environmentIn(estate, wish.environment, 400);
  if (scenario.id === "region-outage" && !hasOtherRegion(environment))
    throw singleRegion(wish.environment, environment);
  const resource = wish.resource ?? primaryOf(environment, scenario.resource);
  const place = placeOf(estate, resource);
  if (place?.environment !== wish.environment || place.kind !== scenario.resource) {
    throw refuse(
      problem(400, "the resource is not one that this scenario recovers", {
        errors: [
          {
            path: "resource",
            message: `name a ${scenario.resource} of ${wish.environment}, or leave it out`,
          },
        ],
      }),
    );
  }

  const { run: wanted, receivedAt, distinction } = await orderedRun(endpoint, wish.scenario, wish);
  const order = {
    scenario: wish.scenario,
    environment: wish.environment,
    resource: place.id,
    trigger: { kind: "operator", who: who.name, source: who.source, reason: scrub(wish.reason) },
    detectedAt: earlier(wish.detectedAt ?? receivedAt, receivedAt),
    distinction,
    run: wanted,
  } as const;
  if (wish.mode === "plan") {
    await startPlan(endpoint, order);
    return started(request, wanted, "started");
  }
  const start = await startRun(endpoint, order);
  if (start.kind === "held-back") throw new Error("an operator's order was held back");
  const { run } = start;
  if (start.kind === "attached" && run !== wanted) {
    const { run: address } = linksOf(request, run);
    const detail = `an incident of ${wish.scenario} is open; ${run} takes care of it: ${address}`;
    throw refuse(problem(409, detail, { run }));
  }
  const status = start.kind === "ended" ? "ended" : "started";
  if (start.kind !== "started") await audit.enter("already-done", `${status} earlier`, { run });
  return started(request, run, status);
}

/** GET /api/recoveries: what runs now, and what has ended, newest first. */
export async function listRecoveries({
  request,
  store,
  runs,
}: Endpoint): Promise<HttpResponseInit> {
  const { top } = accept(ListQuery.safeParse({ top: request.query.get("top") ?? 50 }));
  const [active, ended] = await Promise.all([runs.active(), store.runs.list()]);
  const list: RunList = {
    running: active.map(({ id, checkpoint }) => ({ id, ...checkpointOf(checkpoint) })),
    ended: ended.slice(0, top),
  };
  return json(200, list);
}

/** GET /api/recoveries/{id}: one run, live or ended. */
export async function showRecovery({ request, store, runs }: Endpoint): Promise<HttpResponseInit> {
  const id = knownForm(request.params["id"]);
  const links = linksOf(request, id);
  const [state, record, audit] = await Promise.all([
    runs.state(id),
    store.runs.read(id),
    store.audit.ofRun(id),
  ]);
  if (state.kind === "unknown" && record === undefined) {
    throw refuse(problem(404, `there is no run ${id}; GET /api/recoveries lists them`));
  }
  const checkpoint = state.kind === "unknown" ? {} : checkpointOf(state.checkpoint);
  const status = state.kind === "active" ? "running" : record === undefined ? "stopped" : "ended";
  const view: RunView = {
    id,
    status,
    ...checkpoint,
    ...(record === undefined || status === "running" ? {} : { record }),
    audit: [...audit],
    links,
  };
  return json(200, view);
}

function checkpointOf(raw: unknown): { checkpoint?: Checkpoint } {
  const parsed = Checkpoint.safeParse(raw);
  return parsed.success ? { checkpoint: parsed.data } : {};
}
