import type { Client, PathUncheckedResponse } from "@azure-rest/core-client" with {
  "resolution-mode": "import",
};
import type { TokenCredential } from "@azure/identity";
import { z } from "zod";
import type { AzureSettings } from "./azure-settings.js";
import type { OperationState } from "./arm-operation.js";
import { terminal } from "../domain/failure.js";
import { lazily } from "./lazily.js";

/** Resource Manager by its REST interface, for the types that no SDK of ours covers. Paths start with a slash. */
export interface ArmRest {
  get(path: string, apiVersion: string, query?: Readonly<Record<string, string>>): Promise<unknown>;
  put(path: string, apiVersion: string, body: unknown): Promise<unknown>;
  /** Begins something, or just does it. */
  send(method: "POST" | "PATCH", path: string, apiVersion: string, body?: unknown): Promise<Begun>;
  /** The time that an answer carries, by the clock of whoever answered. */
  date(path: string): Promise<Date>;
  /** How an operation that was begun stands; the URL is the one that ARM gave. */
  operation(url: string): Promise<OperationState>;
}

/** What ARM answers to a change: a body, or where to ask how the change stands, or both. */
interface Begun {
  readonly body: unknown;
  readonly operation: string | undefined;
}

const OperationStatus = z.looseObject({
  status: z.string(),
  error: z.looseObject({ code: z.string().optional(), message: z.string().optional() }).nullish(),
});

export function armRest(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): ArmRest {
  const sdk = lazily(() => import("@azure-rest/core-client"));
  // Repeating is the orchestrator's decision alone; see container-apps.ts.
  const client = lazily(async (): Promise<Client> => {
    const { getClient } = await sdk();
    return getClient(settings.armEndpoint, await credential(), {
      credentials: { scopes: [`${settings.armAudience}/.default`] },
      retryOptions: { maxRetries: 0 },
    });
  });
  const bodyOf = async (answer: PathUncheckedResponse): Promise<unknown> => {
    if (Number(answer.status) < 400) return answer.body;
    const { createRestError } = await sdk();
    throw createRestError(answer);
  };
  const options = (apiVersion: string, query: Readonly<Record<string, string>> = {}) => ({
    queryParameters: { ...query, "api-version": apiVersion },
    abortSignal: AbortSignal.timeout(settings.callTimeLimit),
  });

  return {
    async send(method, path, apiVersion, body) {
      const resource = (await client()).pathUnchecked(path);
      const content = {
        ...options(apiVersion),
        ...(body === undefined
          ? {}
          : { body: body as Record<string, unknown>, contentType: "application/json" }),
      };
      const answer = await (method === "POST" ? resource.post(content) : resource.patch(content));
      const { headers } = answer;
      return { body: await bodyOf(answer), operation: headers["azure-asyncoperation"] };
    },
    async operation(url) {
      const limit = { abortSignal: AbortSignal.timeout(settings.callTimeLimit) };
      const body = await bodyOf(await (await client()).pathUnchecked(url).get(limit));
      const { status, error } = OperationStatus.parse(body);
      if (status === "Succeeded") return { state: "succeeded" };
      if (status === "Failed" || status === "Canceled") {
        return { state: "failed", message: error?.message ?? status };
      }
      return { state: "running", token: url };
    },
    async date(path) {
      const { headers } = await (await client()).pathUnchecked(path).get(options("2022-12-01"));
      const at = new Date(headers["date"] ?? "");
      if (Number.isNaN(at.getTime())) throw terminal("no-date", "the answer carries no time");
      return at;
    },
    async get(path, apiVersion, query) {
      return bodyOf(await (await client()).pathUnchecked(path).get(options(apiVersion, query)));
    },
    async put(path, apiVersion, body) {
      const asked = { ...options(apiVersion), body: body as Record<string, unknown> };
      return bodyOf(
        await (
          await client()
        )
          .pathUnchecked(path)
          .put({ ...asked, contentType: "application/json" }),
      );
    },
  };
}
