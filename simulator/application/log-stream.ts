import { isAllowed } from "../access/authorize.js";
import { keyOf } from "../arm/resource-id.js";
import { logHostName } from "../container-apps/representation.js";
import type { ContainerApp } from "../container-apps/state.js";
import { type Answer, json, type Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Call, Service } from "../server/service.js";
import type { World } from "../world/world.js";
import { consoleBetween } from "./activity.js";
import type { StreamTokens } from "./stream-token.js";

const DEFAULT_LINES = 20;
const MOST_LINES = 300;
const LOGSTREAM = "Microsoft.App/containerApps/logstream/action";

const BELOW_APP =
  /^(\/subscriptions\/[^/]+\/resourceGroups\/[^/]+)\/containerApps\/([^/]+)\/(?:(eventstream)|revisions\/([^/]+)\/replicas\/([^/]+)\/containers\/([^/]+)\/logstream)\/?$/i;

interface Line {
  readonly at: number;
  readonly text: string;
}

/** The regional data plane that streams the logs of containers and of the platform. */
export function logStreamService(world: World, tokens: StreamTokens): Service {
  const regions = (): Set<string> =>
    new Set([...world.containerApps.values()].map(({ region }) => logHostName(region)));

  return {
    name: "log-stream",
    serves: (host) => regions().has(host),
    regionOf: (host) => host.split(".")[0],
    identify: (request): Call => {
      const app = appOf(request, world);
      return {
        operation: /eventstream\/?$/i.test(request.path) ? "eventStream.read" : "logStream.read",
        mutating: false,
        ...(app && { resource: app.id, region: app.region }),
        carryOut: () => answer(request, app, world, tokens),
      };
    },
    refuse: ({ status, code, message, headers }) =>
      json(status, { error: { code, message } }, { headers }),
  };
}

function answer(
  request: Request,
  app: ContainerApp | undefined,
  world: World,
  tokens: StreamTokens,
): Answer {
  if (request.method !== "GET") throw new Refusal(405, "MethodNotAllowed", "streams answer GET");
  const found = BELOW_APP.exec(request.path);
  if (app === undefined || found === null || logHostName(app.region) !== request.host) {
    throw new Refusal(404, "NotFound", `there is no stream at ${request.path} in this region`);
  }
  authorize(request, app, world, tokens);
  const [, , , eventstream, revision = "", replica = "", container = ""] = found;
  const limit = tailLines(request.query.get("tailLines"));
  if ((request.query.get("follow") ?? "false").toLowerCase() !== "false") {
    throw new Refusal(501, "NotSimulated", "follow is not simulated: ask with follow=false");
  }
  const lines =
    eventstream === undefined
      ? containerLines(app, { revision, replica, container }, world)
      : app.events.map(({ at, type, reason, message }) => ({
          at,
          text: `${type} ${reason} ${message}`,
        }));
  return written(
    lines.slice(limit === 0 ? lines.length : -limit),
    request.query.get("output") ?? "json",
  );
}

function authorize(request: Request, app: ContainerApp, world: World, tokens: StreamTokens): void {
  const [, token = ""] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  const grant = tokens.verify(token, `https://${request.host}`);
  if (grant === undefined || keyOf(grant.appId) !== keyOf(app.id)) {
    throw new Refusal(
      401,
      "Unauthorized",
      "the token is missing, expired or not one of getAuthToken for this app",
    );
  }
  const demand = {
    principalId: grant.principalId,
    scope: app.id,
    action: LOGSTREAM,
    plane: "data",
    at: world.timeline.now(),
  } as const;
  if (!isAllowed(world, demand)) {
    throw new Refusal(403, "Forbidden", `the data action ${LOGSTREAM} is not granted`);
  }
}

function containerLines(
  app: ContainerApp,
  wanted: { revision: string; replica: string; container: string },
  world: World,
): Line[] {
  const revision = app.revisions.find(({ name }) => name === wanted.revision);
  const replica = revision?.replicas.find(({ name }) => name === wanted.replica);
  const known = revision?.template.containers.some(({ name }) => name === wanted.container);
  if (replica === undefined || known !== true) {
    throw new Refusal(
      404,
      "NotFound",
      `the replica ${wanted.replica} with container ${wanted.container} is not running`,
    );
  }
  return consoleBetween(app, replica.createdAt, world.timeline.now())
    .filter((line) => line.replica === replica.name)
    .map(({ at, stream, text }) => ({ at, text: `${stream} ${text}` }));
}

function written(lines: readonly Line[], output: string): Answer {
  if (output === "text") {
    const body = lines.map(({ at, text }) => `${new Date(at).toISOString()} ${text}\n`).join("");
    return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body };
  }
  if (output !== "json") {
    throw new Refusal(400, "BadRequest", `output must be json or text, not ${output}`);
  }
  const body = lines
    .map(
      ({ at, text }) => `${JSON.stringify({ TimeStamp: new Date(at).toISOString(), Log: text })}\n`,
    )
    .join("");
  return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, body };
}

function tailLines(given: string | null): number {
  if (given === null) return DEFAULT_LINES;
  const lines = Number(given);
  if (Number.isInteger(lines) && lines >= 0 && lines <= MOST_LINES) return lines;
  throw new Refusal(400, "BadRequest", `tailLines must be a whole number from 0 to ${MOST_LINES}`);
}

function appOf({ path }: Request, world: World): ContainerApp | undefined {
  const [, group = "", name = ""] = BELOW_APP.exec(path) ?? [];
  return world.containerApps.get(keyOf(`${group}/providers/Microsoft.App/containerApps/${name}`));
}
