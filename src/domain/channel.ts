import { z } from "zod";
import { ContactLevel } from "./contact-level.js";
import { scrub } from "./credential-scrubbing.js";

/*
 * Where people are told. The estate is part of a run's input, so nothing here may be a secret: an
 * address or a key that is one stands in an app setting, and a channel names that.
 */

const publicAddress = z
  .url({
    error: "write the receiver's full address, such as https://hooks.example.com/recovery",
    abort: true,
  })
  .superRefine((address, context) => {
    const url = new URL(address);
    const onThisMachine = ["127.0.0.1", "localhost"].includes(url.hostname);
    if (url.protocol !== "https:" && !(url.protocol === "http:" && onThisMachine)) {
      context.addIssue({
        code: "custom",
        message: "must begin with https://; plain http is for 127.0.0.1 and localhost alone",
      });
    }
    if (url.username !== "" || scrub(address) !== address) {
      context.addIssue({
        code: "custom",
        message:
          "carries what looks like a credential; leave it out: the receiver checks the signature, or the channel names an app setting",
      });
    }
  });

/** The name of an app setting with what must stay out of the estate. */
const secretSetting = z
  .string()
  .regex(/^NOTIFICATION_[A-Z0-9_]{1,60}$/, {
    error:
      "name an app setting that begins with NOTIFICATION_, such as NOTIFICATION_TEAMS_ADDRESS; the secret itself stays out of the estate",
  })
  .meta({ title: "name of an app setting" });

const common = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, {
      error: "write a short name of lower-case letters, digits and hyphens, such as on-call",
    })
    .meta({ description: "Names it in receipts and reports.", examples: ["on-call"] }),
  levels: z
    .array(ContactLevel)
    .min(1)
    .default([...ContactLevel.options])
    .meta({ description: "Whom it reaches.", examples: [["primary"]] }),
  fallback: z
    .boolean()
    .default(false)
    .meta({
      description: "Tried only for people whom no channel before it has reached.",
      examples: [true],
    }),
};

const sender = z.email({ error: "write the address that the mail comes from" });

const WebhookChannel = z.strictObject({
  kind: z
    .literal("webhook")
    .describe("Any receiver, signed with the key of the app setting NOTIFICATION_WEBHOOK_KEY."),
  ...common,
  url: publicAddress.describe("The receiver's address."),
});

const TeamsChannel = z.strictObject({
  kind: z.literal("teams").meta({
    description:
      'A channel of Microsoft Teams, by the workflow "post to a channel when a webhook request is received".',
    examples: ["teams"],
  }),
  ...common,
  address: secretSetting.default("NOTIFICATION_TEAMS_ADDRESS").meta({
    description: "The app setting with the workflow's address, which is a secret.",
    examples: ["NOTIFICATION_TEAMS_ADDRESS"],
  }),
});

const SlackChannel = z.strictObject({
  kind: z
    .literal("slack")
    .meta({ description: "An incoming webhook of Slack.", examples: ["slack"] }),
  ...common,
  address: secretSetting.default("NOTIFICATION_SLACK_ADDRESS").meta({
    description: "The app setting with the webhook's address, which is a secret.",
    examples: ["NOTIFICATION_SLACK_ADDRESS"],
  }),
});

const PagerDutyChannel = z.strictObject({
  kind: z.literal("pagerduty").meta({
    description: "A service of PagerDuty, by its Events API v2.",
    examples: ["pagerduty"],
  }),
  ...common,
  url: publicAddress.default("https://events.pagerduty.com/v2/enqueue").meta({
    description: "Where events are sent.",
    examples: ["https://events.eu.pagerduty.com/v2/enqueue"],
  }),
  routingKey: secretSetting.default("NOTIFICATION_PAGERDUTY_KEY").meta({
    description: "The app setting with the integration's key, which is a secret.",
    examples: ["NOTIFICATION_PAGERDUTY_KEY"],
  }),
});

const AzureEmailChannel = z.strictObject({
  kind: z.literal("azure-email").meta({
    description: "E-mail by Azure Communication Services, with this service's own identity.",
    examples: ["azure-email"],
  }),
  ...common,
  endpoint: publicAddress.meta({
    description: "The address of the Communication Services resource.",
    examples: ["https://mcp-mail.unitedstates.communication.azure.com"],
  }),
  sender: sender.meta({
    description: "The address that the mail comes from.",
    examples: ["recovery@example.com"],
  }),
});

const SmtpChannel = z.strictObject({
  kind: z
    .literal("smtp")
    .meta({ description: "E-mail by any server that speaks SMTP, over TLS.", examples: ["smtp"] }),
  ...common,
  host: z
    .string()
    .min(1)
    .meta({ description: "The server's name.", examples: ["mail.example.com"] }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .default(587)
    .meta({ description: "The server's port.", examples: [587] }),
  tls: z
    .enum(["starttls", "implicit"])
    .default("starttls")
    .meta({
      description:
        "`starttls`: asked for, and insisted on, after the greeting; `implicit`: from the first byte, as on port 465.",
      examples: ["starttls"],
    }),
  sender: sender.meta({
    description: "The address that the mail comes from.",
    examples: ["recovery@example.com"],
  }),
  user: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Who signs in; without it nobody does.", examples: ["recovery"] }),
  password: secretSetting.default("NOTIFICATION_SMTP_PASSWORD").meta({
    description: "The app setting with the password, which is a secret.",
    examples: ["NOTIFICATION_SMTP_PASSWORD"],
  }),
});

export const Channel = z.discriminatedUnion(
  "kind",
  [WebhookChannel, TeamsChannel, SlackChannel, PagerDutyChannel, AzureEmailChannel, SmtpChannel],
  { error: "write webhook, teams, slack, pagerduty, azure-email or smtp" },
);
export type Channel = z.infer<typeof Channel>;
export type ChannelOf<Kind extends Channel["kind"]> = Extract<Channel, { kind: Kind }>;

/** The channels of an environment, in the order in which they are tried. */
export const Notifications = z.strictObject({
  channels: z
    .array(Channel)
    .min(1, { error: "name at least one channel, or leave notifications out" })
    .superRefine((channels, context) => {
      const find = (message: string): void => {
        context.addIssue({ code: "custom", message });
      };
      const names = channels.map(({ name }) => name);
      for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
        find(`has two channels named ${name}; give each a name of its own`);
      }
      for (const level of ContactLevel.options) {
        if (!channels.some(({ levels, fallback }) => !fallback && levels.includes(level))) {
          find(
            `has no channel for the ${level} contact that is no fallback; add ${level} to the levels of one`,
          );
        }
      }
    })
    .describe(
      "In the order in which they are tried. Each contact level needs one that is no fallback.",
    ),
});
