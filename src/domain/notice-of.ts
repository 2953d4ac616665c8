import type { Alert } from "./alert.js";
import type { Checkpoint } from "./checkpoint.js";
import { describeDuration } from "./duration.js";
import type { Contacts } from "./estate.js";
import type { EnvironmentName } from "./environment-name.js";
import { elapsed, isAfter, type Instant } from "./instant.js";
import { halfUsedAt, type Milestone } from "./milestones.js";
import { composeNotice, levelsFor, toldBy, type Notice } from "./notice.js";
import { describeBreach } from "./objectives.js";
import { verdicts } from "./report.js";
import { parseResourceId } from "./resource-id.js";
import type { Trigger } from "./run-record.js";

/** What a run tells its people, with what only that occasion knows. */
export type Occasion =
  | { readonly kind: "started" }
  | {
      readonly kind: "approval-wanted";
      readonly approval: {
        readonly nonce: string;
        /** What would be done, in a sentence. */
        readonly title: string;
        readonly expectedLoss: string;
        readonly expiresAt: Instant;
      };
    }
  | {
      readonly kind: "operator-needed";
      readonly decision: {
        readonly step: string;
        readonly title: string;
        readonly failure: string;
        readonly choices: readonly string[];
        readonly askedAt: Instant;
        readonly expiresAt: Instant;
      };
    }
  | Milestone
  /** The service works again; the checklist follows. */
  | { readonly kind: "restored" }
  | {
      readonly kind: "ended";
      readonly nextSteps: readonly string[];
      /** How the checklist came out, where there was one. */
      readonly checklist?: string;
      /** For what runs all day: since when it fails, or that it no longer does. */
      readonly turn?: "fails" | "works-again";
    };

/** The run that speaks. */
export interface Speaker {
  readonly run: string;
  readonly checkpoint: Checkpoint;
  readonly contacts: Contacts;
  /** Every notice the run has posted so far: whoever was told of it is told of its end. */
  readonly before: readonly Notice[];
}

/** The notice for an occasion; replayed code may build it, for it depends on nothing else. */
export function noticeOf(
  occasion: Occasion,
  { run, checkpoint, contacts, before }: Speaker,
): Notice {
  const { environment, detectedAt, at, clock, outcome } = checkpoint;
  const { subject, lines } = wordsFor(occasion, checkpoint, run);
  return composeNotice({
    environment,
    run,
    kind: occasion.kind,
    distinction: distinctionOf(occasion),
    ...(occasion.kind === "ended" ? { outcome } : {}),
    levels: levelsFor(occasion.kind, {
      halfUsed: !isAfter(halfUsedAt(clock.deadlines, detectedAt), at),
      needsOperator: outcome === "needs-operator",
      told: toldBy(before),
    }),
    contacts,
    subject: `${isPractice(checkpoint) ? "DRILL, " : ""}${checkpoint.title}: ${subject}`,
    lines: [whatBroke(checkpoint), ...lines],
    at,
  });
}

/** Whether what broke was broken by a drill; whoever is woken reads that first. */
const isPractice = ({ trigger }: Checkpoint): boolean =>
  trigger.kind === "drill" || (trigger.kind === "alert" && trigger.drill !== undefined);

function distinctionOf(occasion: Occasion): string | undefined {
  switch (occasion.kind) {
    case "approval-wanted":
      return occasion.approval.nonce;
    case "operator-needed":
      // The same step may be asked about again.
      return occasion.decision.askedAt;
    case "breached":
      return occasion.distinction;
    default:
      return undefined;
  }
}

interface Words {
  readonly subject: string;
  readonly lines: readonly string[];
}

function wordsFor(occasion: Occasion, checkpoint: Checkpoint, run: string): Words {
  const { clock, at, scenario } = checkpoint;
  switch (occasion.kind) {
    case "started":
      return {
        subject: scenario.endsWith("-drill") ? "started" : "recovery started",
        lines: [
          now(checkpoint),
          untilWhen(checkpoint),
          "You need do nothing yet. You are told when half of the time is used, when you are needed, and of the end.",
        ],
      };
    case "approval-wanted": {
      const { title, expectedLoss, expiresAt, nonce } = occasion.approval;
      return {
        subject: `approval wanted until ${time(expiresAt)}`,
        lines: [
          `Asked for: ${title}. May be lost: ${expectedLoss}.`,
          `Open until ${time(expiresAt)}; silence never means go. ${untilWhen(checkpoint)}`,
          `Approve or deny: POST /api/recoveries/${run}/approval with nonce ${nonce}.`,
        ],
      };
    }
    case "operator-needed": {
      const { title, failure, choices, expiresAt, step } = occasion.decision;
      return {
        subject: "operator needed",
        lines: [
          `Failed: ${title}. ${failure}`,
          `The run waits until ${time(expiresAt)}, then it ends unrestored. ${untilWhen(checkpoint)}`,
          `Decide (${choices.join(", ")}): POST /api/recoveries/${run}/decision with step ${step}.`,
        ],
      };
    }
    case "half-rto-used":
      return {
        subject: "half of the RTO is used",
        lines: [
          now(checkpoint),
          untilWhen(checkpoint),
          waits(checkpoint) ??
            "The service goes on by itself. Get ready: the escalation contact is told at the breach.",
        ],
      };
    case "breached":
      return {
        subject: `RTO of the ${occasion.distinction} breached`,
        lines: [
          now(checkpoint),
          `It is ${describeBreach(clock.deadlines, at) ?? "at its RTO"}; forecast ${time(clock.forecastAt)}.`,
          waits(checkpoint) ??
            "The service goes on. Decide who else has to know, and whether to help by hand.",
        ],
      };
    case "restored":
      return {
        subject: "restored",
        lines: [
          checkpoint.reason ?? "the service works again",
          restoredWhen(checkpoint),
          "You need do nothing yet: the recovery checklist is run now, and you are told how it comes out.",
        ],
      };
    case "ended": {
      const { words } = verdicts[checkpoint.outcome ?? "needs-operator"];
      const [first, ...more] = occasion.nextSteps;
      if (occasion.turn !== undefined) return turnWords(occasion.turn, checkpoint, first);
      return {
        subject: words,
        lines: [
          checkpoint.reason ?? words,
          occasion.checklist === undefined
            ? restoredWhen(checkpoint)
            : `${restoredWhen(checkpoint)} Recovery checklist: ${occasion.checklist}.`,
          first === undefined
            ? "You need do nothing more."
            : `Do this: ${first}${more.length === 0 ? "." : `; then ${more.length} more steps of the report.`}`,
        ],
      };
    }
  }
}

function restoredWhen({ clock, detectedAt, at }: Checkpoint): string {
  const { restoredAt, deadlines } = clock;
  return restoredAt === undefined
    ? `Not restored by this run, which ended ${describeDuration(elapsed(detectedAt, at))} after detection.`
    : `Restored ${describeDuration(elapsed(detectedAt, restoredAt))} after detection, ${describeBreach(deadlines, restoredAt) ?? "in time"}.`;
}

/** Of what runs all day only the first failure is told, so it says what happens from now on. */
function turnWords(
  turn: "fails" | "works-again",
  { reason = "", scenario }: Checkpoint,
  nextStep: string | undefined,
): Words {
  if (turn === "works-again") {
    return { subject: "works again", lines: [reason, "You need do nothing more."] };
  }
  return {
    subject: "failed",
    lines: [
      reason,
      scenario.endsWith("-proof")
        ? "The next one is begun by itself in the coming night. You are told of each that fails."
        : "It is begun again by itself. You are told when it works again, and of no failure until then.",
      nextStep === undefined ? "See what is protected: GET /api/backups." : `Do this: ${nextStep}.`,
    ],
  };
}

/** The notice that an alert was taken in and nothing was started for it. */
export function heldBackNotice(held: {
  readonly environment: EnvironmentName;
  readonly contacts: Contacts;
  readonly alert: Pick<Alert, "rule" | "severity" | "firedAt">;
  /** What makes two deliveries of the alert the same, as a hash. */
  readonly distinction: string;
  readonly resource: string;
  readonly reason: string;
  readonly at: Instant;
}): Notice {
  const { environment, contacts, alert, distinction, resource, reason, at } = held;
  return composeNotice({
    environment,
    kind: "held-back",
    distinction,
    levels: levelsFor("held-back", { halfUsed: false, needsOperator: true, told: [] }),
    contacts,
    subject: `alert held back: ${alert.rule}`,
    lines: [
      `Alert "${alert.rule}" (${alert.severity}) of ${nameOf(resource)}, fired ${day(alert.firedAt)}.`,
      `Nothing was started: ${reason}`,
      "Look at the resource; POST /api/recoveries starts a recovery by your order.",
    ],
    at,
  });
}

const whatBroke = ({ resource, environment, detectedAt, trigger }: Checkpoint): string =>
  `${nameOf(resource)} in ${environment}, detected ${day(detectedAt)} by ${by(trigger)}.`;

function by(trigger: Trigger): string {
  switch (trigger.kind) {
    case "alert":
      return `alert "${trigger.rule}" (${trigger.severity})`;
    case "timer":
      return `schedule ${trigger.schedule}`;
    case "drill":
      return `drill ${trigger.drill}`;
    case "operator":
      return trigger.who;
  }
}

const now = ({ step }: Checkpoint): string =>
  step.detail === "" || step.detail === step.title
    ? `Now: ${step.title}.`
    : `Now: ${step.title} (${step.detail}).`;

function untilWhen({ clock, detectedAt, at }: Checkpoint): string {
  const { scenarioAt, environmentAt } = clock.deadlines;
  const used = describeDuration(elapsed(detectedAt, at));
  return `Due by ${time(scenarioAt)}, at the latest by ${time(environmentAt)}; ${used} used, forecast ${time(clock.forecastAt)}.`;
}

function waits({ waitingFor }: Checkpoint): string | undefined {
  if (waitingFor === null) return undefined;
  return `It waits for a person: ${waitingFor === "resume" ? "it is paused until it is resumed" : `an open ${waitingFor}`}.`;
}

const nameOf = (resource: string): string => parseResourceId(resource)?.name ?? resource;
const time = (at: Instant): string => `${at.slice(11, 19)} UTC`;
const day = (at: Instant): string => `${at.slice(0, 10)} ${time(at)}`;
