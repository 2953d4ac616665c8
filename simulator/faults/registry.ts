import { isWithin } from "../arm/resource-id.js";
import { Refusal } from "../server/refusal.js";
import type { Call, ServiceName } from "../server/service.js";
import { regionOf } from "../world/names.js";
import type { World } from "../world/world.js";
import { injectAppFault, isFelt, withdrawAppFault } from "./app-faults.js";
import { type CallFault, type FaultOrder, isAppFault } from "./catalogue.js";

/** A call as faults see it. */
export interface Target {
  readonly service: ServiceName;
  readonly method: string;
  readonly path: string;
  readonly call: Call;
}

export interface Fault {
  readonly id: string;
  readonly order: FaultOrder;
  readonly since: number;
  /** Calls that it has met, whether or not it struck. */
  met: number;
  struck: number;
  over: boolean;
}

/** What a fault does to a call before it is carried out. */
export interface Interference {
  readonly delayMs: number;
  readonly refusal: Refusal | undefined;
  readonly names: readonly string[];
}

/** The one place for faults: every call to every service passes it before its effect and again after it. */
export class FaultRegistry {
  readonly #world: World;
  #faults: Fault[] = [];
  #made = 0;

  constructor(world: World) {
    this.#world = world;
  }

  add(order: FaultOrder): Fault {
    this.#made += 1;
    const fault: Fault = {
      id: `fault-${this.#made}`,
      order,
      since: this.#world.timeline.now(),
      met: 0,
      struck: 0,
      over: false,
    };
    if (isAppFault(order)) injectAppFault(order, fault.id, this.#world);
    this.#faults.push(fault);
    if (order.forSeconds !== undefined) {
      const { id } = fault;
      this.#world.timeline.plan(fault.since + order.forSeconds * 1000, `${id} ends`, () => {
        this.#end(fault);
      });
    }
    return fault;
  }

  list(): readonly unknown[] {
    return this.#faults.map(({ id, order, since, met, struck, over }) => ({
      id,
      ...order,
      since: new Date(since).toISOString(),
      met,
      struck,
      over: over || (isAppFault(order) && !isFelt(id, this.#world)),
    }));
  }

  /** False where there is no such fault. */
  remove(id: string): boolean {
    const fault = this.#faults.find((one) => one.id === id);
    if (fault === undefined) return false;
    this.#end(fault);
    this.#faults = this.#faults.filter((one) => one !== fault);
    return true;
  }

  removeAll(): void {
    for (const fault of this.#faults) this.#end(fault);
    this.#faults = [];
  }

  /** What happens to the call instead of, or before, being carried out. */
  beforeEffect(target: Target): Interference {
    let delayMs = 0;
    let refusal: Refusal | undefined;
    const names: string[] = [];
    for (const { fault, order } of this.#onCalls()) {
      if (refusal !== undefined) break;
      if (order.name === "lost-answer" || order.name === "hold-answer") continue;
      if (!this.#strikes(fault, order, target)) continue;
      names.push(order.name);
      if (order.name === "slow") delayMs += order.ms;
      else if (order.name === "throttle") refusal = throttled(order.retryAfterSeconds ?? 10);
      else refusal = failed(order.status ?? 500);
    }
    return { delayMs, refusal, names };
  }

  /** Whether the answer to a call that had an effect gets lost or is held back. */
  afterEffect(target: Target): "lost-answer" | "hold-answer" | undefined {
    for (const { fault, order } of this.#onCalls()) {
      if (order.name !== "lost-answer" && order.name !== "hold-answer") continue;
      if (this.#strikes(fault, order, target)) return order.name;
    }
    return undefined;
  }

  *#onCalls(): Iterable<{ fault: Fault; order: CallFault }> {
    for (const fault of this.#faults) {
      if (!fault.over && !isAppFault(fault.order)) yield { fault, order: fault.order };
    }
  }

  #strikes(fault: Fault, order: CallFault, target: Target): boolean {
    if (!meets(order, target)) return false;
    fault.met += 1;
    const first = order.nth ?? 1;
    // "The n-th call" alone means that call only.
    const times = order.times ?? (order.nth === undefined ? Infinity : 1);
    if (fault.met < first || fault.met >= first + times) return false;
    fault.struck += 1;
    if (fault.met === first + times - 1) fault.over = true;
    return true;
  }

  #end(fault: Fault): void {
    fault.over = true;
    if (isAppFault(fault.order)) withdrawAppFault(fault.id, this.#world);
  }
}

function meets({ resource, region, match }: CallFault, target: Target): boolean {
  const { call } = target;
  if (match === undefined && target.service === "identity") return false;
  if (resource !== undefined && !(call.resource && isWithin(call.resource, resource))) return false;
  if (region !== undefined && !(call.region && regionOf(call.region) === regionOf(region))) {
    return false;
  }
  return (
    (match?.service ?? target.service) === target.service &&
    (match?.operation ?? call.operation) === call.operation &&
    (match?.method ?? target.method) === target.method &&
    (match?.pathPattern === undefined || new RegExp(match.pathPattern).test(target.path))
  );
}

function throttled(retryAfterSeconds: number): Refusal {
  return new Refusal(
    429,
    "TooManyRequests",
    `The request is being throttled. Try again after ${retryAfterSeconds} seconds.`,
    { headers: { "retry-after": String(retryAfterSeconds) } },
  );
}

function failed(status: 500 | 502 | 503 | 504): Refusal {
  const codes = {
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
  } as const;
  return new Refusal(status, codes[status], "The server encountered an error. Please try again.");
}
