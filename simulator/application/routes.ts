import type { Backend, ContainerApp } from "../container-apps/state.js";
import { backendFor, findRevision } from "../container-apps/traffic.js";
import { type Answer, json, type Request } from "../server/exchange.js";
import type { Call, Service } from "../server/service.js";
import type { World } from "../world/world.js";
import { healthReport, type HealthReport } from "./health.js";
import { type Addressed, addressedBy, sharesFor } from "./reach.js";

/** The recovered application behind the ingress names of its apps and revisions. */
export function applicationService(world: World): Service {
  const domains = (): string[] =>
    [...world.environments.values()].map(({ defaultDomain }) => defaultDomain);

  return {
    name: "application",
    serves: (host) => domains().some((domain) => host.endsWith(`.${domain}`)),
    regionOf: (host) => addressedBy(host, world)?.app.region,
    identify: (request): Call => {
      const addressed = addressedBy(request.host, world);
      return {
        operation: `app.${request.method.toLowerCase()}`,
        mutating: false,
        ...(addressed && { resource: addressed.app.id, region: addressed.app.region }),
        carryOut: () => answer(request, addressed, world),
      };
    },
    refuse: ({ status, message, headers }) => ({
      status,
      headers: { "content-type": "text/plain", ...headers },
      body: message,
    }),
  };
}

function answer(request: Request, addressed: Addressed | undefined, world: World): Answer {
  if (addressed === undefined || addressed.app.runningStatus === "Stopped") {
    return page(404, "This container app is stopped or does not exist.");
  }
  const { app } = addressed;
  const n = app.requestsSeen;
  app.requestsSeen += 1;
  // What depends on time alone may have changed since somebody looked.
  world.lifecycle.recordTraffic(app);
  const backend = backendFor(sharesFor(addressed, world), n);
  if (backend === undefined) return page(503, "no healthy upstream");

  const reply = replyOf(request, app, backend, world);
  app.requests.push({
    at: world.timeline.now(),
    method: request.method,
    path: request.path,
    backend,
    status: reply.status,
  });
  return reply;
}

function replyOf(
  { method, path }: Request,
  app: ContainerApp,
  backend: Backend,
  world: World,
): Answer {
  const { ailment, revision } = backend;
  if (path === "/health") {
    const report = reportOf(app, backend, world);
    return json(report.status === "healthy" ? 200 : 503, report);
  }
  if (ailment !== undefined) return json(503, { error: ailment.detail });
  if (method === "GET" && path === "/") return json(200, { service: "enterprise-mcp", revision });
  return json(404, { error: `there is nothing at ${path}` });
}

function reportOf(app: ContainerApp, backend: Backend, world: World): HealthReport {
  const revision = findRevision(app, backend.revision);
  const replica = revision?.replicas.find(({ name }) => name === backend.replica);
  if (!revision || !replica) throw new Error(`${backend.replica} takes traffic and is not there`);
  return healthReport(app, revision, replica, world);
}

function page(status: number, text: string): Answer {
  return { status, headers: { "content-type": "text/plain" }, body: `${text}\n` };
}
