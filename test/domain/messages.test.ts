import { Channel, Notifications } from "../../src/domain/channel.js";
import { Environment } from "../../src/domain/estate.js";
import { findingsOf } from "../../src/domain/findings.js";
import { mailOf, pagerDutyEvent, slackMessage, teamsMessage } from "../../src/domain/messages.js";
import { linkedTo, type Notice } from "../../src/domain/notice.js";
import type { Outcome } from "../../src/domain/run-record.js";
import { sampleEstate } from "../support/estates.js";
import { startedNotice } from "../support/notices.js";

const bare = startedNotice();
const address = "https://dr.example/api/recoveries/x";
const linked = linkedTo(bare, address);

describe("a notice in the shape of a receiver", () => {
  it.each([
    ["Teams", teamsMessage],
    ["Slack", slackMessage],
    ["PagerDuty", (notice: Notice) => pagerDutyEvent(notice, "key")],
  ])("has for %s the link where there is one, and every line", (_receiver, shape) => {
    const [without, withLink] = [bare, linked].map((notice) => JSON.stringify(shape(notice)));

    expect(without).not.toContain("Look");
    expect(withLink).toContain(address);
    expect(withLink).not.toContain(`Look: ${address}`);
    // Whatever signs a receiver would take for formatting are escaped.
    const words = bare.lines.flatMap((line) => line.match(/[A-Za-z]{4,}/g) ?? []);
    for (const word of words) expect(without).toContain(word);
  });

  it.each<[Notice["kind"], Outcome | undefined, string, string]>([
    ["started", undefined, "trigger", "warning"],
    ["approval-wanted", undefined, "trigger", "error"],
    ["breached", undefined, "trigger", "critical"],
    ["ended", "needs-operator", "trigger", "critical"],
    ["ended", "failed", "trigger", "critical"],
    ["ended", "canceled", "trigger", "info"],
    ["ended", "restored", "resolve", "info"],
    ["ended", "passed-with-findings", "resolve", "info"],
    ["ended", undefined, "trigger", "info"],
  ])("of %s, %s, is to PagerDuty a %s that is %s", (kind, outcome, action, severity) => {
    const notice = { ...bare, kind, ...(outcome === undefined ? {} : { outcome }) };

    expect(pagerDutyEvent(notice, "key")).toMatchObject({
      event_action: action,
      payload: { severity },
    });
  });

  it("stands alone where it is no run's", () => {
    const { run: _none, ...alone } = bare;

    expect(pagerDutyEvent(alone, "key")).toMatchObject({ dedup_key: alone.id });
    expect(mailOf(alone, "dr@example.com").references).toBe(`<${alone.id}.thread@example.com>`);
  });
});

describe("channels in the estate", () => {
  const problemWith = (channel: object): string => {
    const parsed = Channel.safeParse({ name: "x", ...channel });
    return parsed.success ? "" : findingsOf(parsed.error)[0]!.message;
  };

  it.each([
    [{ kind: "teams" }, ""],
    [{ kind: "slack", address: "NOTIFICATION_SLACK_NIGHT" }, ""],
    [{ kind: "teams", address: "https://prod.example/?sig=1" }, "name an app setting"],
    [{ kind: "pagerduty", routingKey: "AzureWebJobsStorage" }, "name an app setting"],
    [{ kind: "smtp", host: "smtp.example.com", sender: "dr" }, "write the address"],
    [{ kind: "azure-email", endpoint: "http://a.example", sender: "dr@a.example" }, "https://"],
  ])("are %j: %s", (channel, problem) => {
    expect(problemWith(channel)).toContain(problem);
    expect(problemWith(channel) === "").toBe(problem === "");
  });

  it("are not fallbacks alone", () => {
    const only = { kind: "teams", name: "x", fallback: true };

    expect(Notifications.safeParse({ channels: [only] }).error?.issues[0]?.message).toContain(
      "has no channel for the primary contact that is no fallback",
    );
  });

  it("go with a support contact that can be reached", () => {
    const { production } = sampleEstate().environments;
    const withSupport = (azureSupport: object) =>
      Environment.safeParse({
        ...production,
        contacts: { ...production?.contacts, azureSupport },
      });

    expect(withSupport({ plan: "ProDirect", url: "https://portal.azure.com" }).success).toBe(true);
    expect(withSupport({ plan: "ProDirect" }).error?.issues[0]?.message).toContain(
      "says nothing of how to reach it",
    );
  });
});
