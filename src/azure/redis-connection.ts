import type * as IoRedis from "ioredis";
import type { Cluster, ClusterOptions, Redis, RedisOptions } from "ioredis";
import { scrub } from "../domain/credential-scrubbing.js";
import type { Milliseconds } from "../domain/duration.js";
import { ClassifiedError, terminal } from "../domain/failure.js";
import { lazily } from "./lazily.js";

/** Where a cache answers, and with what; it lives inside one activity. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly password?: string;
  /** Off for a server of one's own machine alone: Azure's caches are reached over TLS. */
  readonly tls: boolean;
}

/** A server that holds keys of its own: the cache itself, or a master of a cluster. */
interface KeyServer {
  /** Another one after each start, so that a failover shows. */
  readonly runId: string;
  readonly redis: Redis;
}

/** The connections to one cache. None is made again: what was lost is lost, and the caller begins anew. */
export interface RedisConnection {
  readonly servers: readonly KeyServer[];
  /** Takes commands about any key, and finds its server. */
  readonly router: Redis | Cluster;
  readonly clustered: boolean;
  /** Does something; what Redis or the wire throws comes as a classified failure. */
  readonly run: <T>(act: () => Promise<T>) => Promise<T>;
  readonly close: () => void;
}

type Library = Pick<typeof IoRedis, "Cluster" | "Redis">;

/** Connects to a cache and, where it is a cluster, to each of its masters. */
export type RedisConnections = (address: RedisAddress) => Promise<RedisConnection>;

export function redisConnections(
  timeLimit: Milliseconds,
  library: () => Promise<Library> = lazily(() => import("ioredis")),
): RedisConnections {
  return async (address) => connect(await library(), address, timeLimit);
}

async function connect(
  { Cluster, Redis }: Library,
  { host, port, password, tls }: RedisAddress,
  timeLimit: Milliseconds,
): Promise<RedisConnection> {
  const options = {
    ...(password === undefined ? {} : { password }),
    // A cluster names its nodes by number; the certificate is the cache's.
    ...(tls ? { tls: { servername: host } } : {}),
    connectTimeout: timeLimit,
    // One timer for what is under way; a timer for each command would keep a million of them.
    socketTimeout: timeLimit,
    lazyConnect: true,
    protocol: 2,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
  } satisfies RedisOptions;
  const opened: (Redis | Cluster)[] = [];
  let reason: Error | undefined;
  const open = <Client extends Redis | Cluster>(client: Client): Client => {
    opened.push(client);
    client.on("error", (error: Error) => {
      // A command only says that the connection is closed; this says why.
      reason = error;
    });
    return client;
  };
  const close = (): void => {
    for (const client of opened) client.disconnect();
  };
  const run = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw classified(error, reason);
    }
  };

  try {
    return await run(async () => {
      const first = open(new Redis({ host, port, ...options }));
      await first.connect();
      const clustered = /^cluster_enabled:1/m.test(await first.info("cluster"));
      if (!clustered) {
        return { servers: [await serverOf(first)], router: first, clustered, run, close };
      }
      const ofCluster = {
        redisOptions: options,
        dnsLookup: (name, found) => {
          found(null, name);
        },
        clusterRetryStrategy: () => null,
        slotsRefreshTimeout: timeLimit,
        lazyConnect: true,
        enableAutoPipelining: true,
      } satisfies ClusterOptions;
      const cluster = open(new Cluster([{ host, port }], ofCluster));
      await cluster.connect();
      const servers = await Promise.all(cluster.nodes("master").map(serverOf));
      servers.sort((one, other) => one.runId.localeCompare(other.runId));
      return { servers, router: cluster, clustered, run, close };
    });
  } catch (error) {
    close();
    throw error;
  }
}

async function serverOf(redis: Redis): Promise<KeyServer> {
  return { runId: runIdIn(await redis.info("server")), redis };
}

/** The run id in what a server says of itself. */
export const runIdIn = (info: string): string => /^run_id:(\w+)/m.exec(info)?.[1] ?? "unknown";

/** Replies by their first word (redis.io: "Redis protocol specification", the errors of each command). */
const refusals: Readonly<Record<string, (message: string) => ClassifiedError>> = {
  WRONGPASS: (message) => terminal("redis-password", message),
  NOAUTH: (message) => terminal("redis-password", message),
  NOPERM: (message) => terminal("redis-permission", message),
  OOM: (message) => terminal("redis-full", message),
  READONLY: (message) => later("redis-read-only", message),
  LOADING: (message) => later("redis-loading", message),
  BUSY: (message) => later("redis-busy", message),
  MASTERDOWN: (message) => later("redis-master-down", message),
  CLUSTERDOWN: (message) => later("redis-cluster-down", message),
  TRYAGAIN: (message) => later("redis-resharding", message),
};

const later = (code: string, message: string): ClassifiedError =>
  new ClassifiedError({ class: "transient", code, message });

function classified(error: unknown, reason: Error | undefined): unknown {
  if (error instanceof ClassifiedError || !(error instanceof Error)) return error;
  if (error.name === "ReplyError") {
    const known = refusals[error.message.split(/[ \n]/)[0] ?? ""];
    const told = withoutArguments(error.message).slice(0, longestReply);
    return known?.(told) ?? terminal("redis-refused", told);
  }
  if (error.name === "AbortError" || isLostConnection(error)) {
    const why = withoutArguments(
      reason === undefined ? error.message : reason.message || reason.name,
    );
    if (/WRONGPASS|NOAUTH|invalid password/i.test(why)) return terminal("redis-password", why);
    return later("redis-connection", why);
  }
  return error;
}

/** A reply repeats the arguments of a command that Redis does not know: keys and what they hold. */
const withoutArguments = (message: string): string =>
  scrub((message.split(/[\r\n]|,? with args/i)[0] ?? "").trim());
/** What a reply says is in its first words. */
const longestReply = 80;

/** ioredis has no codes of its own for these. */
const isLostConnection = (error: Error): boolean =>
  "code" in error ||
  /connection is closed|timed out|socket timeout|max retries|failed to refresh slots|stream isn't writeable/i.test(
    error.message,
  );
