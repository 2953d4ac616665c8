import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { permissionOperations, permissionTypes } from "./access/permissions.js";
import { roleAssignmentOperations, roleAssignmentTypes } from "./access/role-assignments.js";
import { alertOperations, alertResourceTypes } from "./alerts/routes.js";
import { Monitor } from "./alerts/monitor.js";
import { AppCache } from "./application/app-cache.js";
import { BlobRecords } from "./application/blob-records.js";
import { McpServer } from "./application/mcp-server.js";
import { RedisRecords } from "./application/redis-records.js";
import { applicationService } from "./application/routes.js";
import { logStreamService } from "./application/log-stream.js";
import { createStreamTokens } from "./application/stream-token.js";
import { resourceListOperations } from "./arm/resource-list.js";
import { providerOperations, resourceOperations, resourceTypes } from "./arm/resources.js";
import { armService } from "./arm/router.js";
import { type Azurite, startAzurite } from "./blobs/azurite.js";
import { containerStore } from "./blobs/containers.js";
import { Copies } from "./blobs/copies.js";
import { emptyStores, fillStores } from "./blobs/filling.js";
import { Journal } from "./blobs/journal.js";
import { blobService } from "./blobs/routes.js";
import { Secondary } from "./blobs/secondary.js";
import { BlobStore } from "./blobs/store.js";
import { processClock } from "./clock/handle.js";
import { startClockKeeper } from "./clock/keeper.js";
import { containerAppOperations, containerAppTypes } from "./container-apps/routes.js";
import { containerRegistryService } from "./container-registry/data-plane.js";
import { registryOperations, registryTypes } from "./container-registry/routes.js";
import { controlRoutes } from "./control/routes.js";
import { startControlServer } from "./control/server.js";
import {
  diagnosticSettingOperations,
  diagnosticSettingTypes,
} from "./diagnostic-settings/routes.js";
import { registerDependencies } from "./application/dependency-checks.js";
import { startDns } from "./dns/dns.js";
import { edgeService } from "./front-door/data-plane.js";
import { cdnOperations, cdnTypes } from "./front-door/routes.js";
import { FaultRegistry } from "./faults/registry.js";
import { identityEndpoint, TOKEN_PATH } from "./identity/endpoint.js";
import { createTokenAuthority } from "./identity/tokens.js";
import { keyVaultService } from "./key-vault/data-plane.js";
import { deletedVaultOperations } from "./key-vault/deleted-vault-routes.js";
import { vaultOperations, vaultTypes } from "./key-vault/vault-routes.js";
import { ingestionService } from "./ingestion/routes.js";
import { logAnalyticsService } from "./log-analytics/routes.js";
import { workspaceOperations, workspaceTypes } from "./log-analytics/workspace-routes.js";
import { containerAppMetrics } from "./metrics/container-app-metrics.js";
import { metricOperations, metricTypes } from "./metrics/routes.js";
import { storageAccountOperations, storageAccountTypes } from "./storage-accounts/routes.js";
import { durationsOf, type Profile } from "./profiles/profile.js";
import { cacheOperations, CACHE_API_VERSIONS, cacheTypes } from "./redis/routes.js";
import { operationRoutes } from "./redis-server/operation-routes.js";
import { resourceHealthOperations, resourceHealthTypes } from "./resource-health/routes.js";
import { addressesIn } from "./redis-server/addresses.js";
import { RedisServers } from "./redis-server/redis-servers.js";
import { cacheSurroundings } from "./redis-server/surroundings.js";
import {
  MANAGED_API_VERSIONS,
  managedRedisOperations,
  managedRedisTypes,
} from "./managed-redis/routes.js";
import { createCertificateAuthority } from "./server/certificates.js";
import { createGateway } from "./server/gateway.js";
import { HeldAnswers } from "./server/held-answers.js";
import { closed, listen, startFront } from "./server/proxy.js";
import { RequestLog } from "./server/request-log.js";
import type { Service } from "./server/service.js";
import { trafficManagerMetrics } from "./traffic-manager/metrics.js";
import { trafficManagerOperations, trafficManagerTypes } from "./traffic-manager/routes.js";
import type { Seed } from "./world/seed.js";
import { Timeline } from "./world/timeline.js";
import { createWorld } from "./world/world.js";

export interface SimulatorOptions {
  readonly seed: Seed;
  readonly profile: Profile;
  /** Kept between starts; without it a folder that goes with the simulator, and blobs in memory. */
  readonly stateDirectory?: string;
  /** Pace of skips for a spectator. */
  readonly speed?: number;
  /** Divides Azure's durations, for clients that live in real time. */
  readonly scale: number;
}

export interface RunningSimulator {
  readonly control: string;
  readonly proxy: string;
  /** ARM without a proxy: `https://localhost:port`. */
  readonly direct: string;
  /** Every variable that a client process needs. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const ARM_AUDIENCES = ["https://management.azure.com", "https://management.core.windows.net"];

/** Puts the simulated Azure together and starts it. */
export async function startSimulator(options: SimulatorOptions): Promise<RunningSimulator> {
  const kept = options.stateDirectory;
  const directory = kept ?? (await mkdtemp(path.join(tmpdir(), "simulated-azure-")));
  await mkdir(directory, { recursive: true });

  const keeper = await startClockKeeper({
    file: path.join(directory, "clock.json"),
    ...(options.speed !== undefined && { speed: options.speed }),
    nextChangeAt: () => timeline.nextChangeAt(),
    inFlight: () => gateway.inFlight() + world.redisServers.working() + monitor.inFlight(),
  });
  const timeline = new Timeline(() => keeper.now());
  const durations = durationsOf(options.profile, options.scale);
  const redisServers = new RedisServers(timeline);
  await redisServers.prepare(addressesIn(options.seed));
  const world = createWorld(options.seed, timeline, durations, redisServers);
  const monitor = new Monitor(world);
  const faults = new FaultRegistry(world);
  const requests = new RequestLog();
  const held = new HeldAnswers();
  const copies = new Copies();
  keeper.onAdvance(() => {
    timeline.settle();
  });

  const directAudiences = (): string[] => [
    front.direct,
    front.direct.replace("localhost", "127.0.0.1"),
  ];
  const [authority, tokens] = await Promise.all([
    createCertificateAuthority(),
    createTokenAuthority(),
  ]);
  const streamTokens = createStreamTokens(() => world.timeOf("log-stream"));
  const identityHeader = randomBytes(16).toString("hex");
  const identity = identityEndpoint({
    header: identityHeader,
    tokens,
    world,
    extraAudiences: directAudiences,
  });
  const store = new BlobStore({ world, tokens, azurite: () => azurite });
  const journal = new Journal(store, () => timeline.now());
  const armTypes = [
    ...resourceTypes,
    ...containerAppTypes,
    ...roleAssignmentTypes,
    ...permissionTypes,
    ...alertResourceTypes,
    ...metricTypes,
    ...resourceHealthTypes,
    ...storageAccountTypes,
    ...cacheTypes,
    ...managedRedisTypes,
    ...vaultTypes,
    ...diagnosticSettingTypes,
    ...trafficManagerTypes,
    ...cdnTypes,
    ...registryTypes,
    ...workspaceTypes,
  ];
  const arm = armService({
    world,
    tokens,
    operations: [
      ...resourceOperations,
      ...resourceListOperations,
      ...providerOperations(armTypes),
      ...containerAppOperations(streamTokens),
      ...roleAssignmentOperations,
      ...permissionOperations,
      ...alertOperations,
      ...cacheOperations,
      ...managedRedisOperations,
      ...operationRoutes([...CACHE_API_VERSIONS, ...MANAGED_API_VERSIONS]),
      ...resourceHealthOperations,
      ...metricOperations([containerAppMetrics, trafficManagerMetrics]),
      ...storageAccountOperations(containerStore(store, journal)),
      ...vaultOperations,
      ...deletedVaultOperations,
      ...diagnosticSettingOperations,
      ...trafficManagerOperations,
      ...cdnOperations,
      ...registryOperations,
      ...workspaceOperations,
    ],
    types: armTypes,
    audiences: () => [...ARM_AUDIENCES, ...directAudiences()],
  });
  const blobs = blobService({
    world,
    tokens,
    store,
    copies,
    journal,
    secondary: new Secondary(journal, store),
  });
  const cache = new AppCache(world, registerDependencies(world));
  const files = new BlobRecords({ world, tokens, blobs });
  const gateway = createGateway({
    services: [
      arm,
      applicationService(
        world,
        { storage: files, redis: new RedisRecords(cache) },
        new McpServer(world, { cache, files }),
      ),
      logStreamService(world, streamTokens),
      logAnalyticsService(world, tokens),
      ingestionService(world, tokens),
      keyVaultService({ world, tokens }),
      blobs,
      edgeService({ world, tokens, blobs }),
      containerRegistryService({ world, tokens }),
    ],
    world,
    faults,
    requests,
    held,
  });

  world.settle();

  const startBlobs = (): Promise<Azurite> =>
    startAzurite({
      accounts: world.stores.names(),
      directory,
      inMemory: kept === undefined,
      authority,
      clock: keeper.environment(),
    });
  const caFile = path.join(directory, "ca.pem");
  const [front, identityServer, dns, started] = await Promise.all([
    startFront(gateway, authority, arm),
    startPlain(identity, gateway),
    startDns({
      world,
      requests,
      hosts: {
        exists: (host) => gateway.serviceFor(host) !== undefined,
        resolves: (host) => gateway.resolves(host),
      },
    }),
    startBlobs(),
    writeFile(caFile, authority.pem),
  ]);
  const azurite = started;
  redisServers.settle(
    await cacheSurroundings({
      authority,
      port: Number(new URL(front.direct).port),
      world,
      tokens,
      faults,
      requests,
    }),
  );
  await fillStores(store, world, options.seed, { kept: kept !== undefined });

  async function advancing(move: Promise<void>): Promise<void> {
    await redisServers.idle();
    await move;
    timeline.settle();
    await redisServers.idle();
  }

  const control = await startControlServer(
    controlRoutes({
      monitor,
      world,
      faults,
      requests,
      held,
      azuritePid: () => azurite.pid,
      clock: {
        movable: processClock() !== undefined,
        now: () => keeper.now(),
        offset: () => keeper.offset(),
        // Work on caches lasts real time: whoever moves the clock is to find it done.
        advanceTo: (instant) => advancing(keeper.advanceTo(instant)),
        advanceBy: (ms) => advancing(keeper.advanceBy(ms)),
      },
      reset: async (seed) => {
        monitor.forget();
        held.dropAll();
        faults.removeAll();
        const used = world.stores.taken();
        const next = seed ?? options.seed;
        await redisServers.prepare(addressesIn(next));
        world.load(next);
        requests.clear();
        copies.clear();
        dns.clear();
        await emptyStores(store, used);
        await fillStores(store, world, next, { kept: false });
      },
    }),
  );

  return {
    control: control.url,
    proxy: front.proxy,
    direct: front.direct,
    env: {
      HTTPS_PROXY: front.proxy,
      NO_PROXY: "127.0.0.1,localhost",
      NODE_USE_ENV_PROXY: "1",
      NODE_EXTRA_CA_CERTS: caFile,
      IDENTITY_ENDPOINT: `http://127.0.0.1:${identityServer.port}${TOKEN_PATH}`,
      IDENTITY_HEADER: identityHeader,
      AZURE_CLIENT_ID: options.seed.identities[0]?.clientId ?? "",
      AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential",
      DNS_AUTHORITATIVE: dns.authoritative.join(","),
      DNS_RESOLVERS: dns.resolvers.join(","),
      ...keeper.environment(),
    },
    close: async () => {
      held.dropAll();
      await Promise.all([
        control.close(),
        front.close(),
        identityServer.close(),
        dns.close(),
        azurite.close(),
        redisServers.close(),
        keeper.close(),
      ]);
      if (kept === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A service at a port of its own, without TLS. */
async function startPlain(
  service: Service,
  gateway: ReturnType<typeof createGateway>,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    void gateway.handle(service, incoming, outgoing, "http");
  });
  const port = await listen(server);
  return { port, close: () => closed(server) };
}
