import { readFileSync } from "node:fs";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { SimulatorReady } from "../../local/stack/simulator-process.js";

/** Who changes Azure behind the service's back: somebody with every right. */
const handIdentity = {
  clientId: "c11e0000-0000-4000-8000-0000000000ff",
  principalId: "0b1ec700-0000-4000-8000-0000000000ff",
};

const roles = [
  "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", // Owner
  "00482a5a-887f-4fb3-b363-3b7fe8e74483", // Key Vault Administrator
  "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", // Storage Blob Data Owner
];

interface SeedWithPeople {
  readonly subscriptions: readonly { readonly id: string }[];
  readonly identities: readonly object[];
  readonly roleAssignments: readonly object[];
  readonly resourceGroups: readonly { readonly id: string }[];
}

/** A seed in which that somebody exists. */
export function seedWithHand(seed: unknown): unknown {
  const given = seed as SeedWithPeople;
  const group = given.resourceGroups[0]?.id ?? "";
  const resourceId = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/hand`;
  return {
    ...given,
    identities: [...given.identities, { ...handIdentity, resourceId }],
    roleAssignments: [
      ...given.roleAssignments,
      ...given.subscriptions.flatMap(({ id }) =>
        roles.map((roleDefinitionId) => ({
          scope: `/subscriptions/${id}`,
          principalId: handIdentity.principalId,
          roleDefinitionId,
        })),
      ),
    ],
  };
}

interface Change {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls of the simulated Azure by that somebody; an answer of 400 or more is thrown. */
export interface AzureHand {
  arm(method: string, id: string, apiVersion: string, body?: unknown): Promise<unknown>;
  vault(method: string, address: string, body?: unknown): Promise<unknown>;
  blob(method: "GET" | "PUT", address: string, body?: string): Promise<string>;
}

export function azureHand({ direct, env }: SimulatorReady): AzureHand {
  const ca = readFileSync(env["NODE_EXTRA_CA_CERTS"] ?? "", "utf8");
  const { hostname, port } = new URL(direct);
  const tokens = new Map<string, Promise<string>>();
  const tokenFor = async (resource: string): Promise<string> => {
    const query = new URLSearchParams({
      "api-version": "2019-08-01",
      resource,
      client_id: handIdentity.clientId,
    });
    const answer = await fetch(`${env["IDENTITY_ENDPOINT"] ?? ""}?${query.toString()}`, {
      headers: { "x-identity-header": env["IDENTITY_HEADER"] ?? "" },
    });
    const { access_token } = (await answer.json()) as { access_token: string };
    return access_token;
  };
  const call = async (
    method: string,
    address: string,
    resource: string,
    { body, headers }: Change,
  ): Promise<string> => {
    if (!tokens.has(resource)) tokens.set(resource, tokenFor(resource));
    const { host, pathname, search } = new URL(address);
    const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const outgoing = request({
      ...{ hostname, port, method, ca, servername: host, path: `${pathname}${search}` },
      headers: {
        host,
        authorization: `Bearer ${(await tokens.get(resource)) ?? ""}`,
        ...(typeof body === "object" && { "content-type": "application/json" }),
        "content-length": Buffer.byteLength(sent ?? ""),
        ...headers,
      },
    });
    const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
    outgoing.end(sent);
    const [incoming] = await answered;
    const said = await text(incoming);
    const { statusCode = 0 } = incoming;
    if (statusCode < 400) return said;
    throw new Error(`${method} ${address} was answered ${statusCode}: ${said}`);
  };
  const parsed = (said: string): unknown => (said === "" ? undefined : JSON.parse(said));
  return {
    arm: async (method, id, apiVersion, body) =>
      parsed(
        await call(
          method,
          `https://management.azure.com${id}?api-version=${apiVersion}`,
          "https://management.azure.com",
          { body },
        ),
      ),
    vault: async (method, address, body) =>
      parsed(await call(method, `${address}?api-version=7.4`, "https://vault.azure.net", { body })),
    blob: (method, address, body) =>
      call(method, address, "https://storage.azure.com", {
        body,
        headers: {
          "x-ms-version": "2023-11-03",
          ...(method === "PUT" && { "x-ms-blob-type": "BlockBlob" }),
        },
      }),
  };
}
