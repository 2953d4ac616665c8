import type { EmailClient } from "@azure/communication-email" with { "resolution-mode": "import" };
import type { TokenCredential } from "@azure/identity";
import { createHash } from "node:crypto";
import type { ChannelOf } from "../domain/channel.js";
import type { Milliseconds } from "../domain/duration.js";
import { terminal } from "../domain/failure.js";
import type { Mail } from "../domain/messages.js";

/** Sends mail by Azure Communication Services. */
export interface CommunicationEmail {
  /** Resolves to what the service says of the mail once it has taken it. */
  send(channel: ChannelOf<"azure-email">, mail: Mail): Promise<string>;
}

/** How often the service is asked what became of a mail, within the time limit. */
const interval = 500;

export function communicationEmail(
  credential: () => Promise<TokenCredential>,
  timeLimit: Milliseconds,
): CommunicationEmail {
  const clients = new Map<string, Promise<EmailClient>>();
  const make = async (endpoint: string): Promise<EmailClient> => {
    const { EmailClient } = await import("@azure/communication-email");
    return new EmailClient(endpoint, await credential(), { retryOptions: { maxRetries: 0 } });
  };
  return {
    async send({ endpoint, sender }, mail) {
      const client = clients.get(endpoint) ?? make(endpoint);
      clients.set(endpoint, client);
      const abortSignal = AbortSignal.timeout(timeLimit);
      const { subject, text, references } = mail;
      const poller = await (
        await client
      ).beginSend(
        {
          senderAddress: sender,
          content: { subject, plainText: text },
          recipients: {
            to: mail.to.map(({ name, address }) => ({ displayName: name, address })),
          },
          headers: { "In-Reply-To": references, References: references },
        },
        // A repeat of a mail that was taken finds the operation and sends nothing anew.
        { abortSignal, operationId: operationIdOf(mail), updateIntervalInMs: interval },
      );
      while (!poller.isDone() && !abortSignal.aborted) {
        await poller.poll({ abortSignal }).catch((error: unknown) => {
          if (poller.getOperationState().status === "failed") {
            throw terminal("mail-not-sent", "the service took the mail, and could not send it");
          }
          // It was taken: that nobody knows yet what became of it is no reason to send it again.
          if (!abortSignal.aborted) throw error;
        });
        if (!poller.isDone()) await new Promise((resolve) => setTimeout(resolve, interval));
      }
      const result = poller.getResult();
      if (result === undefined) return "taken; not known yet whether it was sent";
      if (result.status !== "Succeeded") {
        throw terminal("mail-not-sent", `the service did not send the mail: ${result.status}`);
      }
      return "sent";
    },
  };
}

/** The same for every repeat of a mail, in the shape of a UUID (version 8, RFC 9562). */
function operationIdOf({ messageId }: Mail): string {
  const hex = createHash("sha256").update(messageId).digest("hex");
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return [...groups, hex.slice(20, 32)].join("-");
}
