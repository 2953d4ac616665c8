import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as realDelay } from "node:timers/promises";
import type { FaultRegistry, Target } from "../faults/registry.js";
import type { World } from "../world/world.js";
import { type Answer, type Request, toRequest } from "./exchange.js";
import type { HeldAnswers } from "./held-answers.js";
import { log } from "./log.js";
import { Refusal } from "./refusal.js";
import { type LogEntry, type RequestLog, withoutSignatures } from "./request-log.js";
import type { Call, Outcomes, Service } from "./service.js";

export interface GatewayOptions {
  readonly services: readonly Service[];
  readonly world: World;
  readonly faults: FaultRegistry;
  readonly requests: RequestLog;
  readonly held: HeldAnswers;
}

/** The way of every request to every service: named, delayed or refused by faults, carried out, logged, answered. */
export interface Gateway {
  /** The service behind a host name; undefined where nothing simulated has that name. */
  serviceFor(host: string): Service | undefined;
  handle(
    service: Service,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    scheme: "http" | "https",
  ): Promise<void>;
  /** Whether the name of a simulated host can be resolved at the moment. */
  resolves(host: string): boolean;
  /** Notes a connection to a host that nothing answers for. */
  refusedConnection(host: string): void;
  inFlight(): number;
}

export function createGateway(options: GatewayOptions): Gateway {
  const { services, world, faults, requests, held } = options;
  const { timeline, conditions } = world;
  let inFlight = 0;

  /** The date that a service puts on its answers. Node's own would be that of the machine, whose clock is not moved. */
  function dateOf({ name }: Service): string {
    return new Date(world.timeOf(name)).toUTCString();
  }

  async function carryOut(
    service: Service,
    request: Request,
    call: Call,
    outcomes: Outcomes,
  ): Promise<Answer> {
    try {
      timeline.settle();
      return await call.carryOut(outcomes);
    } catch (error) {
      if (error instanceof Refusal) return service.refuse(error, request);
      log(`cannot answer ${request.method} ${request.path}: ${stackOf(error)}`);
      const refusal = new Refusal(500, "InternalServerError", "the simulator failed; see its log");
      return service.refuse(refusal, request);
    } finally {
      timeline.settle();
    }
  }

  async function answer(
    service: Service,
    request: Request,
    outgoing: ServerResponse,
    gone: Promise<void>,
  ): Promise<void> {
    const at = timeline.now();
    const call = service.identify(request);
    const target: Target = {
      service: service.name,
      method: request.method,
      path: request.path,
      call,
    };
    const note = (status: number, effect?: Answer["effect"], fault?: string): LogEntry =>
      requests.add({
        at: new Date(at).toISOString(),
        method: request.method,
        host: request.host,
        path: request.path,
        query: withoutSignatures(request.query),
        status,
        service: service.name,
        operation: call.operation,
        mutating: call.mutating,
        ...(call.resource !== undefined && { resource: call.resource }),
        ...(effect && { effect }),
        ...(fault !== undefined && fault !== "" && { fault }),
      });

    const cutBy = conditions.isDown("data", service.regionOf?.(request.host))
      ? "region-down"
      : service.cutBy?.(request.host);
    if (cutBy !== undefined) {
      note(0, undefined, cutBy);
      outgoing.destroy();
      return;
    }
    const interference = faults.beforeEffect(target);
    const struck = [...interference.names];
    if (interference.delayMs > 0) await realDelay(interference.delayMs);
    if (interference.hang) {
      note(0, undefined, struck.join(", "));
      await Promise.race([interference.hang, gone]);
      outgoing.destroy();
      return;
    }
    const date = dateOf(service);
    if (interference.refusal) {
      const refused = service.refuse(interference.refusal, request);
      note(refused.status, undefined, struck.join(", "));
      await send(refused, outgoing, date);
      return;
    }
    const outcomes = faults.outcomesOf(target, struck);
    const result = await carryOut(service, request, call, outcomes);
    const fate = result.effect === undefined ? undefined : faults.afterEffect(target);
    const given = fate?.error ? service.refuse(fate.error, request) : result;
    const names = [...struck, ...(fate ? [fate.name] : [])].join(", ");
    const entry = note(given.status, result.effect, names);
    const lost =
      (fate?.name === "lost-answer" && fate.error === undefined) ||
      (fate?.name === "hold-answer" && (await held.hold(entry, gone)) === "drop");
    if (lost) outgoing.destroy();
    await send(given, outgoing, date);
  }

  return {
    resolves: (host) => {
      const name = host.toLowerCase();
      const service = services.find((one) => one.serves(name));
      timeline.settle();
      return (
        service?.resolves?.(name) !== false && !conditions.isDown("dns", service?.regionOf?.(name))
      );
    },
    serviceFor: (host) => services.find((service) => service.serves(host.toLowerCase())),
    inFlight: () => inFlight,

    handle: async (service, incoming, outgoing, scheme) => {
      inFlight += 1;
      const gone = new Promise<void>((resolve) => {
        outgoing.once("close", () => {
          resolve();
        });
      });
      try {
        await answer(service, toRequest(incoming, scheme), outgoing, gone);
      } catch (error) {
        // A client that went away in the middle is its own affair.
        if (!outgoing.destroyed && !incoming.destroyed) {
          log(`cannot answer ${incoming.url ?? ""}: ${stackOf(error)}`);
        }
        outgoing.destroy();
      } finally {
        inFlight -= 1;
      }
    },

    refusedConnection: (host) => {
      requests.add({
        at: new Date(timeline.now()).toISOString(),
        method: "CONNECT",
        host,
        path: "",
        query: "",
        status: 502,
        service: "proxy",
        operation: "proxy.connect",
        mutating: false,
      });
    },
  };
}

async function send(
  { status, headers, body }: Answer,
  outgoing: ServerResponse,
  date: string,
): Promise<void> {
  if (outgoing.destroyed) {
    if (body !== undefined && typeof body !== "string" && !Buffer.isBuffer(body)) body.destroy();
    return;
  }
  outgoing.setHeader("date", date);
  if (body === undefined || typeof body === "string" || Buffer.isBuffer(body)) {
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    outgoing.writeHead(status, {
      ...headers,
      ...(status !== 204 && { "content-length": length }),
    });
    outgoing.end(body);
    return;
  }
  outgoing.writeHead(status, headers);
  await pipeline(body, outgoing);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
