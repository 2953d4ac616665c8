import { randomUUID } from "node:crypto";
import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { Checkpoint } from "../domain/checkpoint.js";
import { personOf } from "../domain/identity.js";
import { admit, type RunStanding } from "../domain/verb-rules.js";
import { DecisionChoice, type Verb } from "../domain/verb.js";
import { sha256 } from "../state/hash.js";
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
import { idempotencyKeyOf, knownForm } from "./request-forms.js";
import { problem } from "./problem.js";
import { Reason, RunLinks } from "./run-view.js";

/** Answers a request for approval, as GET /api/recoveries/{id} shows it. */
export const ApprovalAnswer = z
  .strictObject({
    nonce: z.string({ error: "write the nonce of the request that is answered" }),
    decision: z.enum(["approve", "deny"], { error: "must be approve or deny" }),
    reason: Reason,
  })
  .meta({ id: "ApprovalAnswer" });

/** Decides what becomes of a step that failed for good. */
export const DecisionAnswer = z
  .strictObject({
    step: z.string({ error: "write the id of the step that is asked about" }),
    choice: DecisionChoice,
    /** Members of the step's input to change for a retry. */
    input: z.record(z.string(), z.unknown()).optional(),
    reason: Reason,
  })
  .meta({ id: "DecisionAnswer" });

/** Why a run is paused, resumed or canceled. */
export const VerbRequest = z.strictObject({ reason: Reason }).meta({ id: "VerbRequest" });

export const VerbAnswer = z
  .strictObject({
    id: z.string(),
    status: z.enum(["accepted", "already-done"]),
    detail: z.string(),
    links: RunLinks,
  })
  .meta({ id: "VerbAnswer" });

type Said = Pick<Verb, "id" | "by" | "at">;

/** POST /api/recoveries/{id}/approval */
export const answerApproval = verb(ApprovalAnswer, (said, body) => ({
  ...said,
  verb: "approval",
  ...body,
}));
/** POST /api/recoveries/{id}/decision */
export const decideStep = verb(DecisionAnswer, (said, { input, ...body }) => ({
  ...said,
  verb: "decision",
  ...body,
  ...(input === undefined ? {} : { input }),
}));
/** POST /api/recoveries/{id}/pause */
export const pauseRun = verb(VerbRequest, (said, body) => ({ ...said, verb: "pause", ...body }));
/** POST /api/recoveries/{id}/resume */
export const resumeRun = verb(VerbRequest, (said, body) => ({ ...said, verb: "resume", ...body }));
/** POST /api/recoveries/{id}/cancel */
export const cancelRun = verb(VerbRequest, (said, body) => ({ ...said, verb: "cancel", ...body }));

/**
 * A verb's endpoint. It says at once what will come of it, by the rules that the run itself applies
 * when the verb arrives; cooperative, so that nothing is ever left half done.
 */
function verb<Body extends { readonly reason: string }>(
  schema: z.ZodType<Body>,
  verbOf: (said: Said, body: Body) => Verb,
): (endpoint: ActingEndpoint) => Promise<HttpResponseInit> {
  return async (endpoint) => {
    const { request, runs, now, who, audit } = endpoint;
    const id = knownForm(request.params["id"]);
    const body = accept(schema.safeParse(readJson(await readText(request))));
    const at = now();
    audit.about({ reason: body.reason });
    const wish = verbOf(
      { id: sayingId(id, idempotencyKeyOf(request)), by: personOf(who), at },
      body,
    );
    const standing = await standingOf(endpoint, id);
    const admission = admit(wish, standing, at);
    const links = linksOf(request, id);
    if (admission.kind === "refused") {
      throw refuse(problem(409, `${wish.verb} refused: ${admission.detail}`, { run: id }));
    }
    const { kind: status, detail } = admission;
    await audit.enter(status, detail);
    if (status === "accepted") await runs.say(id, wish);
    return json(status === "accepted" ? 202 : 200, { id, status, detail, links });
  };
}

/** Where the run stands, so far as it decides what may be said to it. */
async function standingOf({ store, runs }: Endpoint, id: string): Promise<RunStanding> {
  const state = await runs.state(id);
  const shown = state.kind === "unknown" ? undefined : Checkpoint.safeParse(state.checkpoint).data;
  const record = state.kind === "active" ? undefined : await store.runs.read(id);
  if (state.kind === "unknown" && record === undefined) {
    throw refuse(problem(404, `there is no run ${id}; GET /api/recoveries lists them`));
  }
  const outcome =
    state.kind === "active" ? shown?.outcome : (record?.outcome ?? shown?.outcome ?? "stopped");
  return {
    mode: shown?.mode ?? record?.mode ?? "execute",
    ...(outcome === undefined ? {} : { outcome }),
    ...(shown?.intent === undefined ? {} : { intent: shown.intent }),
    approvals: record?.approvals ?? shown?.approvals ?? [],
    decisions: record?.decisions ?? shown?.decisions ?? [],
  };
}

/** The same Idempotency-Key is the same saying, so that the run hears it once. */
const sayingId = (run: string, key: string | undefined): string =>
  key === undefined ? randomUUID() : sha256(`${run}|${key}`).slice(0, 32);
