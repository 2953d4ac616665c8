import { createHash } from "node:crypto";
import type { Milliseconds } from "../domain/duration.js";

/** What somebody in the internet is answered who asks for a file. */
export interface PublicAnswer {
  /** Undefined where there was no answer at all. */
  readonly status: number | undefined;
  /** As the origin gave it; a cache passes it on. */
  readonly etag: string | undefined;
  /** The status, or what went wrong on the way, for people. */
  readonly detail: string;
}

export interface PublicContent extends PublicAnswer {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** Files as anybody gets them over HTTPS; an unreachable host is an answer too. */
export interface PublicAssets {
  /**
   * Asks for the head alone: what is no GET goes through to the origin, and nothing of it is kept
   * (https://learn.microsoft.com/azure/frontdoor/front-door-caching#request-methods).
   */
  head(host: string, path: string): Promise<PublicAnswer>;
  /** Fetches the whole, of which no more than `longest` bytes are read. */
  fetch(host: string, path: string, longest: number): Promise<PublicContent>;
}

export function publicAssets(timeLimit: Milliseconds): PublicAssets {
  const ask = (method: string, host: string, path: string): Promise<Response> => {
    const url = new URL(`https://${host}`);
    url.pathname = path.split("/").map(encodeURIComponent).join("/");
    // A cache that looks at queries has nothing under this one.
    url.searchParams.set("probe", crypto.randomUUID());
    return fetch(url, {
      method,
      redirect: "manual",
      // What is compressed on the way has another length and another tag.
      headers: { "accept-encoding": "identity" },
      signal: AbortSignal.timeout(timeLimit),
    });
  };
  return {
    async head(host, path) {
      try {
        return answerOf(await ask("HEAD", host, path));
      } catch (error) {
        return noAnswer(error);
      }
    },

    async fetch(host, path, longest) {
      const hash = createHash("sha256");
      let bytes = 0;
      try {
        const answer = await ask("GET", host, path);
        for await (const chunk of answer.body ?? []) {
          hash.update(chunk as Uint8Array);
          bytes += (chunk as Uint8Array).byteLength;
          // Leaving the loop cancels the rest.
          if (bytes > longest) break;
        }
        return { ...answerOf(answer), bytes, sha256: hash.digest("hex") };
      } catch (error) {
        return { ...noAnswer(error), bytes, sha256: "" };
      }
    },
  };
}

const answerOf = ({ status, headers }: Response): PublicAnswer => ({
  status,
  etag: headers.get("etag")?.replace(/^W\//, ""),
  detail: `HTTP ${status}`,
});

function noAnswer(error: unknown): PublicAnswer {
  const cause = (error as { cause?: { code?: unknown } }).cause?.code;
  const what = typeof cause === "string" ? cause : (error as Error).name;
  return { status: undefined, etag: undefined, detail: `no answer: ${what}` };
}
