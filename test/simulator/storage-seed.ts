import { smallSeed } from "../../simulator/seeds/small.js";
import { SUBSCRIPTION } from "./names.js";
import type { Reply, SimulatorProcess } from "./simulator-process.js";

const [PRODUCTION = "", RECOVERY = ""] = smallSeed.resourceGroups.map(({ id }) => id);
const PRINCIPAL = smallSeed.identities[0]?.principalId ?? "";

const STORAGE_VERSION = "2026-09-01";

/** Where accounts of the tests are in ARM. */
export const accountId = (name: string, group = PRODUCTION): string =>
  `${group}/providers/Microsoft.Storage/storageAccounts/${name}`;
export const inRecovery = (name: string): string => accountId(name, RECOVERY);
export const host = (name: string): string => `https://${name}.blob.core.windows.net`;

export const roles = {
  reader: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
  storageAccountContributor: "17d1049b-9a84-46fb-8f53-869881c3d3ab",
  blobDataContributor: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
};

/** A geo-redundant account of the app in East US, two minutes ahead of its copy, and one for backups in West US. */
export const storageSeed = {
  ...smallSeed,
  roleAssignments: [
    { scope: `/subscriptions/${SUBSCRIPTION}`, roleDefinitionId: roles.reader },
    ...[PRODUCTION, RECOVERY].flatMap((scope) => [
      { scope, roleDefinitionId: roles.storageAccountContributor },
      { scope, roleDefinitionId: roles.blobDataContributor },
    ]),
  ].map((assignment) => ({ ...assignment, principalId: PRINCIPAL })),
  storageAccounts: [
    {
      id: accountId("mcpstorage"),
      location: "eastus",
      sku: "Standard_RAGRS",
      lagSeconds: 120,
      blobs: [
        { container: "branding", name: "logo.svg", text: "<svg/>", contentType: "image/svg+xml" },
        { container: "branding", name: "img/a.png", base64: "AAEC", metadata: { alt: "a" } },
      ],
    },
    {
      id: inRecovery("mcpbackup"),
      location: "westus",
      sku: "Standard_LRS",
      containers: [{ name: "backups" }],
    },
  ],
};

/** Calls to ARM and to blobs as the seed's identity. */
export class StorageCaller {
  readonly #azure: SimulatorProcess;

  constructor(azure: SimulatorProcess) {
    this.#azure = azure;
  }

  async arm(
    method: string,
    id: string,
    body?: unknown,
    more: { readonly query?: string; readonly headers?: Record<string, string> } = {},
  ): Promise<Reply> {
    const url = id.startsWith("https://")
      ? id
      : `https://management.azure.com${id}?api-version=${STORAGE_VERSION}${more.query ?? ""}`;
    return this.#azure.call(method, url, {
      token: await this.#azure.tokenFor("https://management.azure.com"),
      ...(body !== undefined && { body }),
      ...(more.headers && { headers: more.headers }),
    });
  }

  async blob(
    method: string,
    url: string,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const writes = method === "PUT" && body !== undefined;
    return this.#azure.call(method, url, {
      token: await this.#azure.tokenFor("https://storage.azure.com"),
      ...(body !== undefined && { body }),
      headers: {
        "x-ms-version": "2026-10-06",
        ...(writes && { "x-ms-blob-type": "BlockBlob", "content-type": "text/plain" }),
        ...headers,
      },
    });
  }

  /** What ARM says of an account, with the statistics of its replication. */
  async stats(id: string): Promise<Record<string, unknown>> {
    const reply = await this.arm("GET", id, undefined, { query: "&$expand=geoReplicationStats" });
    return reply.json<{ properties: Record<string, unknown> }>().properties;
  }
}

export const codeOf = (reply: Reply): string => {
  const own = reply.headers["x-ms-error-code"];
  if (own !== undefined) return `${reply.status} ${own}`;
  const { error } = reply.json<{ error: { code: string } }>();
  return `${reply.status} ${error.code}`;
};
