import { isObject } from "../arm/merge-patch.js";
import type { ContainerApp, Replica } from "../container-apps/state.js";
import { type Answer, json, readBody, type Request } from "../server/exchange.js";
import type { World } from "../world/world.js";
import type { AppCache } from "./app-cache.js";
import type { BlobRecords } from "./blob-records.js";
import type { Application } from "./dependencies.js";
import { StoreFailure } from "./record-store.js";
import { NotAdmitted, Tenants } from "./tenants.js";

/** A client may ask for the tools that often within a window, which its first request begins. */
const TOOL_CALLS = 10;
const WINDOW_S = 10;
const LONGEST_MESSAGE = 4096;
const TOOLS = ["search", "summarize", "translate"];
const COST_PER_TOKEN = 0.000_002;

export interface McpStores {
  readonly cache: AppCache;
  readonly files: Pick<BlobRecords, "file">;
}

/** Who answers, and where what it tells of goes. */
interface Process {
  readonly application: Application;
  readonly app: ContainerApp;
  readonly replica: Replica;
}

/**
 * What tenants do with the application. All of it depends on what the application uses at the moment: tenants on its
 * vault, limits and sessions on its cache, assets on its account. What a chat costs is told to Application Insights.
 */
export class McpServer {
  readonly #world: World;
  readonly #stores: McpStores;
  readonly #tenants: Tenants;

  constructor(world: World, stores: McpStores) {
    this.#world = world;
    this.#stores = stores;
    this.#tenants = new Tenants(world);
  }

  /** Undefined for what is no request of a tenant. */
  async answer(request: Request, process: Process): Promise<Answer | undefined> {
    const asked = `${request.method} ${request.path}`;
    const asset = /^GET \/branding\/([\w-]+(?:\/[\w.-]+)+)$/.exec(asked)?.[1];
    try {
      if (asset !== undefined) return await this.#asset(process, asset);
      if (asked === "POST /auth/token") return this.#tenants.issue(process.application, request);
      if (asked === "GET /tools") return await this.#tools(request, process);
      if (asked === "POST /chat") return await this.#chat(request, process);
      return undefined;
    } catch (error) {
      if (error instanceof NotAdmitted) return json(error.status, { error: error.message });
      if (error instanceof StoreFailure) return json(503, { error: error.message });
      throw error;
    }
  }

  async #asset({ application }: Process, path: string): Promise<Answer> {
    const file = await this.#stores.files.file(application, path);
    return file === undefined
      ? json(404, { error: `there is no asset ${path}` })
      : { status: 200, headers: { "content-type": file.type }, body: file.text };
  }

  /** Counted in the cache, so that all replicas together keep the limit. The keys go by themselves. */
  async #tools(request: Request, { application }: Process): Promise<Answer> {
    const tenant = this.#tenants.admit(application, request);
    const client = String(request.headers["x-client"] ?? "any").replace(/[^\w-]/g, "");
    const key = `rate-limit:${tenant}:${client}`;
    const count = await this.#stores.cache.onShardOf(application, async ({ admin }) => {
      const counted = await admin.incr(key);
      if (counted === 1) await admin.expire(key, WINDOW_S);
      return counted;
    });
    if (count <= TOOL_CALLS) return json(200, { tenant, tools: TOOLS });
    const retry = { headers: { "retry-after": String(WINDOW_S) } };
    return json(429, { error: `more than ${TOOL_CALLS} requests in ${WINDOW_S} s` }, retry);
  }

  async #chat(request: Request, { application, app, replica }: Process): Promise<Answer> {
    const tenant = this.#tenants.admit(application, request);
    const asked = await chatIn(request);
    if (asked === undefined) {
      return json(400, { error: "a chat has a session, a conversation and a message" });
    }
    const { session, conversation, message } = asked;
    const known = await this.#stores.cache.onShardOf(application, ({ admin }) =>
      admin.exists(`session:${session}`),
    );
    if (known === 0) return json(404, { error: `there is no session ${session}` });
    const reply = `${tenant}, you said: ${message}`;
    const tokens = Math.ceil((message.length + reply.length) / 4);
    app.telemetry.push({
      at: this.#world.timeline.now(),
      name: "chat-cost",
      properties: { tenant, conversation },
      measurements: { tokens, cost: tokens * COST_PER_TOKEN },
      replica: replica.name,
    });
    return json(200, { conversation, reply, tokens });
  }
}

async function chatIn(
  request: Request,
): Promise<{ session: string; conversation: string; message: string } | undefined> {
  let held: unknown;
  try {
    held = JSON.parse((await readBody(request.stream, LONGEST_MESSAGE)).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!isObject(held)) return undefined;
  const { session, conversation, message } = held;
  const areTexts = [session, conversation, message].every((one) => typeof one === "string");
  return areTexts
    ? {
        session: String(session),
        conversation: String(conversation),
        message: String(message),
      }
    : undefined;
}
