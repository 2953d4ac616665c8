import { createHmac, randomBytes } from "node:crypto";
import { Refusal } from "../server/refusal.js";

const LONGEST_MS = 7 * 24 * 3_600_000;
/** The first version whose signatures name the delegated user's tenant and the request's own headers; the SDK's own is newer. */
const NEWEST_LAYOUT = "2026-04-06";
/** What clients such as the Azure CLI send still; in between signatures changed by steps that are not simulated. */
const EARLIER_LAYOUT = { from: "2020-12-06", before: "2025-07-05" };

const KEY_PARAMETERS = ["skoid", "sktid", "skt", "ske", "sks", "skv"];
const SAS_PARAMETERS = [
  ...KEY_PARAMETERS,
  ...["sv", "sr", "sp", "st", "se", "si", "sig", "sip", "spr", "ses", "sdd", "srh", "srq"],
  ...["saoid", "suoid", "scid", "skdutid", "sduoid"],
];

/** Where a SAS is used. */
export interface SasUse {
  readonly query: URLSearchParams;
  readonly account: string;
  readonly container: string | undefined;
  readonly blob: string | undefined;
  /** Any of these letters of `sp` is enough. */
  readonly permissions: string;
  readonly at: number;
}

// The keys follow from this secret and what they are for, so that none has to be remembered.
const SECRET = randomBytes(32);

/** Whose rights a SAS carries. */
export interface Delegator {
  readonly principalId: string;
  readonly tenantId: string;
}

/** A key that its owner signs SAS with; `body` is the request's XML. */
export function issueKey(body: string, owner: Delegator, version: string, now: number): string {
  const start = instantIn(body, "Start") ?? now;
  const expiry = instantIn(body, "Expiry");
  if (expiry === undefined || expiry <= start || expiry > now + LONGEST_MS) {
    throw new Refusal(
      400,
      "InvalidXmlDocument",
      "The Expiry of the KeyInfo must be a time after its Start and at most seven days ahead.",
    );
  }
  const fields = {
    SignedOid: owner.principalId,
    SignedTid: owner.tenantId,
    SignedStart: seconds(start),
    SignedExpiry: seconds(expiry),
    SignedService: "b",
    SignedVersion: version,
  };
  const members = Object.entries({ ...fields, Value: keyOf(Object.values(fields)) })
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join("");
  return `<?xml version="1.0" encoding="utf-8"?><UserDelegationKey>${members}</UserDelegationKey>`;
}

/** Checks signature, times, resource and permissions of a SAS of a user delegation key; what the delegator may do is for the caller to check. */
export function verifySas({ query, ...use }: SasUse): Delegator {
  const of = (name: string): string => query.get(name) ?? "";
  const version = of("sv");
  const isNewest = version >= NEWEST_LAYOUT;
  if (!isNewest && (version < EARLIER_LAYOUT.from || version >= EARLIER_LAYOUT.before)) {
    throw new Refusal(
      501,
      "NotSimulated",
      `SAS of version ${version} are not simulated; those from ${NEWEST_LAYOUT} on are, and those from ${EARLIER_LAYOUT.from} until ${EARLIER_LAYOUT.before}.`,
    );
  }
  const resource = of("sr");
  const known = resource === "b" || resource === "c";
  if (!known) throw new Refusal(501, "NotSimulated", `SAS for sr=${resource} are not simulated.`);
  const named = resource === "b" ? `${use.container ?? ""}/${use.blob ?? ""}` : use.container;
  const text = [
    ...["sp", "st", "se"].map(of),
    `/blob/${use.account}/${named ?? ""}`,
    ...[...KEY_PARAMETERS, "saoid", "suoid", "scid"].map(of),
    ...(isNewest ? ["skdutid", "sduoid"] : []).map(of),
    ...["sip", "spr", "sv", "sr", "snapshot", "ses"].map(of),
    ...(isNewest ? ["srh", "srq"] : []).map(of),
    ...["rscc", "rscd", "rsce", "rscl", "rsct"].map(of),
  ].join("\n");
  const key = keyOf(KEY_PARAMETERS.map(of));
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
  if (signature !== of("sig")) throw failure("Signature did not match");
  const begins = Math.max(timeOf(of("st"), 0), timeOf(of("skt"), 0));
  const ends = Math.min(timeOf(of("se"), 0), timeOf(of("ske"), 0));
  if (use.at < begins || use.at > ends) throw failure("Signature not valid in the specified time");
  if (!use.permissions.split("").some((letter) => of("sp").includes(letter))) {
    throw new Refusal(
      403,
      "AuthorizationPermissionMismatch",
      "This request is not authorized to perform this operation using this permission.",
    );
  }
  return { principalId: of("skoid"), tenantId: of("sktid") };
}

/** The path and query without the SAS, for whoever trusts the front. */
export function withoutSas(target: string): string {
  const url = new URL(target, "http://account");
  for (const name of SAS_PARAMETERS) url.searchParams.delete(name);
  return url.pathname + url.search;
}

function keyOf(fields: readonly string[]): string {
  return createHmac("sha256", SECRET).update(fields.join("\n")).digest("base64");
}

function failure(detail: string): Refusal {
  return new Refusal(
    403,
    "AuthenticationFailed",
    `Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature. ${detail}.`,
  );
}

function instantIn(body: string, name: string): number | undefined {
  const [, text] = new RegExp(`<${name}>([^<]+)</${name}>`).exec(body) ?? [];
  const at = Date.parse(text ?? "");
  return Number.isNaN(at) ? undefined : at;
}

function timeOf(text: string, fallback: number): number {
  const at = Date.parse(text);
  return Number.isNaN(at) ? fallback : at;
}

function seconds(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}
