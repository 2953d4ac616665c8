import type { ChannelOf } from "../domain/channel.js";
import type { Milliseconds } from "../domain/duration.js";
import { ClassifiedError, type FailureClass } from "../domain/failure.js";
import type { Mail } from "../domain/messages.js";
import { lazily } from "./lazily.js";

/** Sends mail by a server that speaks SMTP (RFC 5321), over TLS always. */
export interface SmtpMail {
  /** Resolves to what the server said when it took the mail; rejects classified. */
  send(channel: ChannelOf<"smtp">, password: string | undefined, mail: Mail): Promise<string>;
}

export function smtpMail(timeLimit: Milliseconds): SmtpMail {
  const library = lazily(() => import("nodemailer"));
  return {
    async send({ host, port, tls, sender, user }, password, mail) {
      const { createTransport } = await library();
      const transport = createTransport({
        host,
        port,
        secure: tls === "implicit",
        requireTLS: tls === "starttls",
        ...(user === undefined ? {} : { auth: { user, pass: password ?? "" } }),
        connectionTimeout: timeLimit,
        greetingTimeout: timeLimit,
        socketTimeout: timeLimit,
        dnsTimeout: timeLimit,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      const { subject, text, messageId, references } = mail;
      const sent = transport.sendMail({
        from: sender,
        to: mail.to.map(({ name, address }) => ({ name, address })),
        subject,
        text,
        messageId,
        references,
        inReplyTo: references,
      });
      try {
        const { response, rejected } = await within(timeLimit, transport, sent);
        return rejected.length === 0 ? response : `${response}; refused for ${rejected.join(", ")}`;
      } catch (error) {
        throw classified(error);
      } finally {
        transport.close();
      }
    },
  };
}

/** The library limits each part of the conversation; this limits the whole. */
async function within<T>(
  limit: Milliseconds,
  transport: { close(): void },
  sent: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      transport.close();
      reject(
        Object.assign(new Error("the mail server did not take it in time"), { code: "ETIMEDOUT" }),
      );
    }, limit);
  });
  try {
    return await Promise.race([sent, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What heals by itself: no answer, and what the server calls temporary (4yz). */
function classified(error: unknown): ClassifiedError {
  const { code, responseCode, command } = error as {
    code?: string;
    responseCode?: number;
    command?: string;
  };
  const isRefusal = responseCode !== undefined && responseCode >= 500;
  const of: FailureClass = isRefusal || code === "ETLS" ? "terminal" : "transient";
  const at = command === undefined ? "" : ` at ${command}`;
  return new ClassifiedError(
    {
      class: of,
      code: responseCode === undefined ? (code ?? "no-answer") : `smtp-${responseCode}`,
      // The server's own words may name what must not be told.
      message:
        code === "ETLS"
          ? "the mail server offers no TLS that can be trusted"
          : isRefusal
            ? `the mail server refused${at}`
            : `the mail server did not take it${at}`,
    },
    { cause: error },
  );
}
