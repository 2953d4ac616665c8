import { milliseconds, seconds, type Milliseconds } from "../domain/duration.js";
import { ClassifiedError, type FailureClass } from "../domain/failure.js";

/** Posts JSON to a receiver of notices. */
export interface JsonPost {
  /** Resolves to what the receiver answered once it has taken the body; rejects classified. */
  send(url: string, body: string, headers?: Readonly<Record<string, string>>): Promise<string>;
}

/**
 * A host runs ten activities at a time (host.json). Receivers that hang must not take them all: what
 * is too many for one address is sent later, and the recoveries find their turn.
 */
const mostAtOnce = 2;

export function jsonPost(timeLimit: Milliseconds): JsonPost {
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
    async send(url, body, headers = {}) {
      begin(url);
      const answer = await ask(url, {
        method: "POST",
        headers: {
          "content-type": "application/json; charset=utf-8",
          "user-agent": "enterprise-mcp-dr",
          ...headers,
        },
        body,
        // A redirect would carry the notice to an address that nobody has named.
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
