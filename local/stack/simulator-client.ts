import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { MonitorOrder } from "../../simulator/alerts/monitor.js";

/** One entry of the simulator's request log, as far as this side reads it. */
export interface LogEntry {
  readonly n: number;
  readonly at: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly status: number;
  readonly service: string;
  readonly operation: string;
  readonly mutating: boolean;
  readonly effect?: { readonly kind: string; readonly resource: string; readonly detail?: string };
  readonly fault?: string;
}

export interface AppState {
  readonly id: string;
  readonly fqdn: string;
  readonly provisioningState: string;
  readonly runningStatus: string;
  readonly revisions: readonly {
    readonly name: string;
    readonly active: boolean;
    readonly weight: number;
    readonly image: string;
    readonly replicas: readonly { readonly ready: boolean; readonly ailment?: string }[];
  }[];
  /** Each time until the next: whether the app served whoever came again and again. */
  readonly health: readonly { readonly from: string; readonly well: boolean }[];
}

/** A Traffic Manager profile: its switches, and what DNS answers at the moment. */
export interface TrafficState {
  readonly id: string;
  readonly endpoints: readonly {
    readonly name: string;
    readonly target: string;
    readonly status: string;
  }[];
  readonly answer?: string;
}

/** What exists, as far as this side reads it. */
export interface SimulatorState {
  readonly clock: { readonly now: string };
  readonly containerApps: readonly AppState[];
  readonly trafficManagerProfiles: readonly TrafficState[];
}

/** A right that somebody needed, whether he had it or not. */
export interface AskedRight {
  readonly principalId: string;
  readonly plane: "control" | "data";
  readonly action: string;
  /** No deeper than a resource. */
  readonly scope: string;
}

/** A client of the simulator's control interface. */
export class SimulatorClient {
  readonly #control: string;

  constructor(control: string) {
    this.#control = control;
  }

  async state(): Promise<SimulatorState> {
    return (await this.#call("GET", "/state")) as SimulatorState;
  }

  async app(id: string): Promise<AppState> {
    const { containerApps } = await this.state();
    const found = containerApps.find((app) => app.id.toLowerCase() === id.toLowerCase());
    if (found === undefined) throw new Error(`the simulator has no app ${id}`);
    return found;
  }

  async fault(order: Readonly<Record<string, unknown>>): Promise<string> {
    const { id } = (await this.#call("POST", "/faults", order)) as { id: string };
    return id;
  }

  async removeFault(id: string): Promise<void> {
    await this.#call("DELETE", `/faults/${id}`);
  }

  async removeFaults(): Promise<void> {
    await this.#call("DELETE", "/faults");
  }

  /** Has a resource group lie in another region, as if it had been made there. */
  async placeGroup(id: string, location: string): Promise<void> {
    await this.#call("POST", "/resource-groups", { id, location });
  }

  async log(since = 0, effects = false): Promise<readonly LogEntry[]> {
    const { entries } = (await this.#call("GET", `/log?since=${since}&effects=${effects}`)) as {
      entries: readonly LogEntry[];
    };
    return entries;
  }

  /** Every right that anybody has needed since the simulator's start. */
  async askedRights(): Promise<readonly AskedRight[]> {
    const { asked } = (await this.#call("GET", "/rights")) as { asked: readonly AskedRight[] };
    return asked;
  }

  async now(): Promise<Date> {
    const { now } = (await this.#call("GET", "/clock")) as { now: string };
    return new Date(now);
  }

  /** Has availability tests made from now on, whose alerts go to a receiver. */
  async monitor(order: MonitorOrder): Promise<void> {
    await this.#call("PUT", "/monitor", order);
  }

  async advance(seconds: number): Promise<void> {
    await this.#call("POST", "/clock/advance", { seconds });
  }

  async held(
    waitMs: number,
  ): Promise<readonly { readonly id: string; readonly entry: LogEntry }[]> {
    const { held } = (await this.#call("GET", `/held?waitMs=${waitMs}`)) as {
      held: readonly { id: string; entry: LogEntry }[];
    };
    return held;
  }

  async decide(id: string, action: "release" | "drop"): Promise<void> {
    await this.#call("POST", `/held/${id}`, { action });
  }

  async reset(seed?: unknown): Promise<void> {
    await this.#call("POST", "/reset", seed === undefined ? {} : { seed });
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const within = path === "/reset" ? longestReset : longestCall;
    const answer = await send(method, `${this.#control}${path}`, body, within);
    if (answer.status >= 300) {
      throw new Error(`the simulator refused ${method} ${path}: ${answer.text}`);
    }
    return answer.text === "" ? undefined : JSON.parse(answer.text);
  }
}

const longestCall = 70_000;
/** A seed may hold as many blobs as take minutes to be written, which `fetch` does not wait for. */
const longestReset = 15 * 60_000;

async function send(
  method: string,
  address: string,
  body: unknown,
  within: number,
): Promise<{ readonly status: number; readonly text: string }> {
  const signal = AbortSignal.timeout(within);
  // A connection that was idle for a while may be closed by the other side just now.
  const outgoing = request(address, { method, signal, agent: false });
  outgoing.setHeader("content-type", "application/json");
  const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [incoming] = await answered;
  return { status: incoming.statusCode ?? 0, text: await text(incoming) };
}
