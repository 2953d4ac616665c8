import { buffer } from "node:stream/consumers";
import type { Answer, Request } from "../server/exchange.js";
import type { Endpoint, EndpointSettings, KeptAnswer, ProfileKind } from "./state.js";

const DAY_MS = 24 * 3_600_000;

/**
 * How long an answer is kept whose origin does not say: documented as one to three days of Front Door, of which the
 * longest, and as two days of the classic CDN (Caching with Azure Front Door; Manage expiration of web content).
 */
const KEPT_FOR: Readonly<Record<ProfileKind, number>> = {
  "front-door": 3 * DAY_MS,
  classic: 2 * DAY_MS,
};

/** What an answer to the request is kept by; undefined where it is not kept. */
export function keyOfAnswer(
  { method, path, query, headers }: Request,
  { queryStrings }: EndpointSettings,
): string | undefined {
  if (method !== "GET" || queryStrings === undefined) return undefined;
  // Parts of blobs, and what is meant for one client alone, go past it.
  if (headers.range !== undefined || headers.authorization !== undefined) return undefined;
  const asked = query.toString();
  if (queryStrings === "BypassCaching" && asked !== "") return undefined;
  return queryStrings === "UseQueryString" ? `${path}?${asked}` : path;
}

export function keptAnswer(
  { kept }: Endpoint,
  key: string | undefined,
  now: number,
): KeptAnswer | undefined {
  const found = key === undefined ? undefined : kept.get(key);
  return found && found.until > now ? found : undefined;
}

/** The answer with its whole body, kept where it may be. */
export async function keep(
  answer: Answer,
  {
    endpoint,
    kind,
    key,
    path,
    now,
  }: {
    readonly endpoint: Endpoint;
    readonly kind: ProfileKind;
    readonly key: string;
    readonly path: string;
    readonly now: number;
  },
): Promise<Answer> {
  const lifetime = answer.status === 200 ? lifetimeOf(answer, kind) : 0;
  if (lifetime === 0) return answer;
  const body = await bytesOf(answer);
  endpoint.kept.set(key, { path, headers: { ...answer.headers }, body, until: now + lifetime });
  return { ...answer, body };
}

function lifetimeOf({ headers }: Answer, kind: ProfileKind): number {
  const control = (headers?.["cache-control"] ?? "").toLowerCase();
  if (/\b(no-store|no-cache|private)\b/.test(control)) return 0;
  const [, seconds] = /\bs-maxage=(\d+)/.exec(control) ?? /\bmax-age=(\d+)/.exec(control) ?? [];
  return seconds === undefined ? KEPT_FOR[kind] : Number(seconds) * 1000;
}

async function bytesOf({ body }: Answer): Promise<Buffer> {
  if (body === undefined || typeof body === "string") return Buffer.from(body ?? "");
  return Buffer.isBuffer(body) ? body : buffer(body);
}
