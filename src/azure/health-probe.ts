import { z } from "zod";
import type { Milliseconds } from "../domain/duration.js";
import type { HealthRule } from "../domain/estate.js";

/** What one probe of the protected application showed. */
export interface Probe {
  readonly healthy: boolean;
  readonly status: number | undefined;
  readonly latency: Milliseconds;
  /** The application's own words, or what went wrong on the way to it. */
  readonly detail: string;
  /** What the application says of each of its own checks, such as `keyVault`; empty where it says nothing. */
  readonly checks: Readonly<Record<string, AppCheck>>;
}

export interface AppCheck {
  readonly well: boolean;
  readonly detail: string;
}

export interface HealthProbe {
  probe(fqdn: string, rule: HealthRule): Promise<Probe>;
}

const HealthBody = z.looseObject({
  status: z.string(),
  checks: z
    .record(z.string(), z.looseObject({ status: z.string(), detail: z.string().optional() }))
    .optional(),
});
const goodWords = new Set(["healthy", "ok", "pass", "up"]);

/** Probes over HTTPS from outside, as a client would; an unreachable application is an answer too. */
export function httpsHealthProbe(timeLimit: Milliseconds): HealthProbe {
  return {
    async probe(fqdn, rule) {
      const begun = performance.now();
      const spent = (): Milliseconds => Math.round(performance.now() - begun) as Milliseconds;
      try {
        const answer = await fetch(`https://${fqdn}${rule.path}`, {
          redirect: "manual",
          headers: { accept: "application/json", "cache-control": "no-cache" },
          signal: AbortSignal.timeout(timeLimit),
        });
        const body = HealthBody.safeParse(parseJson((await answer.text()).slice(0, 20_000)));
        const word = body.success ? body.data.status.toLowerCase() : undefined;
        const healthy =
          answer.status === rule.expectedStatus && (word === undefined || goodWords.has(word));
        return {
          healthy,
          status: answer.status,
          latency: spent(),
          detail: describe(answer.status, body.success ? body.data : undefined),
          checks: checksOf(body.success ? body.data : undefined),
        };
      } catch (error) {
        const cause = (error as { cause?: { code?: unknown } }).cause?.code;
        const what = typeof cause === "string" ? cause : (error as Error).name;
        return {
          healthy: false,
          status: undefined,
          latency: spent(),
          detail: `no answer: ${what}`,
          checks: {},
        };
      }
    },
  };
}

function describe(status: number, body: z.infer<typeof HealthBody> | undefined): string {
  const failing = Object.entries(body?.checks ?? {})
    .filter(([, check]) => !goodWords.has(check.status.toLowerCase()))
    .map(([name, check]) => (check.detail === undefined ? name : `${name}: ${check.detail}`));
  const parts = [`HTTP ${status}`, ...(body === undefined ? [] : [body.status]), ...failing];
  return parts.join(", ");
}

const checksOf = (body: z.infer<typeof HealthBody> | undefined): Probe["checks"] =>
  Object.fromEntries(
    Object.entries(body?.checks ?? {}).map(([name, { status, detail = "" }]) => [
      name,
      { well: goodWords.has(status.toLowerCase()), detail },
    ]),
  );

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
