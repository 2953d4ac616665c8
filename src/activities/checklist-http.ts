import { randomUUID } from "node:crypto";
import { query } from "jsonpath-rfc9535";
import type { HttpProbes, ProbeAnswer, ProbeRequest } from "../azure/http-probes.js";
import type { Secrets } from "../azure/secrets.js";
import type { ChecklistProof } from "../domain/checklist.js";
import type { HttpProbe } from "../domain/checklist-probe.js";
import { scrub } from "../domain/credential-scrubbing.js";
import type { UsersSide } from "./checklist.contract.js";
import type { Kept, Seen } from "./checklist-seen.js";

export interface HttpPorts {
  readonly http: HttpProbes;
  readonly secrets: Pick<Secrets, "value">;
}

/** What is put into texts of the estate in the place of names in braces. */
export type Fill = (text: string) => string;

const longestValue = 60;
const longestAnswer = 120;

/** Sends the request of a probe once, or as often as it says, and judges what comes back. */
export async function seeOverHttp(
  ports: HttpPorts,
  side: UsersSide,
  probe: HttpProbe,
  { fill, keep }: { readonly fill: Fill; readonly keep: Kept },
): Promise<Seen> {
  const place = probe.url ?? (side.fqdn === undefined ? undefined : `https://${side.fqdn}`);
  if (place === undefined) return unseen(probe.path ?? "", "the app has no ingress to ask at");
  const hidden: string[] = [];
  const headers: Record<string, string> = {};
  for (const [name, from] of Object.entries(probe.headers)) {
    if ("value" in from) {
      headers[name] = from.value;
      continue;
    }
    const value = await secretOf(ports, side, from.secret);
    if (value === undefined) {
      const what = `the vault that the app uses has no secret ${from.secret}, which the header ${name} takes`;
      return unseen(`${probe.method} ${probe.path ?? place}`, what);
    }
    hidden.push(value);
    headers[name] = value;
  }
  const call = randomUUID();
  const filled = (text: string): string => fill(text).replaceAll("{call}", call);
  const request = requestOf(probe, `${place}${probe.path ?? ""}`, headers, filled);
  const presentable = presentableTo(hidden);
  const { origin, pathname } = new URL(request.url);
  const what = `${probe.method} ${origin}${presentable(pathname)}`;
  return probe.repeat === undefined
    ? await judge(probe, await ports.http.ask(request), { what, presentable, keep })
    : judgeMany(
        probe,
        await Promise.all(
          Array.from({ length: probe.repeat.requests }, () => ports.http.ask(request)),
        ),
        what,
      );
}

async function secretOf(
  { secrets }: HttpPorts,
  { vault }: UsersSide,
  name: string,
): Promise<string | undefined> {
  return vault === undefined ? undefined : (await secrets.value(vault, name))?.value;
}

function requestOf(
  { method, body, expect }: HttpProbe,
  url: string,
  headers: Readonly<Record<string, string>>,
  fill: Fill,
): ProbeRequest {
  const isJson = body !== undefined && typeof body !== "string";
  return {
    url: fill(url),
    method,
    headers: {
      "cache-control": "no-cache",
      ...(isJson ? { "content-type": "application/json" } : {}),
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)])),
    },
    ...(body === undefined ? {} : { body: fill(isJson ? JSON.stringify(body) : body) }),
    timeLimit: expect.within,
  };
}

interface Judging {
  readonly what: string;
  readonly presentable: (text: string) => string;
  readonly keep: Kept;
}

async function judge(
  { expect }: HttpProbe,
  answer: ProbeAnswer,
  { what, presentable, keep }: Judging,
): Promise<Seen> {
  const { status, latency, text, failure } = answer;
  const proof: ChecklistProof = { what, ...(status === undefined ? {} : { status }), latency };
  if (status === undefined) {
    const why = failure === "TimeoutError" ? `within ${expect.within} ms` : `(${failure ?? "?"})`;
    return { holds: false, open: true, detail: `no answer ${why}`, proof };
  }
  const wrong = wrongIn(expect, answer, presentable);
  if (wrong === undefined) {
    return { holds: true, open: false, detail: `HTTP ${status} in ${latency} ms`, proof };
  }
  const evidence = text === "" ? undefined : await keep(`Answer to ${what}`, presentable(text));
  return {
    holds: false,
    // What is overloaded or still starting may answer better in a moment; a refusal stays one.
    open: status >= 500 || status === 429 || status === 408,
    detail: wrong,
    proof: { ...proof, ...(evidence === undefined ? {} : { evidence }) },
  };
}

function wrongIn(
  { status: wanted, jsonPath, equals, matches }: HttpProbe["expect"],
  { status, text }: ProbeAnswer,
  presentable: (text: string) => string,
): string | undefined {
  if (status !== wanted) {
    const said = presentable(text).replace(/\s+/g, " ").slice(0, longestAnswer);
    return `answered ${status ?? "nothing"} instead of ${wanted}${said === "" ? "" : `: ${said}`}`;
  }
  if (jsonPath === undefined) {
    return matches === undefined || new RegExp(matches).test(text)
      ? undefined
      : `the body does not match ${matches}`;
  }
  const found = valueAt(text, jsonPath);
  if (found.kind === "none") return found.why;
  const shown = presentable(JSON.stringify(found.value)).slice(0, longestValue);
  if (equals !== undefined && found.value !== equals) {
    return `${jsonPath} is ${shown}, not ${JSON.stringify(equals)}`;
  }
  const written = typeof found.value === "string" ? found.value : JSON.stringify(found.value);
  return matches === undefined || new RegExp(matches).test(written)
    ? undefined
    : `${jsonPath} does not match ${matches}`;
}

type Found =
  { readonly kind: "value"; readonly value: unknown } | { readonly kind: "none"; why: string };

function valueAt(text: string, path: string): Found {
  let json: Parameters<typeof query>[0];
  try {
    json = JSON.parse(text) as typeof json;
  } catch {
    return { kind: "none", why: "the body is not JSON" };
  }
  const values = query(json, path);
  return values.length === 0
    ? { kind: "none", why: `there is nothing at ${path}` }
    : { kind: "value", value: values[0] };
}

/** A limit holds where some requests are let through and some refused, and nothing else happens. */
function judgeMany(
  { expect, repeat }: HttpProbe,
  answers: readonly ProbeAnswer[],
  what: string,
): Seen {
  const refusedWith = repeat?.refusedWith ?? 429;
  const count = (status: number): number =>
    answers.filter((answer) => answer.status === status).length;
  const [through, refused] = [count(expect.status), count(refusedWith)];
  const others = [
    ...new Set(answers.map(({ status }) => (status === undefined ? "none" : String(status)))),
  ].filter((status) => status !== String(expect.status) && status !== String(refusedWith));
  const value = `${answers.length} requests: ${through} answered ${expect.status}, ${refused} answered ${refusedWith}`;
  const slowest = answers.map(({ latency }) => latency).sort((one, other) => other - one)[0];
  const proof: ChecklistProof = {
    what,
    value,
    ...(slowest === undefined ? {} : { latency: slowest }),
  };
  const wrong =
    others.length > 0
      ? `, others ${others.join(", ")}`
      : refused === 0
        ? ": nothing was refused"
        : through === 0
          ? ": everything was refused"
          : undefined;
  return {
    holds: wrong === undefined,
    // A burst may fall into two windows of the limit, or come right after another one.
    open: wrong !== undefined,
    detail: `${value}${wrong ?? ""}`,
    proof,
  };
}

/** What may leave the activity: no secret that was sent, and nothing that looks like one. */
const presentableTo =
  (hidden: readonly string[]) =>
  (text: string): string =>
    scrub(hidden.reduce((shown, secret) => shown.replaceAll(secret, "[hidden]"), text));

const unseen = (what: string, detail: string): Seen => ({
  holds: false,
  open: false,
  detail,
  proof: { what },
});
