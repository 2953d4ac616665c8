import type { ContactLevel } from "./contact-level.js";
import type { NoticeKind } from "./notice-receipt.js";
import type { Notice } from "./notice.js";
import { servesAgain } from "./run-record.js";

/*
 * A notice as each kind of receiver wants it: the same subject and the same five lines everywhere.
 */

/** How loud a notice is, in PagerDuty's words. */
type Severity = "critical" | "error" | "warning" | "info";

const severities: Readonly<Record<NoticeKind, Severity>> = {
  started: "warning",
  "approval-wanted": "error",
  "operator-needed": "critical",
  "half-rto-used": "warning",
  breached: "critical",
  "held-back": "critical",
  readiness: "warning",
  restored: "info",
  ended: "info",
};

/** An end that leaves work to a person is as loud as the call for one. */
function severityOf({ kind, outcome }: Notice): Severity {
  if (kind !== "ended" || outcome === undefined) return severities[kind];
  if (outcome === "needs-operator" || outcome === "failed") return "critical";
  return outcome === "restored-with-findings" ? "warning" : "info";
}

/** The place to look at, which the last line names where the service knows its own address. */
const linkOf = ({ lines }: Notice): string | undefined =>
  /^Look: (https?:\/\/\S+)$/.exec(lines.at(-1) ?? "")?.[1];

/** The lines without the link, for receivers that show it as a button. */
const linesOf = (notice: Notice): readonly string[] =>
  linkOf(notice) === undefined ? notice.lines : notice.lines.slice(0, -1);

/** What belongs together: all notices of a run, or a notice of none by itself. */
const threadOf = ({ run, id }: Notice): string => run ?? id;

/** Microsoft Teams: an Adaptive Card, as the workflow for webhook requests takes it. */
export function teamsMessage(notice: Notice): object {
  const color = { critical: "Attention", error: "Warning", warning: "Warning", info: "Good" };
  const text = (line: string, more: object = {}): object => ({
    type: "TextBlock",
    // The card would take these for formatting.
    text: line.replace(/[\\*_[\]~`]/g, "\\$&"),
    wrap: true,
    ...more,
  });
  const link = linkOf(notice);
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          msteams: { width: "Full" },
          body: [
            text(notice.subject, {
              size: "Medium",
              weight: "Bolder",
              color: color[severityOf(notice)],
            }),
            ...linesOf(notice).map((line) => text(line)),
            text(threadOf(notice), { size: "Small", isSubtle: true }),
          ],
          actions: link === undefined ? [] : [{ type: "Action.OpenUrl", title: "Look", url: link }],
        },
      },
    ],
  };
}

/** Slack: blocks for the channel, and a text for notifications on a phone. */
export function slackMessage(notice: Notice): object {
  const plain = (text: string): string =>
    text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const link = linkOf(notice);
  return {
    text: plain(notice.subject),
    blocks: [
      { type: "header", text: { type: "plain_text", text: notice.subject, emoji: false } },
      {
        type: "section",
        text: { type: "plain_text", text: linesOf(notice).join("\n"), emoji: false },
      },
      ...(link === undefined
        ? []
        : [{ type: "section", text: { type: "mrkdwn", text: `<${plain(link)}|Look>` } }]),
      {
        type: "context",
        elements: [{ type: "plain_text", text: threadOf(notice), emoji: false }],
      },
    ],
  };
}

/** PagerDuty, Events API v2: one incident for a run, resolved when the app serves again. */
export function pagerDutyEvent(notice: Notice, routingKey: string): object {
  const { kind, outcome, subject, environment, at } = notice;
  const link = linkOf(notice);
  const isOver =
    kind === "restored" || (kind === "ended" && outcome !== undefined && isWell(outcome));
  return {
    routing_key: routingKey,
    event_action: isOver ? "resolve" : "trigger",
    dedup_key: threadOf(notice),
    payload: {
      summary: subject,
      source: environment,
      severity: severityOf(notice),
      timestamp: at,
      component: threadOf(notice),
      custom_details: { lines: linesOf(notice) },
    },
    links: link === undefined ? [] : [{ href: link, text: "Look" }],
    client: "Enterprise MCP disaster recovery",
  };
}

const isWell = (outcome: NonNullable<Notice["outcome"]>): boolean =>
  // What is left to a person opens it again.
  (servesAgain(outcome) && outcome !== "restored-with-findings") ||
  outcome === "passed" ||
  outcome === "passed-with-findings";

/** A mail: plain text, with what a mail program needs to keep those of a run together. */
export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly to: readonly {
    readonly level: ContactLevel;
    readonly name: string;
    readonly address: string;
  }[];
  readonly messageId: string;
  /** Of the thread; no mail has it, and mail programs do with that. */
  readonly references: string;
}

export function mailOf(notice: Notice, sender: string): Mail {
  const domain = sender.slice(sender.lastIndexOf("@") + 1);
  return {
    subject: notice.subject,
    text: `${notice.lines.join("\n\n")}\n\n${threadOf(notice)}\n`,
    to: notice.to.map(({ level, name, email }) => ({ level, name, address: email })),
    messageId: `<${notice.id}@${domain}>`,
    references: `<${threadOf(notice)}.thread@${domain}>`,
  };
}
