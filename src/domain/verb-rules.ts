import type { Instant } from "./instant.js";
import { isAfter } from "./instant.js";
import { samePerson } from "./identity.js";
import type { ApprovalRecord, DecisionRecord, Verb } from "./verb.js";

/** As much of a run as decides what may be said to it. */
export interface RunStanding {
  readonly mode: "execute" | "plan";
  readonly outcome?: string | undefined;
  /** What has been said and has not taken effect yet, or holds until it is taken back. */
  readonly intent?: "pause" | "cancel" | undefined;
  readonly approvals: readonly Pick<
    ApprovalRecord,
    "nonce" | "status" | "expiresAt" | "requester" | "by"
  >[];
  readonly decisions: readonly Pick<
    DecisionRecord,
    "step" | "status" | "expiresAt" | "choices" | "choice" | "by"
  >[];
}

export type Admission =
  | { readonly kind: "accepted"; readonly detail: string }
  /** What was asked for holds already; saying it again changes nothing. */
  | { readonly kind: "already-done"; readonly detail: string }
  | { readonly kind: "refused"; readonly detail: string };

/**
 * What becomes of a verb. The trigger asks before it passes the verb on, and the run asks again
 * when the verb arrives, because a run moves on in between.
 */
export function admit(verb: Verb, run: RunStanding, now: Instant): Admission {
  if (run.outcome !== undefined) {
    return verb.verb === "cancel" && run.outcome === "canceled"
      ? already("the run was canceled")
      : refused(`the run has ended: ${run.outcome}`);
  }
  if (run.mode === "plan" && verb.verb !== "cancel") {
    return refused("a plan changes nothing and waits for nobody");
  }
  switch (verb.verb) {
    case "approval":
      return admitApproval(verb, run, now);
    case "decision":
      return admitDecision(verb, run, now);
    case "pause":
      if (run.intent === "cancel") return refused("the run is being canceled");
      return run.intent === "pause"
        ? already("the run is paused, or will be at its next step")
        : accepted("the run pauses at its next step");
    case "resume":
      if (run.intent === "cancel") return refused("the run is being canceled");
      return run.intent === "pause"
        ? accepted("the run goes on")
        : already("the run is not paused");
    case "cancel":
      return run.intent === "cancel"
        ? already("the run is being canceled")
        : accepted("the run is canceled at its next safe point");
  }
}

function admitApproval(
  verb: Extract<Verb, { verb: "approval" }>,
  { intent, approvals }: RunStanding,
  now: Instant,
): Admission {
  const asked = approvals.find(({ nonce }) => nonce === verb.nonce);
  if (asked === undefined) return refused("the run has asked for no approval with this nonce");
  if (asked.status === "approved" || asked.status === "denied") {
    const same = (asked.status === "approved") === (verb.decision === "approve");
    const answer = `it was ${asked.status} by ${asked.by?.name ?? "somebody"}`;
    return same ? already(answer) : refused(answer);
  }
  if (asked.status !== "open" || isAfter(now, asked.expiresAt)) {
    return refused(`the request is ${asked.status === "open" ? "expired" : asked.status}`);
  }
  if (intent === "cancel") return refused("the run is being canceled");
  if (
    verb.decision === "approve" &&
    asked.requester !== undefined &&
    samePerson(asked.requester, verb.by) === "yes"
  ) {
    return refused(`${verb.by.name} ordered this run; another person has to approve it`);
  }
  return accepted(verb.decision === "approve" ? "approved" : "denied");
}

function admitDecision(
  verb: Extract<Verb, { verb: "decision" }>,
  { intent, decisions }: RunStanding,
  now: Instant,
): Admission {
  const asked = decisions.findLast(({ step }) => step === verb.step);
  if (asked === undefined) return refused(`the run has asked for no decision about ${verb.step}`);
  if (asked.status === "decided") {
    const answer = `${asked.choice ?? "it"} was decided by ${asked.by?.name ?? "somebody"}`;
    return asked.choice === verb.choice ? already(answer) : refused(answer);
  }
  if (asked.status !== "open" || isAfter(now, asked.expiresAt)) {
    return refused(`the question is ${asked.status === "open" ? "expired" : asked.status}`);
  }
  if (intent === "cancel") return refused("the run is being canceled");
  if (!asked.choices.includes(verb.choice)) {
    return refused(`${verb.choice} is not a choice here; choose ${asked.choices.join(" or ")}`);
  }
  return accepted(`${verb.choice} it is`);
}

const accepted = (detail: string): Admission => ({ kind: "accepted", detail });
const already = (detail: string): Admission => ({ kind: "already-done", detail });
const refused = (detail: string): Admission => ({ kind: "refused", detail });
