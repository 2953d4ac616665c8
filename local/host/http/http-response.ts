import type { HttpCookie, InvocationResponse } from "../worker/rpc.js";

/** What a function's answer becomes on the wire. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array | undefined;
}

const FAILED: WireResponse = { status: 500, headers: {}, body: undefined };

/** Reads what the library returned for an HTTP function. */
export function toWireResponse(response: InvocationResponse): WireResponse {
  const value = response.returnValue;
  if (value === null || value === undefined) return { status: 204, headers: {}, body: undefined };
  const { http } = value;
  if (http === undefined) return FAILED;
  const status = Number(http.statusCode ?? "200");
  if (!Number.isInteger(status) || status < 100 || status > 599) return FAILED;
  const cookies = (http.cookies ?? []).map(cookieText);
  return {
    status,
    headers: { ...http.headers, ...(cookies.length === 0 ? {} : { "set-cookie": cookies }) },
    body: bodyOf(http.body),
  };
}

function bodyOf(
  body:
    | { readonly bytes?: Uint8Array; readonly string?: string; readonly json?: string }
    | null
    | undefined,
): Uint8Array | undefined {
  if (body?.bytes !== undefined) return body.bytes;
  const text = body?.string ?? body?.json;
  return text === undefined ? undefined : Buffer.from(text);
}

/** One Set-Cookie header, written as ASP.NET Core writes it. */
function cookieText(cookie: HttpCookie): string {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`];
  const expires = cookie.expires?.value?.seconds;
  if (expires !== undefined) parts.push(`expires=${new Date(expires * 1_000).toUTCString()}`);
  if (cookie.maxAge?.value !== undefined && cookie.maxAge.value !== null) {
    parts.push(`max-age=${Math.trunc(cookie.maxAge.value)}`);
  }
  if (typeof cookie.domain?.value === "string") parts.push(`domain=${cookie.domain.value}`);
  parts.push(`path=${cookie.path?.value ?? "/"}`);
  if (cookie.secure?.value === true) parts.push("secure");
  const sameSite = { none: undefined, lax: "lax", strict: "strict", explicitNone: "none" }[
    cookie.sameSite ?? "none"
  ];
  if (sameSite !== undefined) parts.push(`samesite=${sameSite}`);
  if (cookie.httpOnly?.value === true) parts.push("httponly");
  return parts.join("; ");
}
