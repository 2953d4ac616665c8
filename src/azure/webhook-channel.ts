import { createHmac } from "node:crypto";
import { milliseconds, seconds, type Milliseconds } from "../domain/duration.js";
import { ClassifiedError, terminal, type FailureClass } from "../domain/failure.js";

/** A message as it goes over a channel. */
export interface ChannelMessage {
  /** By this a receiver tells a repeat from news. */
  readonly id: string;
  readonly body: string;
}

export interface WebhookChannel {
  /** Resolves to what the receiver answered once it has taken the message; rejects classified. */
  send(url: string, message: ChannelMessage): Promise<string>;
}

/** Shorter keys can be guessed from what was signed with them. */
const shortestKey = 32;

/**
 * A host runs ten activities at a time (host.json). Receivers that hang must not take them all: what
 * is too many for one address is sent later, and the recoveries find their turn.
 */
const mostAtOnce = 2;

/** Posts JSON to any receiver, signed with HMAC-SHA256; docs/notifications.md says how to verify. */
export function webhookChannel(key: string, timeLimit: Milliseconds): WebhookChannel {
  const underWay = new Map<string, number>();
  const begin = (url: string): void => {
    const count = underWay.get(url) ?? 0;
    if (count >= mostAtOnce) {
      throw new ClassifiedError({
        class: "busy",
        code: "sends-under-way",
        message: "the receiver has not answered earlier notices yet",
        retryAfter: seconds(2),
      });
    }
    underWay.set(url, count + 1);
  };
  const end = (url: string): void => {
    underWay.set(url, (underWay.get(url) ?? 1) - 1);
  };
  return {
    async send(url, { id, body }) {
      refuseBadKey(key);
      begin(url);
      const timestamp = String(Math.floor(Date.now() / 1_000));
      const signature = createHmac("sha256", key).update(`${timestamp}.${body}`).digest("hex");
      const answer = await ask(url, {
        method: "POST",
        headers: {
          "content-type": "application/json; charset=utf-8",
          "user-agent": "enterprise-mcp-dr",
          "x-notice-id": id,
          "x-timestamp": timestamp,
          "x-signature-256": `sha256=${signature}`,
        },
        body,
        // A redirect would carry the notice to an address that the estate does not name.
        redirect: "manual",
        signal: AbortSignal.timeout(timeLimit),
      }).finally(() => {
        end(url);
      });
      // What a receiver says besides its status is of no use here, and may never end.
      await answer.body?.cancel().catch(() => undefined);
      if (answer.ok) return `HTTP ${answer.status}`;
      throw refused(answer);
    },
  };
}

function refuseBadKey(key: string): void {
  // So the platform hands out a reference that it could not resolve; it tries again by itself.
  if (key.startsWith("@Microsoft.KeyVault(")) {
    throw new ClassifiedError({
      class: "transient",
      code: "no-signing-key",
      message: "the Key Vault reference of NOTIFICATION_WEBHOOK_KEY does not resolve",
    });
  }
  if (key.length < shortestKey) {
    throw terminal(
      "no-signing-key",
      key === ""
        ? "the app setting NOTIFICATION_WEBHOOK_KEY is not set"
        : `NOTIFICATION_WEBHOOK_KEY is shorter than ${shortestKey} characters`,
    );
  }
}

async function ask(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    const { name, cause } = error as { name?: unknown; cause?: { code?: unknown } };
    const code = name === "TimeoutError" ? "time-limit" : cause?.code;
    // Nobody knows whether it arrived, so it is sent again; the receiver knows the id.
    throw new ClassifiedError(
      {
        class: "transient",
        code: typeof code === "string" ? code : "no-answer",
        message: "the receiver did not answer",
      },
      { cause: error },
    );
  }
}

const worthRepeating = new Set([408, 425, 429]);

function refused({ status, headers }: Response): ClassifiedError {
  const heals = status >= 500 || worthRepeating.has(status);
  const of: FailureClass = heals ? "transient" : "terminal";
  const retryAfter = heals ? retryAfterOf(headers.get("retry-after")) : undefined;
  return new ClassifiedError({
    class: of,
    code: `http-${status}`,
    message:
      status >= 300 && status < 400
        ? "the receiver redirects; the estate has to name the final address"
        : "the receiver refused the notice",
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterOf(text: string | null): Milliseconds | undefined {
  if (text === null) return undefined;
  const wait = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return wait > 0 ? milliseconds(wait) : undefined;
}
