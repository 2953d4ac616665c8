import type { Milliseconds } from "../domain/duration.js";

export interface ProbeRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeLimit: Milliseconds;
}

export interface ProbeAnswer {
  /** Undefined where there was no answer at all. */
  readonly status: number | undefined;
  readonly latency: Milliseconds;
  /** The beginning of the body; it may hold credentials, and stays inside the activity that asked. */
  readonly text: string;
  /** What went wrong on the way. */
  readonly failure?: string | undefined;
}

/** Requests as a client of the protected application sends them; that nobody answers is an answer too. */
export interface HttpProbes {
  ask(request: ProbeRequest): Promise<ProbeAnswer>;
}

const longestBody = 64 * 1024;

export function httpProbes(send: typeof fetch = fetch): HttpProbes {
  return {
    async ask({ url, method, headers, body, timeLimit }) {
      const begun = performance.now();
      const spent = (): Milliseconds => Math.round(performance.now() - begun) as Milliseconds;
      try {
        const answer = await send(url, {
          method,
          headers: { ...headers },
          ...(body === undefined ? {} : { body }),
          // A redirect would carry the headers to an address that nobody has named.
          redirect: "manual",
          signal: AbortSignal.timeout(timeLimit),
        });
        const text = await beginningOf(answer);
        return { status: answer.status, latency: spent(), text };
      } catch (error) {
        const cause = (error as { cause?: { code?: unknown } }).cause?.code;
        const failure = typeof cause === "string" ? cause : (error as Error).name;
        return { status: undefined, latency: spent(), text: "", failure };
      }
    },
  };
}

async function beginningOf({ body }: Response): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  while (text.length < longestBody) {
    const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
    if (done || value === undefined) return text;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel().catch(() => undefined);
  return text.slice(0, longestBody);
}
