import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { EnvironmentName } from "../domain/environment-name.js";
import type { Environment } from "../domain/estate.js";
import { Instant } from "../domain/instant.js";
import {
  evaluationId,
  evaluationOrchestrator,
  type EvaluationOrder,
} from "../domain/readiness/evaluation.js";
import {
  EnvironmentReadiness,
  readinessNow,
  RecoveryScenario,
  type ReadinessFinding,
  type ReadinessRecord,
} from "../domain/readiness/readiness.js";
import {
  accept,
  json,
  readJson,
  readText,
  type ActingEndpoint,
  type Endpoint,
} from "./endpoint.js";
import { environmentIn } from "./request-forms.js";
import { Reason } from "./run-view.js";

/** An operator's order to evaluate readiness now. */
export const ReadinessRequest = z
  .strictObject({
    /** By default every environment. */
    environment: EnvironmentName.optional(),
    reason: Reason,
  })
  .meta({ id: "ReadinessRequest" });

export const ReadinessAnswer = z
  .strictObject({
    evaluations: z.array(z.strictObject({ environment: EnvironmentName, id: z.string() })),
    /** Whoever wants the result looks until it is evaluated at this instant or later. */
    at: Instant,
    links: z.strictObject({ readiness: z.url() }),
  })
  .meta({ id: "ReadinessAnswer" });

export const ReadinessView = z
  .strictObject({ at: Instant, environments: z.array(EnvironmentReadiness) })
  .meta({ id: "Readiness" });

const ReadinessQuery = z.object({ environment: EnvironmentName.optional() });

/** POST /api/readiness: every check of one environment or of all, now. */
export async function orderEvaluation(endpoint: ActingEndpoint): Promise<HttpResponseInit> {
  const { request, estate, runs, now, audit } = endpoint;
  const wish = accept(ReadinessRequest.safeParse(readJson(await readText(request))));
  const wanted = environmentsOf(endpoint, wish.environment, 400);
  audit.about({
    reason: wish.reason,
    ...(wish.environment === undefined ? {} : { environment: wish.environment }),
  });
  const names = wanted.map(({ name }) => name);
  await audit.enter("accepted", `evaluates the readiness of ${names.join(", ")}`);
  const at = now();
  const evaluations = [];
  for (const { name: environment } of wanted) {
    const { environment: resources } = environmentIn(estate, environment, 400);
    const order: EvaluationOrder = { environment, estate: resources, weight: "all" };
    const id = evaluationId(order, at);
    await runs.start(evaluationOrchestrator, id, order);
    evaluations.push({ environment, id });
  }
  const readiness = new URL(request.url).href;
  const answer: z.infer<typeof ReadinessAnswer> = { evaluations, at, links: { readiness } };
  return json(202, answer, { location: readiness });
}

/** GET /api/readiness: from the last evaluation, however old; it says how old. */
export async function showReadiness(endpoint: Endpoint): Promise<HttpResponseInit> {
  const { request, now } = endpoint;
  const { environment } = accept(
    ReadinessQuery.safeParse({ environment: request.query.get("environment") ?? undefined }),
  );
  const wanted = environmentsOf(endpoint, environment, 404);
  const environments = await Promise.all(
    wanted.map(async ({ name, environment: estate }) => {
      const read = await lastRecord(endpoint, name);
      const { record, also } = read;
      return readinessNow(record, { environment: name, estate, now: now(), also });
    }),
  );
  const view: z.infer<typeof ReadinessView> = { at: now(), environments };
  return json(200, view);
}

interface Wanted {
  readonly name: EnvironmentName;
  readonly environment: Environment;
}

function environmentsOf(
  { estate }: Pick<Endpoint, "estate">,
  name: EnvironmentName | undefined,
  status: 400 | 404,
): readonly Wanted[] {
  const names = name === undefined ? EnvironmentName.options : [name];
  return names
    .filter((each) => name !== undefined || estate.environments[each] !== undefined)
    .map((each) => environmentIn(estate, each, status));
}

/** A state store that is away is itself the answer: nothing could be recovered then. */
async function lastRecord(
  { store, now, log }: Endpoint,
  environment: EnvironmentName,
): Promise<{
  readonly record: ReadinessRecord | undefined;
  readonly also: readonly ReadinessFinding[];
}> {
  try {
    return { record: await store.readiness.read(environment), also: [] };
  } catch (error) {
    log(`the record of readiness cannot be read: ${String(error)}`);
    const finding: ReadinessFinding = {
      check: "state-store",
      scenarios: [...RecoveryScenario.options],
      level: "not-ready",
      about: "state-store",
      what: "the state store cannot be read, so nothing is known, and no recovery could be started",
      remedy:
        "see GET /api/health of this service, its state account and that account's network rules",
      since: now(),
    };
    return { record: undefined, also: [finding] };
  }
}
