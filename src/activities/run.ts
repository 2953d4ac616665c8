import { escapeUTF8 } from "entities";
import { classifyError } from "../azure/classify-error.js";
import { renderHtml } from "../domain/report-html.js";
import { renderMarkdown } from "../domain/report-markdown.js";
import type { Outcome } from "../domain/run-record.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import * as contract from "./run.contract.js";

/** The outcomes that say whether a procedure works. */
const verdictOf: ReadonlySet<Outcome> = new Set(["passed", "passed-with-findings", "failed"]);

/** What a run does to its own papers: mandate, leases, record, incident. */
export function runActivities(store: StateStore): readonly Activity[] {
  return [
    contract.confirmMandate.implementedBy(classifyError, async ({ incident }, { caller }) => {
      const standing = (await store.incidents.read(incident))?.value;
      const mandated = standing?.run === caller.run && standing.status === "open";
      return {
        mandated,
        detail: mandated ? "the incident is this run's" : "the incident is closed or another run's",
      };
    }),

    contract.takeLease.implementedBy(
      classifyError,
      async ({ resource, scenario }, { caller, now }) => {
        const wanted = { resource, run: caller.run, scenario };
        const claiming = await store.leases.claim(wanted, now());
        if (claiming.kind === "held") {
          const { run, expiresAt, askedFor } = claiming.by;
          const isAsked = claiming.lease !== undefined || askedFor?.run === caller.run;
          const gives = isAsked ? ", which has been asked to give way" : "";
          return { kind: "held", detail: `held by ${run} until ${expiresAt}${gives}` };
        }
        const { fencing, expiresAt } = claiming.lease;
        return { kind: "taken", fencing, expiresAt, detail: `lease ${fencing} until ${expiresAt}` };
      },
    ),

    contract.releaseLease.implementedBy(classifyError, async ({ resource }, { caller }) => {
      await store.leases.release(resource, caller.run);
      return { detail: "lease given back" };
    }),

    contract.findPreviousOutcome.implementedBy(classifyError, async ({ series }, { caller }) => {
      const runs = await store.runs.backups(series);
      // What a person has stopped says nothing of whether it works.
      const last = runs.find(({ id, outcome }) => id !== caller.run && verdictOf.has(outcome));
      return last === undefined
        ? { detail: "it is the first one" }
        : { outcome: last.outcome, detail: `${last.id} has ${last.outcome}` };
    }),

    contract.saveRecord.implementedBy(classifyError, async ({ record: written }) => {
      const [audit, notifications] = await Promise.all([
        store.audit.ofRun(written.id),
        store.notices.ofRun(written.id),
      ]);
      const record = { ...written, audit: [...audit], notifications: [...notifications] };
      await store.runs.save(record, {
        md: renderMarkdown(record),
        html: renderHtml(record, escapeUTF8),
      });
      return { detail: "record and reports written" };
    }),

    contract.closeIncident.implementedBy(
      classifyError,
      async ({ incident, outcome, at }, { caller }) => {
        await store.incidents.close(incident, caller.run, outcome, at);
        return { detail: "incident closed" };
      },
    ),
  ];
}
