import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { alertKey, type Alert } from "../../domain/alert.js";
import type { AuditResult } from "../../domain/audit.js";
import { environmentOf, placeOf } from "../../domain/estate.js";
import { scrub } from "../../domain/credential-scrubbing.js";
import { alertAndDrill } from "../../domain/drill.js";
import { earlier } from "../../domain/instant.js";
import { heldBackNotice } from "../../domain/notice-of.js";
import { triage } from "../../domain/triage.js";
import { catalogue } from "../../scenarios/catalogue.js";
import { sha256 } from "../../state/hash.js";
import { accept, json, linksOf, readJson, readText, type ActingEndpoint } from "../endpoint.js";
import { tell } from "../notices.js";
import { RunLinks } from "../run-view.js";
import { cancelByService } from "../drill-runs.js";
import { startRun } from "../start-run.js";
import { SingleFlight } from "./single-flight.js";
import { parseAlert } from "./parse-alert.js";

export const AlertAnswer = z
  .strictObject({
    status: z.enum(["started", "attached", "held-back", "ignored"]),
    /** Why, in a sentence. */
    reason: z.string(),
    run: z.string().optional(),
    links: RunLinks.optional(),
  })
  .meta({ id: "AlertAnswer" });
export type AlertAnswer = z.infer<typeof AlertAnswer>;

/** What the audit calls an answer. Who attaches an alert to a run has its answer already. */
const results: Readonly<Record<AlertAnswer["status"], AuditResult>> = {
  started: "accepted",
  attached: "already-done",
  "held-back": "held-back",
  ignored: "ignored",
};

/** An alert storm is mostly one alert, delivered again and again. */
const underWay = new SingleFlight<AlertAnswer>();

/** POST /api/alerts: the webhook of Azure Monitor's action groups. Says what was done and why. */
export async function receiveAlert(endpoint: ActingEndpoint): Promise<HttpResponseInit> {
  const { request, estate, audit } = endpoint;
  const text = await readText(request);
  const alert = accept(parseAlert(readJson(text)));
  const [place] = alert.targets.flatMap((target) => placeOf(estate, target) ?? []);
  audit.about({
    reason: summarize(alert),
    ...(place === undefined ? {} : { environment: place.environment }),
  });
  const { result, joined } = await underWay.do(alertKey(alert), () => take(endpoint, alert, text));
  const answer: AlertAnswer =
    joined && result.status === "started" && result.run !== undefined
      ? { ...result, status: "attached", reason: `${result.run} has this alert already` }
      : result;
  const { run } = answer;
  await audit.enter(results[answer.status], `${answer.status}: ${answer.reason}`, {
    ...(run === undefined ? {} : { run }),
  });
  // Azure Monitor throws the answer away; whoever asks why nothing happened finds it here.
  endpoint.log(
    `alert ${alert.rule} ${alert.condition} (${alert.alertId}): ${answer.status}, ${answer.reason}`,
  );
  return json(202, run === undefined ? answer : { ...answer, links: linksOf(request, run) });
}

async function take(endpoint: ActingEndpoint, alert: Alert, text: string): Promise<AlertAnswer> {
  const { store, estate, runs, now } = endpoint;
  const decision = triage(alert, estate, catalogue);
  if (decision.kind === "ignored") return { status: "ignored", reason: decision.reason };

  const key = alertKey(alert);
  const before = await store.incidents.signal(key);
  if (before !== undefined) {
    const { run } = before;
    const state = await runs.state(run);
    if (state.kind === "active") {
      return { status: "attached", reason: `${run} has this alert already`, run };
    }
    if (state.kind === "ended" && state.how === "completed") return handledBy(run);
    // It was stopped from outside or failed, so nobody has handled the alert.
  }

  const receivedAt = now();
  const { scenario, place } = decision;
  const { alertId, rule, severity } = alert;
  const drill = await unlessItFails(endpoint, "the drill in hand could not be read", () =>
    store.drills.read(place.environment),
  );
  const meaning = alertAndDrill(drill, { scenario, resource: place.id, firedAt: alert.firedAt });
  if (drill !== undefined && meaning === "late") {
    const reason = `it is of the fault of ${drill.run}, which is undone`;
    return { status: "ignored", reason, run: drill.run };
  }
  if (drill !== undefined && meaning === "real-during-drill") {
    const reason = `a real alert came: ${rule} (${severity}) of ${place.id}; the drill gives way`;
    await unlessItFails(endpoint, `${drill.run} could not be told to give way`, async () => {
      // What a dead run has left in hand hears nothing.
      if ((await runs.state(drill.run)).kind !== "active") return;
      await cancelByService(runs, drill.run, `alert ${rule}`.slice(0, 200), reason, receivedAt);
    });
  }
  const practised = meaning === "practised" ? drill?.run : undefined;
  const start = await startRun(endpoint, {
    scenario,
    environment: place.environment,
    resource: place.id,
    trigger: {
      ...{ kind: "alert", alertId, rule, severity },
      ...(practised === undefined ? {} : { drill: practised }),
    },
    // Clocks differ; nothing is detected after it was received.
    detectedAt: earlier(alert.firedAt, receivedAt),
    distinction: key,
  });
  if (start.kind === "held-back") {
    const { environment, id: resource } = place;
    const reason = `held back because ${start.reason}`;
    const { contacts } = environmentOf(estate, environment);
    const distinction = sha256(key);
    await tell(
      endpoint,
      heldBackNotice({
        environment,
        contacts,
        alert,
        distinction,
        resource,
        reason,
        at: receivedAt,
      }),
    );
    return { status: "held-back", reason };
  }
  const { run } = start;
  if (practised !== undefined) {
    await unlessItFails(endpoint, `${practised} could not be told of its alert`, () =>
      store.drills.change(place.environment, (standing) =>
        standing?.run === practised && standing.rule === undefined
          ? { ...standing, recovery: standing.recovery ?? run, rule }
          : undefined,
      ),
    );
  }
  await Promise.all([
    store.incidents.addSignal(key, { version: 1, run, receivedAt, summary: summarize(alert) }),
    store.evidence.keep(run, `Alert ${sha256(key).slice(0, 12)}`, text),
  ]);
  if (start.kind === "ended") return handledBy(run);
  return start.kind === "started"
    ? { status: "started", reason: `${scenario} of ${place.id}`, run }
    : { status: "attached", reason: `${run} takes care of this ${scenario} already`, run };
}

/** Practice comes second: whatever is wrong with a drill's paper or run, the alert is answered. */
async function unlessItFails<T>(
  { log }: Pick<ActingEndpoint, "log">,
  what: string,
  body: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await body();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log(`${what}: ${scrub(why).slice(0, 200)}`);
    return undefined;
  }
}

const handledBy = (run: string): AlertAnswer => ({
  status: "ignored",
  reason: `handled by ${run}`,
  run,
});

const summarize = ({ rule, severity, condition, firedAt }: Alert): string =>
  `${rule} (${severity}) ${condition} at ${firedAt}`;
