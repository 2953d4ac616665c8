import type { Backend, ContainerApp, Replica, Revision } from "../container-apps/state.js";
import { backendFor, findRevision } from "../container-apps/traffic.js";
import { type Answer, json, type Request } from "../server/exchange.js";
import type { Call, Service } from "../server/service.js";
import type { World } from "../world/world.js";
import { applicationIn, healthReport } from "./health.js";
import { type Addressed, addressedBy, sharesFor } from "./reach.js";
import type { McpServer } from "./mcp-server.js";
import { answerAboutRecords, recordIn, type RecordStores } from "./records.js";

/** The recovered application behind the ingress names of its apps and revisions. */
export function applicationService(world: World, stores: RecordStores, mcp: McpServer): Service {
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
        // What its users do changes nothing of Azure's own.
        mutating: false,
        ...(addressed && { resource: addressed.app.id, region: addressed.app.region }),
        carryOut: () => answer(request, addressed, { world, stores, mcp }),
      };
    },
    refuse: ({ status, message, headers }) => ({
      status,
      headers: { "content-type": "text/plain", ...headers },
      body: message,
    }),
  };
}

interface Parts {
  readonly world: World;
  readonly stores: RecordStores;
  readonly mcp: McpServer;
}

async function answer(
  request: Request,
  addressed: Addressed | undefined,
  parts: Parts,
): Promise<Answer> {
  const { world } = parts;
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

  const at = world.timeline.now();
  const reply = await replyOf(request, app, backend, parts);
  app.requests.push({
    at,
    method: request.method,
    path: request.path,
    backend,
    status: reply.status,
  });
  return reply;
}

async function replyOf(
  request: Request,
  app: ContainerApp,
  backend: Backend,
  { world, stores, mcp }: Parts,
): Promise<Answer> {
  const { method, path } = request;
  const [revision, replica] = behind(backend, app);
  if (path === "/health") {
    const report = healthReport(app, revision, replica, world);
    return json(report.status === "healthy" ? 200 : 503, report);
  }
  if (backend.ailment !== undefined) return json(503, { error: backend.ailment.detail });
  if (method === "GET" && path === "/") {
    return json(200, { service: "enterprise-mcp", revision: revision.name });
  }
  const application = applicationIn(app, revision, replica, world);
  const served = await mcp.answer(request, { application, app, replica });
  if (served !== undefined) return served;
  const record = recordIn(path);
  if (record === undefined) return json(404, { error: `there is nothing at ${path}` });
  return answerAboutRecords(request, record, application, stores);
}

function behind(backend: Backend, app: ContainerApp): readonly [Revision, Replica] {
  const revision = findRevision(app, backend.revision);
  const replica = revision?.replicas.find(({ name }) => name === backend.replica);
  if (!revision || !replica) throw new Error(`${backend.replica} takes traffic and is not there`);
  return [revision, replica];
}

function page(status: number, text: string): Answer {
  return { status, headers: { "content-type": "text/plain" }, body: `${text}\n` };
}
