import type { Milliseconds } from "../domain/duration.js";

/** What became of a write through the protected application, and of reading it back. */
export interface Proven {
  readonly holds: boolean;
  readonly detail: string;
}

/** Writes a few bytes through the application itself, as a user would, and reads them back. */
export interface AppProof {
  prove(fqdn: string, path: string, text: string): Promise<Proven>;
}

/** An application that cannot be reached is an answer too. */
export function httpsAppProof(timeLimit: Milliseconds, send: typeof fetch = fetch): AppProof {
  const ask = async (url: string, init: RequestInit) => {
    const answer = await send(url, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.timeout(timeLimit),
    });
    return { status: answer.status, ok: answer.ok, text: (await answer.text()).slice(0, 20_000) };
  };
  return {
    async prove(fqdn, path, text) {
      const url = `https://${fqdn}${path}`;
      try {
        const headers = { "content-type": "text/plain", "cache-control": "no-cache" };
        const written = await ask(url, { method: "PUT", headers, body: text });
        if (!written.ok) return { holds: false, detail: `the write was answered ${said(written)}` };
        const read = await ask(url, { headers: { "cache-control": "no-cache" } });
        if (!read.ok) return { holds: false, detail: `the read was answered ${said(read)}` };
        return read.text.includes(text)
          ? { holds: true, detail: "what was written was read back" }
          : { holds: false, detail: "something else was read than was written" };
      } catch (error) {
        const cause = (error as { cause?: { code?: unknown } }).cause?.code;
        const what = typeof cause === "string" ? cause : (error as Error).name;
        return { holds: false, detail: `no answer: ${what}` };
      }
    },
  };
}

const said = ({ status, text }: { readonly status: number; readonly text: string }): string =>
  `${status}: ${text.slice(0, 120)}`;
