import { createHmac, randomBytes } from "node:crypto";
import { Refusal } from "../server/refusal.js";
import type { Operation } from "./operations.js";
import type { ArmContext } from "./router.js";

// A poll URL is signed and over a kilobyte long, as Azure's are: callers must keep it whole.
const SIGNING_KEY = randomBytes(32);
const CERTIFICATE = randomBytes(720).toString("base64url");

/** The address of an operation; `flag` is the parameter by which its provider knows that a poller asks, if it has one. */
export function signedPollUrl(path: string, flag: string | undefined, context: ArmContext): string {
  const { request, apiVersion } = context;
  const flagged = flag === undefined ? "" : `&${flag}`;
  return `${request.origin}${path}?api-version=${apiVersion}${flagged}&t=638900000000000000&c=${CERTIFICATE}&s=${signatureOf(path)}&h=simulated`;
}

/** The signature is what guards an operation: no role is asked for. */
export function checkPollSignature({ request }: ArmContext): void {
  if (request.query.get("s") === signatureOf(request.path)) return;
  throw new Refusal(
    403,
    "InvalidOperationUrl",
    "The signature of the operation URL is missing or wrong: use the URL whole, as it was answered.",
  );
}

/** The operation that a poll URL names; refused where the URL is not whole. */
export function findOperation(context: ArmContext): Operation {
  checkPollSignature(context);
  const id = context.params["operationId"] ?? "";
  const operation = context.world.operations.get(id);
  if (operation) return operation;
  throw new Refusal(404, "OperationNotFound", `The operation '${id}' was not found.`);
}

function signatureOf(path: string): string {
  return createHmac("sha256", SIGNING_KEY).update(path.toLowerCase()).digest("base64url");
}
