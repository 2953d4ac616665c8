import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { isAllowed } from "../access/authorize.js";
import { regionUnavailable } from "../faults/refusals.js";
import type { TokenAuthority } from "../identity/tokens.js";
import { type Answer, json, readBody, type Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Call, Service } from "../server/service.js";
import type { Component, World } from "../world/world.js";
import { itemsOf, parseEnvelope } from "./envelope.js";

const HOST = /^([a-z0-9]+)-\d+\.in\.applicationinsights\.azure\.com$/;
const AUDIENCES = ["https://monitor.azure.com"];
const WRITE = "Microsoft.Insights/Telemetry/Write";
/** As many items of a component as tests and demos look at. */
const MOST_KEPT = 20_000;
const inflated = promisify(gunzip);

interface ItemError {
  readonly index: number;
  readonly statusCode: number;
  readonly message: string;
}

/** Where Application Insights takes telemetry in: from identities alone, as a component without local authentication does. */
export function ingestionService(world: World, tokens: TokenAuthority): Service {
  return {
    name: "ingestion",
    serves: (host) => HOST.test(host),
    regionOf: (host) => HOST.exec(host)?.[1],
    identify: (request): Call => ({
      operation: "ingestion.track",
      mutating: false,
      carryOut: () => answer(request, world, tokens),
    }),
    // How it writes a refusal of the whole is assumed.
    refuse: ({ status, code, message, headers }) =>
      json(
        status,
        {
          itemsReceived: 0,
          itemsAccepted: 0,
          errors: [{ index: 0, statusCode: status, message: `${code}: ${message}` }],
        },
        { headers },
      ),
  };
}

async function answer(request: Request, world: World, tokens: TokenAuthority): Promise<Answer> {
  if (request.method !== "POST" || !/^\/v2(\.1)?\/track$/.test(request.path)) {
    throw new Refusal(404, "NotFound", "telemetry is taken by POST /v2.1/track");
  }
  if (request.path === "/v2/track") {
    // https://learn.microsoft.com/troubleshoot/azure/azure-monitor/app-insights: components that take identities alone.
    throw new Refusal(400, "Authentication not supported", "/v2/track takes no tokens");
  }
  const tenants = [...world.subscriptions.values()].map(({ tenantId }) => tenantId);
  const now = world.timeOf("ingestion");
  const { authorization } = request.headers;
  const verdict = await tokens.verify(authorization, AUDIENCES, tenants, now);
  if (verdict.kind !== "valid") throw new Refusal(401, "Unauthorized", verdict.message);
  const items = await readItems(request);
  const { principalId } = verdict.caller;
  const errors: ItemError[] = [];
  let refused = 0;
  for (const [index, item] of items.entries()) {
    const parsed = parseEnvelope(item);
    if ("message" in parsed) {
      errors.push({ index, statusCode: 400, message: parsed.message });
      continue;
    }
    const component = componentOf(world, parsed.envelope.iKey);
    if (component === undefined) {
      errors.push({ index, statusCode: 400, message: "Invalid instrumentation key" });
      continue;
    }
    if (world.conditions.isDown("data", component.region)) {
      throw regionUnavailable(component.region);
    }
    if (!mayWrite(world, principalId, component)) {
      refused += 1;
      errors.push({ index, statusCode: 403, message: "The identity may not send telemetry here" });
      continue;
    }
    component.received.push({ receivedAt: world.timeline.now(), envelope: parsed.envelope });
    if (component.received.length > MOST_KEPT) component.received.shift();
  }
  const [itemsReceived, itemsAccepted] = [items.length, items.length - errors.length];
  const report = { itemsReceived, itemsAccepted, errors };
  if (refused > 0 && itemsAccepted === 0) return json(403, report);
  if (errors.length === 0) return json(200, report);
  return json(itemsAccepted === 0 ? 400 : 206, report);
}

async function readItems(request: Request): Promise<readonly unknown[]> {
  const bytes = await readBody(request.stream);
  try {
    const isPacked = request.headers["content-encoding"]?.toLowerCase() === "gzip";
    return itemsOf((isPacked ? await inflated(bytes) : bytes).toString("utf8"));
  } catch (error) {
    throw new Refusal(400, "BadRequest", `The body cannot be read: ${String(error)}`);
  }
}

const mayWrite = (world: World, principalId: string, { id }: Component): boolean =>
  isAllowed(world, {
    ...{ principalId, scope: id, action: WRITE, plane: "data" },
    at: world.timeline.now(),
  });

const componentOf = (world: World, key: string): Component | undefined =>
  [...world.components.values()].find(
    ({ instrumentationKey }) => instrumentationKey?.toLowerCase() === key.toLowerCase(),
  );
