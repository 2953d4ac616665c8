import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { AutomationMode, modeNow, type AutomationSwitch } from "../domain/automation.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { Instant, isAfter } from "../domain/instant.js";
import { Person, personOf } from "../domain/identity.js";
import {
  accept,
  json,
  readJson,
  readText,
  refuse,
  type ActingEndpoint,
  type Endpoint,
} from "./endpoint.js";
import { problem } from "./problem.js";
import { environmentIn } from "./request-forms.js";
import { Reason } from "./run-view.js";

/** Sets what alerts may set off in an environment. */
export const AutomationRequest = z
  .strictObject({
    mode: AutomationMode,
    /** When it falls back to `act` by itself. */
    until: Instant.optional(),
    reason: Reason,
  })
  .meta({ id: "AutomationRequest" });

export const AutomationView = z
  .strictObject({
    environment: EnvironmentName,
    mode: AutomationMode,
    /** How the mode came about; absent where nobody has ever set it. */
    set: z
      .strictObject({
        mode: AutomationMode,
        until: Instant.optional(),
        reason: z.string(),
        by: Person,
        at: Instant,
      })
      .optional(),
  })
  .meta({ id: "Automation" });
type AutomationView = z.infer<typeof AutomationView>;

/** PUT /api/automation/{environment}: the switch that stops the automation. Runs under way go on. */
export async function setAutomation(endpoint: ActingEndpoint): Promise<HttpResponseInit> {
  const { request, store, estate, now, who, audit } = endpoint;
  const { name } = environmentIn(estate, request.params["environment"], 404);
  const wish = accept(AutomationRequest.safeParse(readJson(await readText(request))));
  const at = now();
  audit.about({ environment: name, reason: wish.reason });
  if (wish.until !== undefined && !isAfter(wish.until, at)) {
    throw refuse(
      problem(400, "the request is not what this address takes", {
        errors: [{ path: "until", message: `must lie after now (${at})` }],
      }),
    );
  }
  const wanted: AutomationSwitch = {
    version: 1,
    environment: name,
    mode: wish.mode,
    ...(wish.until === undefined ? {} : { until: wish.until }),
    reason: wish.reason,
    by: personOf(who),
    at,
  };
  await audit.enter("accepted", `automation: ${wish.mode}`);
  await store.automation.set(wanted);
  return json(200, viewOf(name, wanted, at));
}

/** GET /api/automation/{environment} */
export async function showAutomation(endpoint: Endpoint): Promise<HttpResponseInit> {
  const { request, store, estate, now } = endpoint;
  const { name } = environmentIn(estate, request.params["environment"], 404);
  return json(200, viewOf(name, await store.automation.read(name), now()));
}

function viewOf(
  environment: EnvironmentName,
  set: AutomationSwitch | undefined,
  now: Instant,
): AutomationView {
  if (set === undefined) return { environment, mode: modeNow(set, now) };
  const { version: _version, environment: _environment, ...how } = set;
  return { environment, mode: modeNow(set, now), set: how };
}
