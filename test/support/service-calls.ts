import { HttpRequest, InvocationContext } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { classifyError } from "../../src/azure/classify-error.js";
import type { AuditEntry } from "../../src/domain/audit.js";
import { backups } from "../../src/state/backups.js";
import { stateStore } from "../../src/state/state-store.js";
import type { endpoint, EndpointDependencies } from "../../src/triggers/endpoint.js";
import { sampleEstate } from "./estates.js";
import { MemoryContainer } from "./memory-container.js";

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The durable client as the host hands it out, with instances in memory. */
class FakeClient {
  readonly started: string[] = [];
  readonly #statuses = new Map<string, string>();

  startNew(_orchestrator: string, { instanceId }: { instanceId: string }): Promise<string> {
    this.started.push(instanceId);
    this.#statuses.set(instanceId, "Running");
    return Promise.resolve(instanceId);
  }

  getStatus(id: string): Promise<unknown> {
    const runtimeStatus = this.#statuses.get(id);
    return runtimeStatus === undefined
      ? Promise.reject(new Error("the client answers HTTP 404"))
      : Promise.resolve({ instanceId: id, runtimeStatus });
  }

  getStatusBy(): Promise<unknown[]> {
    return Promise.resolve([]);
  }

  end(id: string): void {
    this.#statuses.set(id, "Completed");
  }
}

/** Calls functions of the app without a host: store and durable client are in memory. */
export function serviceInMemory(more: Partial<EndpointDependencies> = {}) {
  const blobs = new MemoryContainer();
  const sets = new MemoryContainer();
  const client = new FakeClient();
  const log: string[] = [];
  let invocations = 0;
  const dependencies: EndpointDependencies = {
    store: stateStore(blobs),
    backups: backups(sets, () => sets),
    estate: { ok: true, estate: sampleEstate() },
    now: () => "2026-11-22T14:00:00.000Z",
    classify: classifyError,
    platformAuthentication: "none",
    ...more,
  };
  return {
    blobs,
    sets,
    client,
    log,
    dependencies,
    send: async (to: ReturnType<typeof endpoint>, sent: Sent = {}) => {
      const {
        method = "POST",
        path = "recoveries",
        headers = {},
        params = {},
        query = {},
        body,
      } = sent;
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const request = new HttpRequest({
        method,
        url: `https://dr.example.com/api/${path}`,
        headers: { ...headers },
        params: { ...params },
        query: { ...query },
        ...(body === undefined ? {} : { body: { string: text } }),
      });
      const context = new InvocationContext({
        invocationId: `invocation-${++invocations}`,
        logHandler: (_level, ...args) => log.push(args.map(String).join(" ")),
      });
      const answer = await to(request, client as unknown as DurableClient, context);
      const {
        status = 200,
        headers: answered,
        body: said,
      } = answer as {
        status?: number;
        headers?: Record<string, string>;
        body?: string;
      };
      const isJson = /\bjson\b/.test(answered?.["content-type"] ?? "json");
      const json = (isJson ? JSON.parse(said ?? "null") : null) as Record<string, unknown>;
      return { status, headers: answered ?? {}, json, text: said ?? "" };
    },
    /** Every entry of the audit with the folder it lies in. */
    entries: (): readonly (AuditEntry & { readonly folder: string })[] =>
      [...blobs.blobs]
        .filter(([name]) => name.startsWith("audit/"))
        .map(([name, { text }]) => ({
          ...(JSON.parse(text) as AuditEntry),
          folder: name.slice(0, name.lastIndexOf("/")),
        })),
  };
}

/** The header that App Service authentication writes for a person with these app roles. */
export const principal = (
  name: string,
  roles: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Record<string, string> => ({
  "x-ms-client-principal": Buffer.from(
    JSON.stringify({
      auth_typ: "aad",
      claims: [
        { typ: "aud", val: "5f1c6f0e-0a0b-4a38-8c8e-1f4d3c1f9e01" },
        { typ: "name", val: "Ada Lovelace" },
        { typ: "preferred_username", val: name },
        ...roles.map((role) => ({ typ: "roles", val: role })),
        { typ: "groups", val: "auditor" },
      ],
      name_typ: "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
      role_typ: "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
      ...more,
    }),
  ).toString("base64"),
});
