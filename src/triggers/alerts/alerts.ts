import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { alertKey, type Alert } from "../../domain/alert.js";
import { earlier } from "../../domain/instant.js";
import { triage } from "../../domain/triage.js";
import { catalogue } from "../../scenarios/catalogue.js";
import { sha256 } from "../../state/hash.js";
import { accept, json, linksOf, readJson, readText, type Endpoint } from "../endpoint.js";
import { RunLinks } from "../run-view.js";
import { startRun } from "../start-run.js";
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

/** POST /api/alerts: the webhook of Azure Monitor's action groups. Says what was done and why. */
export async function receiveAlert(endpoint: Endpoint): Promise<HttpResponseInit> {
  const { request, store, estate, now } = endpoint;
  const text = await readText(request);
  const alert = accept(parseAlert(readJson(text)));
  const answer = (of: AlertAnswer) =>
    json(202, of.run === undefined ? of : { ...of, links: linksOf(request, of.run) });

  const decision = triage(alert, estate, catalogue);
  if (decision.kind === "ignored") return answer({ status: "ignored", reason: decision.reason });

  const key = alertKey(alert);
  const before = await store.incidents.signal(key);
  if (before !== undefined) {
    const ended = (await endpoint.runs.state(before.run)).kind === "ended";
    return ended
      ? answer({ status: "ignored", reason: `handled by ${before.run}`, run: before.run })
      : answer({
          status: "attached",
          reason: `${before.run} has this alert already`,
          run: before.run,
        });
  }

  const receivedAt = now();
  const { scenario, place } = decision;
  const start = await startRun(endpoint, {
    scenario,
    environment: place.environment,
    resource: place.id,
    trigger: {
      kind: "alert",
      alertId: alert.alertId,
      rule: alert.rule,
      severity: alert.severity,
    },
    // Clocks differ; nothing is detected after it was received.
    detectedAt: earlier(alert.firedAt, receivedAt),
    distinction: key,
  });
  await Promise.all([
    store.incidents.addSignal(key, {
      version: 1,
      run: start.run,
      receivedAt,
      summary: summarize(alert),
    }),
    store.evidence.keep(start.run, `Alert ${sha256(key).slice(0, 12)}`, text),
  ]);
  return start.kind === "started"
    ? answer({ status: "started", reason: `${scenario} of ${place.id}`, run: start.run })
    : answer({
        status: "attached",
        reason: `an open incident of ${scenario} is in the hands of ${start.run}`,
        run: start.run,
      });
}

const summarize = ({ rule, severity, condition, firedAt }: Alert): string =>
  `${rule} (${severity}) ${condition} at ${firedAt}`;
