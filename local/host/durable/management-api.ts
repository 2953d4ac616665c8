import type { Exchange } from "../http/exchange.js";
import type { KeyRing } from "../keys.js";
import type { Engine, SendResult } from "./engine.js";
import { type Instance, isTerminal } from "./instance.js";
import {
  BadRequest,
  decode,
  decodeToken,
  encodeToken,
  filterOf,
  integerOf,
  jsonOf,
  secondsOf,
  viewOptions,
} from "./management-request.js";
import { startPayload } from "./management-urls.js";
import { statusView } from "./status-view.js";

const CONTINUATION = "x-ms-continuation-token";
/** More than anyone asks for at once; a list without `top` is whole. */
const NO_LIMIT = 1_000_000;

/** What a key of the real host's storage can hold. */
const LONGEST_ID = 512;

export interface ManagementOptions {
  readonly engine: Engine;
  readonly hubName: string;
  readonly keys: KeyRing;
}

/**
 * The HTTP API of the durable extension. Two listeners serve it: the public one under /runtime/webhooks/durabletask,
 * with keys, and the local one that the durable client of the app's own process uses, without.
 */
export class ManagementApi {
  readonly #options: ManagementOptions;

  constructor(options: ManagementOptions) {
    this.#options = options;
  }

  /** Answers 401 or 403 and returns false when the caller has no right to use the API. */
  authorize(exchange: Exchange): boolean {
    const key = exchange.header("x-functions-key") ?? exchange.parameter("code");
    const level = this.#options.keys.levelOf(key).kind;
    if (level === "master" || level === "system") return true;
    if (level === "none") exchange.empty(401, { "WWW-Authenticate": "Bearer" });
    else exchange.empty(403);
    return false;
  }

  /** Answers a request whose path, behind the base of the API, is `path`. */
  async handle(exchange: Exchange, path: string): Promise<void> {
    const segments = path.split("/").filter((segment) => segment !== "");
    const hub = exchange.parameter("taskHub");
    if (hub !== undefined && hub.toLowerCase() !== this.#options.hubName.toLowerCase()) {
      exchange.empty(404);
      return;
    }
    const connection = exchange.parameter("connection");
    if (connection !== undefined && connection.toLowerCase() !== "storage") {
      wentWrong(exchange, `There is no connection '${connection}'; this host has Storage only.`);
      return;
    }
    try {
      await this.#route(exchange, segments);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      exchange.json(400, { Message: error.message });
    }
  }

  async #route(exchange: Exchange, segments: readonly string[]): Promise<void> {
    const [area, encodedId, verb, argument, ...rest] = segments;
    const method = exchange.method;
    const id = encodedId === undefined ? undefined : decode(encodedId);
    if (area === undefined || id?.includes("/") === true || rest.length > 0) {
      exchange.empty(404);
      return;
    }
    switch (area.toLowerCase()) {
      case "orchestrators": {
        if (method !== "POST" || id === undefined || argument !== undefined) break;
        const instanceId = verb === undefined ? undefined : decode(verb);
        if (instanceId?.includes("/") === true) break;
        return this.#start(exchange, id, instanceId);
      }
      case "instances":
        if (id === undefined) {
          if (method === "DELETE") return this.#purgeBy(exchange);
          if (method !== "GET") break;
          this.#list(exchange);
          return;
        }
        if (verb === undefined) {
          if (method === "DELETE") return this.#purge(exchange, id);
          if (method !== "GET") break;
          this.#status(exchange, id);
          return;
        }
        if (method === "POST") return this.#command(exchange, id, verb.toLowerCase(), argument);
        break;
      case "makeprimary":
        if (method !== "POST" || id !== undefined) break;
        exchange.empty(200);
        return;
      case "entities":
        notOffered(exchange, "entities");
        return;
      default:
        break;
    }
    exchange.empty(404);
  }

  async #start(exchange: Exchange, name: string, id: string | undefined): Promise<void> {
    if (id !== undefined && id.length > LONGEST_ID) {
      wentWrong(exchange, `An instance id has at most ${LONGEST_ID} characters.`);
      return;
    }
    const input = jsonOf((await exchange.body()).toString("utf8"));
    const result = await this.#options.engine.start({
      name,
      id: id === undefined || id.trim() === "" ? undefined : id,
      input,
      version: exchange.parameter("version"),
      restarts: false,
    });
    if (result.kind === "exists") {
      exchange.json(409, {
        Message: `An Orchestration instance with the status ${result.status} already exists.`,
      });
      return;
    }
    await this.#answerStart(exchange, result.id);
  }

  /** 202 with the management URLs; or, when the caller asked to wait and the end comes in time, the output. */
  async #answerStart(exchange: Exchange, id: string): Promise<void> {
    const timeout = secondsOf(exchange.parameter("timeout"));
    const interval = secondsOf(exchange.parameter("pollingInterval"));
    if (timeout !== undefined && interval !== undefined) {
      if (interval > timeout) {
        throw new BadRequest(
          `Total timeout ${timeout} should be bigger than retry timeout ${interval}`,
        );
      }
      const instance = await this.#endWithin(id, timeout);
      if (instance?.status === "Completed") {
        exchange.jsonText(200, instance.output ?? "null");
        return;
      }
      if (instance !== undefined) {
        exchange.json(200, statusView(instance, undefined, WITHOUT_HISTORY));
        return;
      }
    }
    const payload = startPayload(this.#urls(exchange), id);
    const location = (payload as { statusQueryGetUri: string }).statusQueryGetUri;
    exchange.json(202, payload, { Location: location, "Retry-After": "10" });
  }

  /** Waits in real time: a caller's patience is not simulated. */
  async #endWithin(id: string, seconds: number): Promise<Instance | undefined> {
    let bound: NodeJS.Timeout | undefined;
    await Promise.race([
      this.#options.engine.finished(id),
      new Promise<void>((resolve) => {
        bound = setTimeout(resolve, seconds * 1_000);
      }),
    ]);
    clearTimeout(bound);
    const instance = this.#options.engine.instance(id);
    return instance !== undefined && isTerminal(instance.status) ? instance : undefined;
  }

  #status(exchange: Exchange, id: string): void {
    const instance = this.#options.engine.instance(id);
    if (instance === undefined) {
      exchange.empty(404);
      return;
    }
    const options = viewOptions(exchange);
    const history = options.showHistory ? this.#options.engine.history(id) : undefined;
    const view = statusView(instance, history, options);
    if (!isTerminal(instance.status)) {
      exchange.json(202, view, { Location: exchange.url, "Retry-After": "5" });
      return;
    }
    const strict = exchange.switch("returnInternalServerErrorOnFailure") === true;
    exchange.json(instance.status === "Failed" && strict ? 500 : 200, view);
  }

  #list(exchange: Exchange): void {
    const top = integerOf(exchange.parameter("top"));
    if (top !== undefined && top < 0) {
      wentWrong(exchange, "A page has no negative length.");
      return;
    }
    const token = exchange.header(CONTINUATION);
    const fromId = token === undefined ? "" : decodeToken(token);
    if (fromId === undefined) {
      exchange.json(200, []);
      return;
    }
    const limit = top ?? NO_LIMIT;
    const found = this.#options.engine.list(filterOf(exchange), fromId, limit + 1);
    const following = found[limit];
    const options = { ...viewOptions(exchange), showHistory: false };
    exchange.json(
      200,
      found.slice(0, limit).map((instance) => statusView(instance, undefined, options)),
      following === undefined ? {} : { [CONTINUATION]: encodeToken(following.id) },
    );
  }

  async #purge(exchange: Exchange, id: string): Promise<void> {
    const result = await this.#options.engine.purge(id);
    switch (result.kind) {
      case "purged":
        exchange.json(200, { instancesDeleted: 1 });
        return;
      case "unknown":
        exchange.empty(404);
        return;
      case "unfinished":
        exchange.json(
          412,
          `Only orchestrations in a terminal state can be purged, but the orchestration with instance ID ${id} has status ${result.status}`,
        );
    }
  }

  async #purgeBy(exchange: Exchange): Promise<void> {
    const filter = filterOf(exchange);
    if (filter.createdFromMs === undefined) {
      exchange.json(400, "Please provide value for 'createdTimeFrom' parameter.");
      return;
    }
    // Only these statuses narrow a purge; with any other the real host deletes all in the window.
    const narrowing = filter.statuses.filter((status) => isTerminal(status));
    const deleted = await this.#options.engine.purgeBy({ ...filter, statuses: narrowing });
    if (deleted === 0) exchange.empty(404);
    else exchange.json(200, { instancesDeleted: deleted });
  }

  async #command(
    exchange: Exchange,
    id: string,
    verb: string,
    argument: string | undefined,
  ): Promise<void> {
    const engine = this.#options.engine;
    const reason = exchange.parameter("reason") ?? null;
    if ((argument === undefined) === (verb === "raiseevent")) {
      exchange.empty(404);
      return;
    }
    switch (verb) {
      case "raiseevent":
        return this.#raiseEvent(exchange, id, decode(argument ?? ""));
      case "terminate":
        answerSend(exchange, id, verb, await engine.terminate(id, reason));
        return;
      case "suspend":
        answerSend(exchange, id, verb, await engine.suspend(id, reason));
        return;
      case "resume":
        answerSend(exchange, id, verb, await engine.resume(id, reason));
        return;
      case "restart":
        return this.#restart(exchange, id);
      case "rewind":
        this.#rewind(exchange, id);
        return;
      default:
        exchange.empty(404);
    }
  }

  async #raiseEvent(exchange: Exchange, id: string, name: string): Promise<void> {
    if (name.includes("/")) {
      exchange.empty(404);
      return;
    }
    const body = (await exchange.body()).toString("utf8");
    const [mediaType] = (exchange.header("content-type") ?? "").split(";");
    if (mediaType?.trim().toLowerCase() !== "application/json") {
      throw new BadRequest("Only application/json request content is supported");
    }
    if (body.trim() === "") throw new BadRequest("Invalid JSON content");
    const input = JSON.stringify(JSON.parse(jsonOf(body) ?? "null"));
    answerSend(
      exchange,
      id,
      "raise an event for",
      await this.#options.engine.raiseEvent(id, name, input),
    );
  }

  async #restart(exchange: Exchange, id: string): Promise<void> {
    const engine = this.#options.engine;
    const instance = engine.instance(id);
    if (instance === undefined) {
      throw new BadRequest("InstanceId does not match a valid orchestration instance.");
    }
    const keepId = exchange.switch("restartWithNewInstanceId") === false;
    const result = await engine.start({
      name: instance.name,
      id: keepId ? id : undefined,
      input: instance.input,
      version: instance.version ?? undefined,
      restarts: true,
    });
    if (result.kind === "started") {
      await this.#answerStart(exchange, result.id);
      return;
    }
    exchange.json(409, {
      Message: "A non-terminal instance with this instance ID already exists.",
      ExceptionMessage: `An Orchestration instance with the status ${result.status} already exists.`,
    });
  }

  #rewind(exchange: Exchange, id: string): void {
    const instance = this.#options.engine.instance(id);
    if (instance === undefined) {
      exchange.json(404, `No orchestration with instance ID "$${id}" found.`);
    } else if (instance.status !== "Failed") {
      exchange.json(
        412,
        `This orchestration has status ${instance.status}, but only orchestrations in the "Failed" state can be rewound.`,
      );
    } else {
      notOffered(exchange, "rewind");
    }
  }

  #urls(exchange: Exchange) {
    return {
      origin: exchange.origin,
      hubName: this.#options.hubName,
      systemKey: this.#options.keys.system,
    };
  }
}

const WITHOUT_HISTORY = { showInput: true, showHistory: false, showHistoryOutput: false };

function answerSend(exchange: Exchange, id: string, verb: string, result: SendResult): void {
  switch (result.kind) {
    case "accepted":
      exchange.empty(202);
      return;
    case "unknown":
      exchange.empty(404);
      return;
    case "finished":
      exchange.empty(410);
      return;
    case "wrong-state":
      wentWrong(
        exchange,
        `Cannot ${verb} the orchestration instance ${id} because instance is in the ${result.status} state.`,
      );
  }
}

function wentWrong(exchange: Exchange, what: string): void {
  exchange.json(500, {
    Message: "Something went wrong while processing your request",
    ExceptionMessage: what,
    ExceptionType: "System.InvalidOperationException",
  });
}

function notOffered(exchange: Exchange, what: string): void {
  exchange.json(501, `The embedded host does not offer ${what}.`);
}
