import type { RunRecord } from "../../src/domain/run-record.js";
import type { Checkpoint } from "../../src/domain/checkpoint.js";
import type { HostReady } from "./stack.js";

export interface AlertAnswer {
  readonly status: "started" | "attached" | "held-back" | "ignored";
  readonly reason: string;
  readonly run?: string;
  readonly links?: { readonly run: string; readonly report: string };
}

export interface RunView {
  readonly id: string;
  readonly status: "running" | "ended" | "stopped";
  readonly checkpoint?: Checkpoint;
  readonly record?: RunRecord;
}

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

/** A client of the service's HTTP interface, with the keys that the embedded host made. */
export class ServiceClient {
  readonly #host: () => HostReady;
  readonly #headers: Readonly<Record<string, string>>;

  /** `headers` go with every call: who calls, for instance. */
  constructor(host: () => HostReady, headers: Readonly<Record<string, string>> = {}) {
    this.#host = host;
    this.#headers = headers;
  }

  async call(
    method: string,
    path: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answered> {
    const { url, masterKey } = this.#host();
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        "x-functions-key": masterKey,
        ...this.#headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await answer.text();
    const type = answer.headers.get("content-type") ?? "";
    const json: unknown = type.includes("json") && text !== "" ? JSON.parse(text) : undefined;
    return { status: answer.status, type, headers: answer.headers, text, json };
  }

  /** Says something to a run: approval, decision, pause, resume or cancel. */
  say(
    run: string,
    verb: string,
    body: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answered> {
    return this.call("POST", `/api/recoveries/${run}/${verb}`, JSON.stringify(body), headers);
  }

  async postAlert(alert: unknown): Promise<AlertAnswer> {
    const answer = await this.call("POST", "/api/alerts", JSON.stringify(alert));
    if (answer.status !== 202) {
      throw new Error(`the alert was answered ${answer.status}: ${answer.text}`);
    }
    return answer.json as AlertAnswer;
  }

  /** The runs that are under way. */
  async running(): Promise<readonly Pick<RunView, "id" | "checkpoint">[]> {
    const { json } = await this.call("GET", "/api/recoveries");
    return (json as { running: readonly Pick<RunView, "id" | "checkpoint">[] }).running;
  }

  async run(id: string): Promise<RunView> {
    const answer = await this.call("GET", `/api/recoveries/${id}`);
    if (answer.status !== 200)
      throw new Error(`${id} was answered ${answer.status}: ${answer.text}`);
    return answer.json as RunView;
  }

  async report(id: string, format: "md" | "html" | "json"): Promise<string> {
    const answer = await this.call("GET", `/api/reports/${id}?format=${format}`);
    if (answer.status !== 200) throw new Error(`no report of ${id}: ${answer.text}`);
    return answer.text;
  }
}
