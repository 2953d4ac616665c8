import type { Check } from "./checklist.contract.js";
import type { StateStore } from "../state/state-store.js";
import type { Seen } from "./checklist-seen.js";

type Of<Kind extends Check["kind"]> = Extract<Check, { readonly kind: Kind }>;

/** Whether somebody was reached: of each notice of the run at least one channel has taken it. */
export async function seeReceipts(store: Pick<StateStore, "notices">, run: string): Promise<Seen> {
  const receipts = await store.notices.ofRun(run);
  const notices = [...new Set(receipts.map(({ notice }) => notice))];
  const standingOf = (notice: string): "delivered" | "pending" | "failed" => {
    const own = receipts.filter((receipt) => receipt.notice === notice);
    if (own.some(({ status }) => status === "delivered")) return "delivered";
    return own.some(({ status }) => status === "pending") ? "pending" : "failed";
  };
  const failing = receipts.filter(({ status }) => status === "failed");
  const standings = notices.map(standingOf);
  const delivered = standings.filter((standing) => standing === "delivered").length;
  const value = `${delivered} of ${notices.length} notices delivered`;
  const why = [...new Set(failing.map(({ channel, detail }) => `${channel}: ${detail}`))];
  const seen = (holds: boolean, open: boolean, more = ""): Seen => ({
    holds,
    open,
    detail: [value, ...(more === "" ? [] : [more]), ...why].join("; "),
    proof: { what: "receipts of this run's notices", value },
  });
  if (notices.length === 0) return seen(false, true, "none was posted");
  if (standings.includes("failed")) return seen(false, false);
  return standings.includes("pending")
    ? seen(false, true, "the others were not taken yet")
    : // A channel that failed while another one delivered is no delivery that one can count on.
      seen(failing.length === 0, false);
}

/** Whether the audit names who wanted this run, and each time that people said something to it. */
export async function seeAudit(
  store: Pick<StateStore, "audit">,
  run: string,
  { trigger, interventions }: Of<"audit">,
): Promise<Seen> {
  const entries = await store.audit.ofRun(run);
  const accepted = entries.filter(({ result }) => result === "accepted");
  // Nobody asks for what a timer or a drill starts.
  const isAsked = trigger.kind !== "timer" && trigger.kind !== "drill";
  const wanted = interventions + (isAsked ? 1 : 0);
  const value = `${entries.length} entries, ${accepted.length} of them accepted`;
  const holds = accepted.length >= wanted;
  return {
    holds,
    open: !holds,
    detail: holds ? value : `${value}; at least ${wanted} should be there`,
    proof: { what: "audit entries of this run", value },
  };
}

/** Whether somebody who was not there can read what happened: record, reports, incident. */
export async function seePapers(
  store: Pick<StateStore, "runs" | "incidents">,
  run: string,
  { incident }: Of<"papers">,
): Promise<Seen> {
  const [{ record, report }, standing] = await Promise.all([
    store.runs.readDraft(run),
    incident === undefined ? undefined : store.incidents.read(incident),
  ]);
  const lacking = [
    ...(record === undefined ? ["the record"] : []),
    ...(record?.steps.length === 0 ? ["the record's steps"] : []),
    ...(report === undefined ? ["the report"] : []),
    ...(incident !== undefined && standing?.value.run !== run ? ["the incident"] : []),
  ];
  const by = record === undefined ? "nobody" : namedIn(record.trigger);
  const value = `record of ${record?.steps.length ?? 0} steps, started by ${by}`;
  return {
    holds: lacking.length === 0,
    open: lacking.length > 0,
    detail: lacking.length === 0 ? value : `${value}; not there: ${lacking.join(", ")}`,
    proof: { what: "record, report and incident of this run", value },
  };
}

function namedIn(trigger: Of<"audit">["trigger"]): string {
  switch (trigger.kind) {
    case "alert":
      return `alert ${trigger.rule}`;
    case "operator":
      return trigger.who;
    case "drill":
      return `drill ${trigger.drill}`;
    case "timer":
      return `schedule ${trigger.schedule}`;
  }
}
