import type { HttpRequest } from "@azure/functions";
import { z } from "zod";
import { EnvironmentName } from "../domain/environment-name.js";
import type { Environment, Estate } from "../domain/estate.js";
import { isRunId } from "../domain/incident.js";
import { refuse } from "./endpoint.js";
import { problem } from "./problem.js";
import { Reason } from "./run-view.js";

/** What is wanted now of an environment, by default for all kinds of backups that it can be done for. */
export const wishForKinds = <Kind extends string>(kind: z.ZodType<Kind>) => ({
  environment: EnvironmentName,
  kinds: z.array(kind).min(1, { error: "name a kind, or leave kinds out" }).optional(),
  reason: Reason,
});

const legalKey = /^[\x21-\x7e]{1,200}$/;

/** The request's Idempotency-Key, or a refusal of one that no store could keep. */
export function idempotencyKeyOf(request: HttpRequest): string | undefined {
  const key = request.headers.get("idempotency-key");
  if (key === null) return undefined;
  if (legalKey.test(key)) return key;
  throw refuse(problem(400, "Idempotency-Key must be 1 to 200 visible ASCII characters"));
}

/** A run's id as it stands in an address, or a refusal of what can be none. */
export function knownForm(id: string | undefined): string {
  if (id !== undefined && isRunId(id)) return id;
  throw refuse(problem(404, "there is no such run; GET /api/recoveries lists them"));
}

/** The environment of a request, or a refusal that names those of this deployment. */
export function environmentIn(
  estate: Estate,
  name: string | undefined,
  status: 400 | 404,
): { readonly name: EnvironmentName; readonly environment: Environment } {
  const known = EnvironmentName.safeParse(name);
  const environment = known.success ? estate.environments[known.data] : undefined;
  if (known.success && environment !== undefined) return { name: known.data, environment };
  const all = Object.keys(estate.environments).join(", ");
  throw refuse(
    problem(
      status,
      `the estate of this deployment has no ${name ?? "such environment"}; it has ${all}`,
    ),
  );
}
