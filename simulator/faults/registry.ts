import { isWithin } from "../arm/resource-id.js";
import { letGo } from "../container-apps/long-running.js";
import type { CommandFate } from "../redis-server/endpoint.js";
import { Refusal } from "../server/refusal.js";
import type { Call, OutcomeName, Outcomes, ServiceName } from "../server/service.js";
import { regionOf } from "../world/names.js";
import type { World } from "../world/world.js";
import { isVaultFaultFelt, injectVaultFault, withdrawVaultFault } from "../key-vault/faults.js";
import { injectAppFault, isFelt, withdrawAppFault } from "./app-faults.js";
import { injectCacheFault, isFeltByCache, withdrawCacheFault } from "./cache-faults.js";
import {
  type CallFault,
  type FaultOrder,
  isAppFault,
  isCacheFault,
  isCondition,
  isOfAnswer,
  isOfOutcome,
  isRefusing,
  isVaultFault,
} from "./catalogue.js";
import { checkEdgeFault } from "./edge-faults.js";
import { forgetRevision } from "./forgotten-revision.js";
import { failed, throttled, tokenDenied } from "./refusals.js";
import { outageOf } from "../resource-health/outages.js";
import { placed } from "./storage-faults.js";

/** A call as faults see it. */
export interface Target {
  readonly service: ServiceName;
  readonly method: string;
  readonly path: string;
  readonly call: Call;
}

interface Fault {
  readonly id: string;
  readonly order: FaultOrder;
  readonly since: number;
  /** Calls that it has met, whether or not it struck. */
  met: number;
  struck: number;
  over: boolean;
  /** Resolves when it is taken back or its time is over: what it holds up goes on. */
  readonly ended: Promise<void>;
  readonly end: () => void;
}

/** What a fault does to a call before it is carried out. */
export interface Interference {
  readonly delayMs: number;
  readonly refusal: Refusal | undefined;
  /** Set where there will be no answer; the connection is cut when it resolves. */
  readonly hang: Promise<void> | undefined;
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
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const fault: Fault = {
      id: `fault-${this.#made}`,
      order,
      since: this.#world.timeline.now(),
      met: 0,
      struck: 0,
      over: false,
      ended,
      end,
    };
    checkServes(order);
    checkEdgeFault(order, this.#world);
    if (isAppFault(order)) injectAppFault(order, fault.id, this.#world, () => fault.over);
    if (isCacheFault(order)) injectCacheFault(order, fault.id, this.#world);
    if (isVaultFault(order)) injectVaultFault(order, fault.id, this.#world);
    if (isCondition(order)) {
      this.#world.conditions.begin(fault.id, placed(order, this.#world), fault.since);
      this.#world.conditionsChanged();
    }
    const outage = outageOf(isCondition(order) ? placed(order, this.#world) : order);
    this.#world.outages.begin(fault.id, outage, fault.since, () => this.#isFelt(fault));
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
    return this.#faults.map((fault) => ({
      id: fault.id,
      ...fault.order,
      since: new Date(fault.since).toISOString(),
      met: fault.met,
      struck: fault.struck,
      over: !this.#isFelt(fault),
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
    const names: string[] = [];
    for (const fault of this.#faults) {
      const { order } = fault;
      if (!isRefusing(order) || !this.#strikes(fault, order, target)) continue;
      names.push(order.name);
      const done = { delayMs, names, refusal: undefined, hang: undefined };
      switch (order.name) {
        case "slow":
          delayMs += order.ms;
          break;
        case "revision-gone":
          forgetRevision(target.call.resource ?? "", this.#world);
          break;
        case "throttle":
          return { ...done, refusal: throttled(order.retryAfterSeconds ?? 10) };
        case "server-error":
          return { ...done, refusal: failed(order.status ?? 500) };
        case "token-denied":
          return { ...done, refusal: tokenDenied(target.service) };
        case "hang":
          return { ...done, hang: fault.ended };
      }
    }
    return { delayMs, names, refusal: undefined, hang: undefined };
  }

  /** What becomes of the change that the call asks for; `struck` gets the names of the faults that had a say. */
  outcomesOf(target: Target, struck: string[]): Outcomes {
    return {
      befalls: (name: OutcomeName) => {
        for (const fault of this.#faults) {
          const { order } = fault;
          if (!isOfOutcome(order) || order.name !== name) continue;
          if (!this.#strikes(fault, order, target)) continue;
          struck.push(name);
          return fault.id;
        }
        return undefined;
      },
    };
  }

  /** What becomes of the answer to a call that had an effect: lost, held back, or an error in its place. */
  afterEffect(target: Target): { readonly name: string; readonly error?: Refusal } | undefined {
    for (const fault of this.#faults) {
      const { order } = fault;
      if (!isOfAnswer(order) || !this.#strikes(fault, order, target)) continue;
      return order.name === "lost-answer" && order.status !== undefined
        ? { name: order.name, error: failed(order.status) }
        : { name: order.name };
    }
    return undefined;
  }

  /** What happens to a command of a Redis client; undefined where no fault has to do with such commands. */
  commandFate(target: Target): CommandFate | undefined {
    const concerned = this.#faults.some(
      ({ order, over }) => !over && "match" in order && order.match?.service === "redis",
    );
    if (!concerned) return undefined;
    const { delayMs, hang } = this.beforeEffect(target);
    const answerLost = hang === undefined && this.afterEffect(target)?.name === "lost-answer";
    return delayMs === 0 && hang === undefined && !answerLost
      ? undefined
      : { delayMs, hang, answerLost };
  }

  #isFelt({ id, order, over }: Fault): boolean {
    if (over) return false;
    if (isAppFault(order)) return isFelt(id, order, this.#world);
    if (isCacheFault(order)) return isFeltByCache(id, this.#world);
    return !isVaultFault(order) || isVaultFaultFelt(id, order, this.#world);
  }

  #strikes(fault: Fault, order: CallFault, target: Target): boolean {
    if (fault.over || !meets(order, target)) return false;
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
    fault.end();
    letGo(fault.id, this.#world);
    if (isAppFault(fault.order)) withdrawAppFault(fault.id, this.#world);
    if (isCacheFault(fault.order)) withdrawCacheFault(fault.id, this.#world);
    if (isVaultFault(fault.order)) withdrawVaultFault(fault.id, this.#world);
    this.#world.outages.end(fault.id, this.#world.timeline.now());
    if (this.#world.conditions.end(fault.id)) this.#world.conditionsChanged();
  }
}

function meets(order: CallFault, target: Target): boolean {
  const { resource, region, match } = order;
  const { call } = target;
  if (match?.service === undefined && (target.service === "identity") !== aimsAtTokens(order)) {
    return false;
  }
  // The commands of Redis clients are many: only a fault that names them means them.
  if (match?.service === undefined && target.service === "redis") return false;
  if (order.name === "token-denied" && !isAbout(order.audience, target)) return false;
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

/** Redis clients know no status codes, and what they send is no long operation. */
function checkServes(order: FaultOrder): void {
  if (!("match" in order) || order.match?.service !== "redis") return;
  if (order.name === "lost-answer" && order.status !== undefined) {
    throw new Refusal(400, "InvalidFault", "status: commands of redis have no status codes");
  }
  if (["slow", "hang", "lost-answer"].includes(order.name)) return;
  throw new Refusal(
    400,
    "InvalidFault",
    `match.service: ${order.name} does not befall commands of redis; slow, hang and lost-answer do`,
  );
}

/** Whether a fault that names no service means the token endpoint; the others spare it. */
function aimsAtTokens({ name, match }: CallFault): boolean {
  return name === "token-denied" || match?.operation?.startsWith("identity.") === true;
}

/** The token endpoint's call names the audience as its resource. */
function isAbout(audience: string | undefined, { call, service }: Target): boolean {
  const bare = (url: string): string => url.toLowerCase().replace(/\/+$/, "");
  return (
    audience === undefined ||
    service !== "identity" ||
    (call.resource !== undefined && bare(call.resource) === bare(audience))
  );
}
