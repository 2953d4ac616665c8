import type { OutgoingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { AUDIENCE } from "../blobs/store.js";
import type { TokenAuthority } from "../identity/tokens.js";
import type { Answer, Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Call, Service } from "../server/service.js";
import type { World } from "../world/world.js";
import type { Choice, Located } from "./edge.js";
import { keep, keptAnswer, keyOfAnswer } from "./kept-answers.js";
import { identityOf, wayTo } from "./origins.js";

export interface EdgeOptions {
  readonly world: World;
  readonly tokens: TokenAuthority;
  /** Where the origins are. */
  readonly blobs: Service;
}

/** What goes on to the origin of what the client has sent. */
const PASSED_ON = ["accept", "if-match", "if-modified-since", "if-none-match", "range"] as const;
/** What storage has nothing like, whatever it is asked. */
const INVALID_URI = new Refusal(
  400,
  "InvalidUri",
  "The requested URI does not represent any resource on the server.",
);

/** The points of presence of Front Door and of the CDN: blobs, for anybody, under the hosts of endpoints. */
export function edgeService(options: EdgeOptions): Service {
  const { world } = options;
  return {
    name: "edge",
    serves: (host) => world.edge.at(host) !== undefined,
    identify: (request): Call => {
      const located = world.edge.at(request.host);
      return {
        operation: request.method === "HEAD" ? "edge.head" : "edge.get",
        mutating: false,
        ...(located && { resource: located.endpoint.id }),
        carryOut: () => {
          if (located === undefined) throw noEndpoint();
          return carryOut(request, located, options);
        },
      };
    },
    refuse: refused,
  };
}

async function carryOut(request: Request, located: Located, options: EdgeOptions): Promise<Answer> {
  const { world } = options;
  const { profile, endpoint } = located;
  const settings = world.edge.serving(located)?.settings;
  if (settings?.enabled !== true) throw noEndpoint();
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new Refusal(501, "NotSimulated", `${request.method} through the edge is not simulated.`);
  }
  const now = world.timeline.now();
  const key = keyOfAnswer(request, settings);
  const kept = keptAnswer(endpoint, key, now);
  if (kept) {
    const headers = {
      ...(kept.headers as OutgoingHttpHeaders),
      ...edgeHeaders(request, "TCP_HIT"),
    };
    return { status: 200, headers, body: kept.body };
  }
  const choice = world.edge.choose(located);
  if (choice === undefined) {
    throw new Refusal(503, "NoHealthyOrigin", "Our services aren't available right now.");
  }
  const answer = await ask(request, located, choice, options);
  const path = request.path;
  const given =
    key === undefined
      ? answer
      : await keep(answer, { endpoint, kind: profile.kind, key, path, now });
  const headers = edgeHeaders(request, key === undefined ? "CONFIG_NOCACHE" : "TCP_MISS");
  return { ...given, headers: { ...given.headers, ...headers } };
}

/** Asks an origin as the edge does: with its own host header, and as the group's identity or as nobody. */
async function ask(
  request: Request,
  { endpoint }: Located,
  { origin, settings }: Choice,
  { world, tokens, blobs }: EdgeOptions,
): Promise<Answer> {
  const way = wayTo(origin, settings, request.host, world);
  if (way.kind === "unreachable") {
    throw new Refusal(502, "OriginUnreachable", "Our services aren't available right now.");
  }
  const identity = identityOf(endpoint.group, world);
  const token =
    identity &&
    (await tokens.issue(identity, AUDIENCE, world.tenantId(), world.timeOf("identity")));
  const passedOn = PASSED_ON.map((name) => [name, request.headers[name]] as const);
  const onward: Request = {
    ...request,
    host: way.host,
    origin: `https://${way.host}`,
    headers: {
      ...Object.fromEntries(passedOn.filter(([, value]) => value !== undefined)),
      host: way.host,
      ...(token && { authorization: `Bearer ${token.token}`, "x-ms-version": "2025-11-05" }),
    },
    stream: Readable.from([]),
  };
  if (way.kind === "other-host") return blobs.refuse(INVALID_URI, onward);
  try {
    return await blobs.identify(onward).carryOut({ befalls: () => undefined });
  } catch (error) {
    if (error instanceof Refusal) return blobs.refuse(error, onward);
    throw error;
  }
}

function edgeHeaders({ id }: Request, cache: string): Record<string, string> {
  return { "x-cache": cache, "x-azure-ref": id };
}

function noEndpoint(): Refusal {
  return new Refusal(404, "NotFound", "We weren't able to find your endpoint's configuration.");
}

/** A page for people; the code is in a header. */
function refused({ status, code, message, headers }: Refusal, request: Request): Answer {
  return {
    status,
    headers: {
      "content-type": "text/html",
      "x-azure-ref": request.id,
      "x-cache": "CONFIG_NOCACHE",
      "x-azure-externalerror": code,
      ...headers,
    },
    ...(request.method !== "HEAD" && { body: `<html><body><h2>${message}</h2></body></html>` }),
  };
}
