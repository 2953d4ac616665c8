import { checklistItems, probedItems } from "../checklist.js";
import { describeDuration, seconds } from "../duration.js";
import type { Channel } from "../channel.js";
import type { Environment } from "../estate.js";
import type { CheckResult, Found } from "./readiness.js";

/** Leases and claims are compared with instants of others; a token is refused after five minutes. */
const longestSkew = seconds(60);

/** By how much the service's clock is ahead of Azure's; negative where it is behind. */
export function clockFinding(ahead: number): CheckResult {
  if (Math.abs(ahead) <= longestSkew) return { check: "clock", found: [] };
  const found: Found = {
    about: "clock",
    level: "degraded",
    what: `this service's clock is ${describeDuration(ahead)} ${ahead > 0 ? "ahead of" : "behind"} Azure's`,
    remedy:
      "restart the function app, so that it moves to another machine; if that does not help, open a case with Azure",
  };
  return { check: "clock", found: [found] };
}

/** The app setting that a channel cannot do without; undefined where it needs none. */
function secretOf(channel: Channel): string | undefined {
  switch (channel.kind) {
    case "webhook":
      return "NOTIFICATION_WEBHOOK_KEY";
    case "teams":
    case "slack":
      return channel.address;
    case "pagerduty":
      return channel.routingKey;
    case "smtp":
      return channel.user === undefined ? undefined : channel.password;
    case "azure-email":
      return undefined;
  }
}

/** Whether the contacts of an environment can be told anything. */
export function channelFinding(
  { notifications }: Pick<Environment, "notifications">,
  hasSecret: (setting: string) => boolean,
): CheckResult {
  const unnamed: Found = {
    about: "notifications",
    level: "degraded",
    what: "the estate names no channel, so nobody is told of a recovery or asked for an approval",
    remedy: "name a channel under notifications in the estate",
  };
  const found = (notifications?.channels ?? []).flatMap((channel): Found[] => {
    const setting = secretOf(channel);
    if (setting === undefined || hasSecret(setting)) return [];
    return [
      {
        about: `notifications/${channel.name}`,
        level: "degraded",
        what: `the app setting ${setting} is not set, so nothing is sent on the channel ${channel.name}`,
        remedy: `set ${setting}, or take the channel out of the estate`,
      },
    ];
  });
  return { check: "notification-channel", found: notifications === undefined ? [unnamed] : found };
}

/** Whether the estate says how each item of the recovery checklist is probed. */
export function checklistFinding({ checklist }: Pick<Environment, "checklist">): CheckResult {
  const lacking = probedItems.filter((item) => checklist.items[item] === undefined);
  if (lacking.length === 0) return { check: "recovery-checklist", found: [] };
  const found: Found = {
    about: "checklist",
    level: "degraded",
    what: `nobody looks after a recovery at ${lacking.map((item) => checklistItems[item].title).join(", ")}`,
    remedy: `write probes for ${lacking.join(", ")} under checklist.items in the estate`,
  };
  return { check: "recovery-checklist", found: [found] };
}
