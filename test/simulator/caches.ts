import { RedisManagementClient } from "@azure/arm-rediscache";
import { generateBlobSASQueryParameters, ContainerSASPermissions } from "@azure/storage-blob";
import { Redis } from "ioredis";
import { readFileSync } from "node:fs";
import { type Agent, request } from "node:https";
import type { z } from "zod";
import { smallSeed } from "../../simulator/seeds/small.js";
import type { Seed } from "../../simulator/world/seed.js";
import { ARM, GROUP, SUBSCRIPTION } from "./names.js";
import { findOnPath } from "./program.js";
import type { Reply, SimulatorProcess } from "./simulator-process.js";

const MISSING = " (skipped: no redis-server on PATH; apt-get install redis-server)";
const hasRedis = findOnPath("redis-server") !== undefined;

/** A test that connects to caches: skipped by name where this machine has no redis-server. */
export const withRedis: (title: string, body: () => Promise<void>, limitMs?: number) => void = (
  title,
  body,
  limitMs,
) => {
  if (hasRedis) it(title, body, limitMs);
  else it.skip(title + MISSING, body);
};

/** What came of something that was asked: the answer, or the message of the refusal. */
export const outcome = async (asked: Promise<unknown>): Promise<unknown> => {
  try {
    return await asked;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
};

/** A blob in a container whose URL has a SAS. */
export const blobUrl = (container: string, name: string): string => {
  const url = new URL(container);
  url.pathname += `/${name}`;
  return url.toString();
};

/** A blob byte for byte, and what kind it is. */
export const readBlob = (
  url: string,
  agent: Agent,
): Promise<{ readonly type: string; readonly bytes: Buffer }> =>
  new Promise((resolve, reject) => {
    request(url, { agent }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const type = String(incoming.headers["x-ms-blob-type"] ?? incoming.statusCode);
        resolve({ type, bytes: Buffer.concat(chunks) });
      });
    })
      .on("error", reject)
      .end();
  });

export const RECOVERY_GROUP = "mcp-dr";
const CACHE_VERSION = "2024-11-01";
export const MANAGED_VERSION = "2025-07-01";

export const cacheId = (name: string, group = GROUP): string =>
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}/providers/Microsoft.Cache/redis/${name}`;
export const clusterId = (name: string, group = GROUP): string =>
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}/providers/Microsoft.Cache/redisEnterprise/${name}`;
const accountId = (name: string, group = GROUP): string =>
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}/providers/Microsoft.Storage/storageAccounts/${name}`;

type SeedInput = z.input<typeof Seed>;
const PRINCIPAL = smallSeed.roleAssignments[0]?.principalId ?? "";
export const IDENTITY = smallSeed.identities[0]?.resourceId ?? "";

/** The small seed with an account for exports in each region and with other caches. */
export function seedWith(caches: Pick<SeedInput, "redisCaches" | "managedRedis">): SeedInput {
  const role = (roleDefinitionId: string, group?: string) => ({
    roleDefinitionId,
    principalId: PRINCIPAL,
    scope: `/subscriptions/${SUBSCRIPTION}${group === undefined ? "" : `/resourceGroups/${group}`}`,
  });
  return {
    ...smallSeed,
    ...caches,
    roleAssignments: [
      ...smallSeed.roleAssignments,
      role("b24988ac-6180-42a0-ab88-20f7382dd24c"),
      role("ba92f5b4-2d11-453d-a403-e96b0029c9fe", GROUP),
    ],
    storageAccounts: [
      ...(smallSeed.storageAccounts ?? []),
      { id: accountId("mcpexports"), location: "eastus", sku: "Standard_ZRS" },
      { id: accountId("mcpfarexports"), location: "westus", sku: "Standard_LRS" },
    ],
  };
}

interface ConnectOptions {
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: { readonly ca: Buffer; readonly servername: string };
  readonly connectTimeout?: number;
  readonly protocol?: 2 | 3;
}

/** How caches of a simulator are managed and connected to, as any client does it. */
export interface Caches {
  /** The SDK, unmodified. */
  readonly client: RedisManagementClient;
  arm(method: string, id: string, version?: string, body?: unknown): Promise<Reply>;
  /** Where a cache of either kind is, by its resource provider, and with its primary key. */
  connect(id: string, more?: ConnectOptions): Promise<Redis>;
  /** Why a connection failed: what is asked of it says only that it is closed. */
  whyOf(redis: Redis): string | undefined;
  /** Orders a fault and answers its id. */
  order(fault: object): Promise<string>;
  /** A URL of a container with a SAS that lasts some hours. */
  containerUrl(account: string, container: string, hours?: number): Promise<string>;
  blobsIn(account: string, container: string): Promise<string[]>;
  disconnect(): void;
}

export async function cachesOf(azure: SimulatorProcess): Promise<Caches> {
  const ca = readFileSync(azure.env["NODE_EXTRA_CA_CERTS"] ?? "", "utf8");
  const connections: Redis[] = [];
  const reasons = new WeakMap<Redis, string>();
  const token = await azure.tokenFor(ARM);
  const direct = await azure.tokenFor(azure.direct);
  const credential = {
    getToken: () => Promise.resolve({ token: direct, expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  const client = new RedisManagementClient(credential, SUBSCRIPTION, {
    endpoint: azure.direct,
    credentialScopes: [`${azure.direct}/.default`],
    tlsOptions: { ca },
    retryOptions: { maxRetries: 0 },
  });

  const arm: Caches["arm"] = (method, id, version = CACHE_VERSION, body) =>
    azure.call(method, `${ARM}${id}?api-version=${version}`, { token, body });

  return {
    client,
    arm,
    connect: async (id, more) => {
      const { host, port, key } = await addressOf(id, arm);
      const redis = new Redis({
        host,
        port,
        password: key,
        tls: { ca, servername: host },
        retryStrategy: () => null,
        maxRetriesPerRequest: 0,
        ...more,
      });
      redis.on("error", (error) => reasons.set(redis, error.message));
      connections.push(redis);
      return redis;
    },
    whyOf: (redis) => reasons.get(redis),
    order: async (fault) => {
      const answer = await azure.steer("POST", "/faults", fault);
      expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
      return answer.json<{ id: string }>().id;
    },
    containerUrl: async (account, container, hours = 4) => {
      const host = `https://${account}.blob.core.windows.net`;
      const { now } = (await azure.steer("GET", "/clock")).json<{ now: string }>();
      const at = (ms: number): Date => new Date(Date.parse(now) + ms);
      const storage = await azure.tokenFor("https://storage.azure.com");
      const headers = { "x-ms-version": "2026-10-06" };
      await azure.call("PUT", `${host}/${container}?restype=container`, {
        token: storage,
        headers,
      });
      const expiry = at((hours + 1) * 3_600_000);
      const asked = await azure.call("POST", `${host}/?restype=service&comp=userdelegationkey`, {
        token: storage,
        headers,
        body: `<KeyInfo><Start>${iso(at(-60_000))}</Start><Expiry>${iso(expiry)}</Expiry></KeyInfo>`,
      });
      const of = (name: string): string =>
        new RegExp(`<${name}>(.*?)</`).exec(asked.text)?.[1] ?? "";
      const sas = generateBlobSASQueryParameters(
        {
          containerName: container,
          permissions: ContainerSASPermissions.parse("racwdl"),
          expiresOn: at(hours * 3_600_000),
        },
        {
          signedObjectId: of("SignedOid"),
          signedTenantId: of("SignedTid"),
          signedStartsOn: new Date(of("SignedStart")),
          signedExpiresOn: new Date(of("SignedExpiry")),
          signedService: of("SignedService"),
          signedVersion: of("SignedVersion"),
          value: of("Value"),
        },
        account,
      );
      return `${host}/${container}?${sas.toString()}`;
    },
    blobsIn: async (account, container) => {
      const listed = await azure.call(
        "GET",
        `https://${account}.blob.core.windows.net/${container}?restype=container&comp=list`,
        {
          token: await azure.tokenFor("https://storage.azure.com"),
          headers: { "x-ms-version": "2026-10-06" },
        },
      );
      return [...listed.text.matchAll(/<Name>(.*?)<\/Name>/g)].map(([, name = ""]) => name);
    },
    disconnect: () => {
      for (const redis of connections.splice(0)) {
        // One that has ended would leave a timer behind.
        if (redis.status !== "end") redis.disconnect();
      }
    },
  };
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly key: string;
}

async function addressOf(id: string, arm: Caches["arm"]): Promise<Address> {
  const managed = id.includes("/redisEnterprise/");
  const version = managed ? MANAGED_VERSION : CACHE_VERSION;
  const below = managed ? "/databases/default" : "";
  const [shown, keys, database] = await Promise.all([
    arm("GET", id, version),
    arm("POST", `${id}${below}/listKeys`, version),
    managed ? arm("GET", id + below, version) : undefined,
  ]);
  const { properties } = shown.json<{ properties: { hostName: string; sslPort: number } }>();
  const port = database?.json<{ properties: { port: number } }>().properties.port;
  return {
    host: properties.hostName,
    port: port ?? properties.sslPort,
    key: keys.json<{ primaryKey: string }>().primaryKey,
  };
}

function iso(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, "Z");
}
