import type { armRest } from "../../src/azure/arm-rest.js";
import type { BlobPlace, blobCopies } from "../../src/azure/blob-copies.js";
import type { BlobContainer } from "../../src/azure/blob-container.js";
import type { ContainerRegistries } from "../../src/azure/container-registries.js";
import type { DataExports } from "../../src/azure/data-exports.js";
import type { LogQueries } from "../../src/azure/log-queries.js";
import type { diagnosticSettings } from "../../src/azure/diagnostic-settings.js";
import type { CacheChanges } from "../../src/azure/cache-changes.js";
import type { CacheFiles } from "../../src/azure/cache-files.js";
import type { Edges } from "../../src/azure/edges.js";
import type { PublicAssets } from "../../src/azure/public-assets.js";
import type { keyVaults } from "../../src/azure/key-vault.js";
import type { RedisCaches } from "../../src/azure/redis-caches.js";
import type { RequestMetrics } from "../../src/azure/request-metrics.js";
import type { PlatformHealth } from "../../src/azure/resource-health.js";
import type { keyVaultSecrets } from "../../src/azure/secrets.js";
import type { storageAccounts } from "../../src/azure/storage-accounts.js";
import type { TrafficManagers } from "../../src/azure/traffic-manager.js";
import { ClassifiedError, type Failure } from "../../src/domain/failure.js";
import type { RunTelemetry } from "../../src/domain/telemetry.js";
import { startJsonLinesProcess } from "./json-lines-process.js";

/** A port as it is seen from another process: pages come all at once, and errors as they are classified. */
type Remote<Port> = {
  readonly [Method in keyof Port]: Port[Method] extends (
    ...args: infer Arguments
  ) => AsyncIterable<infer Page>
    ? (...args: Arguments) => Promise<Page[]>
    : Port[Method];
};

interface Ports {
  readonly arm: ReturnType<typeof armRest>;
  /** The container of the service's own state. */
  readonly state: BlobContainer;
  /** The container of backup sets. */
  readonly sets: BlobContainer;
  readonly keyVaults: ReturnType<typeof keyVaults>;
  readonly secrets: ReturnType<typeof keyVaultSecrets>;
  readonly redisCaches: RedisCaches;
  readonly cacheChanges: CacheChanges;
  readonly cacheFiles: CacheFiles;
  readonly storageAccounts: ReturnType<typeof storageAccounts>;
  readonly blobCopies: ReturnType<typeof blobCopies>;
  readonly edges: Edges;
  readonly publicAssets: PublicAssets;
  /** The same with limits so low that a test reaches them. */
  readonly smallCopies: ReturnType<typeof blobCopies>;
  /** Blobs of any account that the service has a role at. */
  readonly anyBlob: {
    text(place: BlobPlace): Promise<string | undefined>;
    write(place: BlobPlace, text: string): Promise<void>;
  };
  readonly containerRegistries: ContainerRegistries;
  readonly dataExports: DataExports;
  readonly logs: LogQueries;
  readonly diagnosticSettings: ReturnType<typeof diagnosticSettings>;
  readonly trafficManagers: TrafficManagers;
  readonly platformHealth: PlatformHealth;
  readonly requestMetrics: RequestMetrics;
  /** Tells the component of the service. */
  readonly runTelemetry: RunTelemetry;
}

/** The ports of the compiled app, in a process of their own. */
export type AzurePorts = { readonly [Name in keyof Ports]: Remote<Ports[Name]> } & {
  stop(): Promise<void>;
};

export async function startAzurePorts(
  environment: Readonly<Record<string, string>>,
): Promise<AzurePorts> {
  const child = await startJsonLinesProcess("port-runner.cjs", environment);
  const remote = <Name extends keyof Ports>(port: Name): Remote<Ports[Name]> =>
    new Proxy({} as Remote<Ports[Name]>, {
      get:
        (_target, method) =>
        async (...args: unknown[]) => {
          const question = { port, method: String(method), args: args.map(encode) };
          const { answer, failure } = await child.ask(question);
          if (failure !== undefined) throw new ClassifiedError(failure as Failure);
          return decode(answer);
        },
    });
  return {
    arm: remote("arm"),
    state: remote("state"),
    sets: remote("sets"),
    keyVaults: remote("keyVaults"),
    secrets: remote("secrets"),
    redisCaches: remote("redisCaches"),
    cacheChanges: remote("cacheChanges"),
    cacheFiles: remote("cacheFiles"),
    storageAccounts: remote("storageAccounts"),
    blobCopies: remote("blobCopies"),
    edges: remote("edges"),
    publicAssets: remote("publicAssets"),
    smallCopies: remote("smallCopies"),
    anyBlob: remote("anyBlob"),
    containerRegistries: remote("containerRegistries"),
    dataExports: remote("dataExports"),
    logs: remote("logs"),
    diagnosticSettings: remote("diagnosticSettings"),
    trafficManagers: remote("trafficManagers"),
    platformHealth: remote("platformHealth"),
    requestMetrics: remote("requestMetrics"),
    runTelemetry: remote("runTelemetry"),
    stop: () => child.kill(),
  };
}

function encode(value: unknown): unknown {
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value;
}

function decode(value: unknown): unknown {
  const base64 = (value as { base64?: unknown } | null | undefined)?.base64;
  return typeof base64 === "string" ? Uint8Array.from(Buffer.from(base64, "base64")) : value;
}
