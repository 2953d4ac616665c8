import { randomUUID } from "node:crypto";
import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import type { EnvironmentName } from "../domain/environment-name.js";
import { runId } from "../domain/incident.js";
import type { Instant } from "../domain/instant.js";
import { sha256 } from "../state/hash.js";
import { json, linksOf, refuse, type ActingEndpoint } from "./endpoint.js";
import { problem } from "./problem.js";
import { idempotencyKeyOf } from "./request-forms.js";
import { RunLinks } from "./run-view.js";

export const StartAnswer = z
  .strictObject({ id: z.string(), status: z.enum(["started", "ended"]), links: RunLinks })
  .meta({ id: "StartAnswer" });

/** The run that an order stands for. */
export interface OrderedRun {
  readonly run: string;
  readonly receivedAt: Instant;
  /** Text that tells this order from another at the same second. */
  readonly distinction: string;
}

/** Finds an order's run: the same Idempotency-Key and body always give the same one. */
export async function orderedRun(
  { request, store, now }: Pick<ActingEndpoint, "request" | "store" | "now">,
  runbook: string,
  wish: { readonly environment: EnvironmentName },
): Promise<OrderedRun> {
  const receivedAt = now();
  const key = idempotencyKeyOf(request);
  const distinction = key ?? randomUUID();
  const candidate = runId(runbook, wish.environment, receivedAt, sha256(distinction));
  if (key === undefined) return { run: candidate, receivedAt, distinction };
  const tied = await store.idempotencyKeys.tie(key, JSON.stringify(wish), candidate);
  if (tied.sameBody) return { run: tied.run, receivedAt, distinction };
  throw refuse(problem(422, "this Idempotency-Key was used with another body; take a new key"));
}

/** The answer to an order that was taken up. */
export function started(
  request: HttpRequest,
  run: string,
  status: "started" | "ended",
): HttpResponseInit {
  const links = linksOf(request, run);
  return json(202, { id: run, status, links }, { location: links.run });
}
