import { createHmac, randomBytes } from "node:crypto";
import { Refusal } from "../server/refusal.js";
import type { Operation } from "./operations.js";
import type { ArmContext } from "./router.js";

// A poll URL is signed and over a kilobyte long, as Azure's are: callers must keep it whole.
const SIGNING_KEY = randomBytes(32);
const CERTIFICATE = randomBytes(720).toString("base64url");

/** The URL at which pollers ask for an operation; `path` is what the provider uses for it. */
export function signedUrl(path: string, { request, apiVersion }: ArmContext): string {
  return request.origin + signed(path, apiVersion);
}

/** The operation that a poll URL names; refused where the URL is not whole. */
export function findOperation(context: ArmContext): Operation {
  const { request, world, params } = context;
  const expected = new URL(signed(request.path, context.apiVersion), request.origin);
  if (request.query.get("s") !== expected.searchParams.get("s")) {
    throw new Refusal(
      403,
      "InvalidOperationUrl",
      "The signature of the operation URL is missing or wrong: use the URL whole, as it was answered.",
    );
  }
  const operation = world.operations.get(params["operationId"] ?? "");
  if (operation) return operation;
  throw new Refusal(
    404,
    "OperationNotFound",
    `The operation '${params["operationId"] ?? ""}' was not found.`,
  );
}

function signed(path: string, apiVersion: string): string {
  const ticks = "638900000000000000";
  const signature = createHmac("sha256", SIGNING_KEY)
    .update(path.toLowerCase())
    .digest("base64url");
  return `${path}?api-version=${apiVersion}&azureAsyncOperation=true&t=${ticks}&c=${CERTIFICATE}&s=${signature}&h=simulated`;
}
