import { scrub } from "../domain/credential-scrubbing.js";
import { milliseconds, type Milliseconds } from "../domain/duration.js";
import { ClassifiedError, type Failure, type FailureClass } from "../domain/failure.js";

/*
 * Azure's answers by what they mean for a repeat. The codes are ARM's and the data planes' own
 * (Microsoft Learn: "Troubleshoot common Azure deployment errors", "Common error codes for Azure
 * Key Vault", "Status and error codes" of Blob Storage; and microsoft/azure-container-apps issues
 * 175 and 701 for the locks of Container Apps).
 */
const transientStatus = new Set([408, 429, 500, 502, 503, 504]);
const transientCodes = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "REQUEST_SEND_ERROR",
  "PARSE_ERROR",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
]);
const busyCodes = new Set([
  "ContainerAppOperationInProgress",
  "ContainerAppLockConflict",
  "ManagedEnvironmentOperationInProgress",
  "AnotherOperationInProgress",
  "ConflictError",
  "AccountIsBusy",
  "PendingCopyOperation",
  "ObjectIsBeingDeleted",
  "ObjectIsBeingRecovered",
  // A vault that the platform has failed over takes no changes until it is back (the code is assumed).
  "VaultIsReadOnly",
]);
const permissionCodes = new Set([
  "AuthorizationFailed",
  "Forbidden",
  "ForbiddenByRbac",
  "ForbiddenByPolicy",
  "AccessDenied",
  "AuthorizationPermissionMismatch",
]);
const doneCodes = new Set(["RoleAssignmentExists", "ContainerAlreadyExists"]);

/**
 * What a thrown error means, as a value that may enter history: scrubbed, short, without a stack.
 * Null means it is no answer of Azure or of the network but a defect of ours.
 */
export function classifyError(error: unknown): Failure | null {
  if (error instanceof ClassifiedError) return error.failure;
  const facts = factsOf(error);
  const failure = (of: FailureClass, code: string): Failure => ({
    class: of,
    code,
    message: scrub(facts.message).slice(0, 400),
    ...(facts.retryAfter === undefined ? {} : { retryAfter: facts.retryAfter }),
  });

  if (facts.name === "AbortError" || facts.name === "TimeoutError") {
    return failure("transient", "time-limit");
  }
  const { status, code } = facts;
  // Key Vault has one code for a change that is under way and for a name that a deleted vault holds.
  if (code === "ConflictError" && /deleted state/i.test(facts.message)) {
    return failure("terminal", "vault-soft-deleted");
  }
  // The caches' provider has one code for a change that is under way and for one that failed; so has the edge's.
  if (code === "Conflict" && /busy processing|operation is in progress/i.test(facts.message)) {
    return failure("busy", code);
  }
  if (code !== undefined) {
    if (busyCodes.has(code)) return failure("busy", code);
    if (doneCodes.has(code)) return failure("already-done", code);
    if (status === 403 && permissionCodes.has(code)) return failure("permission-lag", code);
    if (status === undefined && transientCodes.has(code)) return failure("transient", code);
  }
  if (status !== undefined) {
    const of = transientStatus.has(status) ? "transient" : "terminal";
    return failure(of, code ?? `http-${status}`);
  }
  // The platform's identity endpoint restarts now and then; patience bounds the repeats.
  if (facts.name === "AuthenticationError" || facts.name === "CredentialUnavailableError") {
    return failure("transient", facts.name);
  }
  return null;
}

/** Whether an error is Azure's clear no: the request was understood and nothing was done. */
export function wasRefused(error: unknown): boolean {
  const { status } = factsOf(error);
  return status !== undefined && status >= 400 && status < 500 && status !== 408;
}

interface Facts {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly retryAfter: Milliseconds | undefined;
}

/** Reads by shape, not by class: several copies of the SDKs' core may be loaded. */
function factsOf(error: unknown): Facts {
  const top = fieldsOf(error);
  // Both fetch and the credentials wrap what happened on the wire.
  const inner = fieldsOf(top["cause"]);
  const text = (value: unknown): string | undefined =>
    typeof value === "string" && value !== "" ? value : undefined;
  const count = (value: unknown): number | undefined =>
    typeof value === "number" ? value : undefined;
  const headers = fieldsOf(fieldsOf(top["response"])["headers"]);
  const read = headers["get"];
  const header = (name: string): string | undefined =>
    typeof read === "function"
      ? text((read as (name: string) => unknown).call(headers, name))
      : undefined;
  const retryAfter = Number(header("retry-after"));
  const details = fieldsOf(top["details"]);
  // Key Vault says why it refuses in an error within its error; the outer code is `Forbidden` or `Conflict`.
  const within = text(fieldsOf(fieldsOf(details["error"])["innerError"])["code"]);
  return {
    name: text(top["name"]) ?? "Error",
    message: text(top["message"]) ?? String(error),
    code: text(details["errorCode"]) ?? within ?? text(top["code"]) ?? text(inner["code"]),
    status: count(top["statusCode"]) ?? count(top["status"]),
    retryAfter: retryAfter > 0 ? milliseconds(retryAfter * 1_000) : undefined,
  };
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
