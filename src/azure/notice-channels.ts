import type { Channel } from "../domain/channel.js";
import { ClassifiedError, terminal } from "../domain/failure.js";
import { mailOf, pagerDutyEvent, slackMessage, teamsMessage } from "../domain/messages.js";
import { addressedTo, type Notice } from "../domain/notice.js";
import type { CommunicationEmail } from "./communication-email.js";
import type { JsonPost } from "./json-post.js";
import type { SmtpMail } from "./smtp-mail.js";
import { sendSigned } from "./webhook-channel.js";

/** Every way to tell people something. */
export interface NoticeChannels {
  /** Resolves to what the receiver answered once it has taken the notice; rejects classified. */
  send(channel: Channel, notice: Notice): Promise<string>;
}

interface Senders {
  readonly post: JsonPost;
  readonly smtp: SmtpMail;
  readonly email: CommunicationEmail;
  /** What stands in an app setting whose name begins with NOTIFICATION_. */
  readonly secret: (setting: string) => string | undefined;
}

export function noticeChannels({ post, smtp, email, secret }: Senders): NoticeChannels {
  const secretIn = (setting: string): string => {
    const value = secret(setting) ?? "";
    if (value === "") {
      throw terminal("no-secret", `the app setting ${setting} is not set`);
    }
    // So the platform hands out a reference that it could not resolve; it tries again by itself.
    if (value.startsWith("@Microsoft.KeyVault(")) {
      throw new ClassifiedError({
        class: "transient",
        code: "no-secret",
        message: `the Key Vault reference of ${setting} does not resolve`,
      });
    }
    return value;
  };
  const addressIn = (setting: string): string => {
    const address = secretIn(setting);
    if (!URL.canParse(address)) {
      throw terminal("no-address", `the app setting ${setting} holds no address`);
    }
    return address;
  };
  return {
    // Asynchronous, so that a missing secret rejects like everything else.
    async send(channel, posted) {
      const notice = addressedTo(channel, posted);
      const body = (message: object): string => JSON.stringify(message);
      switch (channel.kind) {
        case "webhook":
          return sendSigned(post, secretIn("NOTIFICATION_WEBHOOK_KEY"), channel.url, {
            id: notice.id,
            body: body(notice),
          });
        case "teams":
          return post.send(addressIn(channel.address), body(teamsMessage(notice)));
        case "slack":
          return post.send(addressIn(channel.address), body(slackMessage(notice)));
        case "pagerduty":
          return post.send(channel.url, body(pagerDutyEvent(notice, secretIn(channel.routingKey))));
        case "azure-email":
          return email.send(channel, mailOf(notice, channel.sender));
        case "smtp": {
          const password = channel.user === undefined ? undefined : secretIn(channel.password);
          return smtp.send(channel, password, mailOf(notice, channel.sender));
        }
      }
    },
  };
}
