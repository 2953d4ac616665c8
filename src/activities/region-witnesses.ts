import type { BlobCopies } from "../azure/blob-copies.js";
import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { HealthProbe } from "../azure/health-probe.js";
import type { KeyVaults } from "../azure/key-vault.js";
import type { RedisCaches } from "../azure/redis-caches.js";
import type { RedisConnections } from "../azure/redis-connection.js";
import type { PlatformHealth } from "../azure/resource-health.js";
import type { Secrets } from "../azure/secrets.js";
import type { StorageAccounts } from "../azure/storage-accounts.js";
import type { EndpointView, TrafficManagers } from "../azure/traffic-manager.js";
import type { Milliseconds } from "../domain/duration.js";
import { ownProbe, regionVerdict, type RegionLook } from "../domain/region-verdict.js";
import { shortNameOf } from "../domain/resource-id.js";
import type { Source } from "../domain/sources.js";
import { askApp, askCache, askStorage, askVault, seenOf } from "./region-silence.js";
import type { AskedWitnesses } from "./traffic.contract.js";

/** The ports through which a region is looked at, and those who have their own view of it. */
export interface WitnessPorts {
  readonly apps: ContainerApps;
  readonly health: HealthProbe;
  readonly caches: RedisCaches;
  readonly connectTo: RedisConnections;
  readonly vaults: KeyVaults;
  readonly secrets: Secrets;
  readonly accounts: StorageAccounts;
  readonly copies: BlobCopies;
  readonly traffic: TrafficManagers;
  readonly platformHealth: PlatformHealth;
  /** What one look may take, of however many calls it consists. */
  readonly probeTimeLimit: Milliseconds;
}

/** Asks everybody at once, each for no longer than a probe may take. */
export async function regionWitnesses(azure: WitnessPorts, asked: AskedWitnesses) {
  const endpoint = endpointOf(azure, asked);
  const [looks, ...others] = await Promise.all([
    ownLooks(azure, asked, endpoint),
    trafficManagerSays(azure, endpoint),
    serviceHealthSays(azure, asked),
    resourceHealthSays(azure, asked),
  ]);
  const sources = [ownProbe(looks), ...others];
  const count = (seen: RegionLook["seen"]): number =>
    looks.filter((look) => look.seen === seen).length;
  const verdict = regionVerdict(sources);
  return {
    sources,
    silent: count("silent"),
    answering: count("answers"),
    verdict,
    detail: `${asked.region} ${verdict}: ${sources.map(({ kind, says, detail }) => `${kind} ${says} (${detail})`).join("; ")}`,
  };
}

/** What a look at the app's endpoint brings; asked once for all who want to know. */
type AskedEndpoint = () => Promise<EndpointView | undefined>;

function endpointOf({ traffic }: WitnessPorts, { traffic: wanted }: AskedWitnesses): AskedEndpoint {
  let asked: Promise<EndpointView | undefined> | undefined;
  return () => {
    asked ??= (async () => {
      if (wanted === undefined) return undefined;
      const profile = await traffic.profile(wanted.profile);
      return profile?.endpoints.find(
        ({ name, type }) =>
          type === wanted.type && name.toLowerCase() === wanted.endpoint.toLowerCase(),
      );
    })();
    return asked;
  };
}

async function ownLooks(
  azure: WitnessPorts,
  { region, app, health: rule, fqdn, cache, vault, storage }: AskedWitnesses,
  endpoint: AskedEndpoint,
): Promise<readonly RegionLook[]> {
  const look = async (
    service: string,
    ask: () => Promise<RegionLook["seen"] | undefined>,
  ): Promise<RegionLook> => ({
    service,
    isApp: service === "the app",
    seen: await seenOf(() => atMost(azure.probeTimeLimit, ask)),
  });
  return Promise.all([
    look("the app", async () => {
      // Resource Manager cannot say it while the region is down; Traffic Manager stands in none.
      const led = fqdn ?? (await endpoint().catch(() => undefined))?.target;
      const host = led ?? (await azure.apps.app(app)).fqdn;
      if (host === undefined) return "elsewhere";
      return askApp(azure.health, { fqdn: host, rule });
    }),
    ...(cache === undefined
      ? []
      : [look("the cache", () => askCache(azure.caches, azure.connectTo, region, cache))]),
    ...(vault === undefined ? [] : [look("the vault", () => askVault(azure, region, vault))]),
    ...(storage === undefined
      ? []
      : [look("the storage account", () => askStorage(azure, region, storage))]),
  ]);
}

function trafficManagerSays(azure: WitnessPorts, endpoint: AskedEndpoint): Promise<Source> {
  return saying("traffic-manager", azure.probeTimeLimit, async () => {
    const seen = await endpoint();
    if (seen === undefined) return { says: "unknown", detail: "not asked" };
    const { enabled, monitorStatus, name } = seen;
    const detail = `${name} is ${monitorStatus}`;
    if (!enabled) return { says: "unknown", detail };
    if (monitorStatus === "Online") return { says: "well", detail };
    return { says: monitorStatus === "Degraded" ? "failed" : "unknown", detail };
  });
}

/** That nothing is announced says little: announcements are written by people. */
function serviceHealthSays(
  { platformHealth, probeTimeLimit }: WitnessPorts,
  { subscription, region }: AskedWitnesses,
): Promise<Source> {
  return saying("service-health", probeTimeLimit, async () => {
    const issues = await platformHealth.serviceIssues(subscription, region);
    return issues.length === 0
      ? { says: "unknown", detail: "nothing is announced" }
      : { says: "failed", detail: issues.map(({ title }) => title).join(", ") };
  });
}

/** One resource alone may fail by itself; most of them do not. */
function resourceHealthSays(
  { platformHealth, probeTimeLimit }: WitnessPorts,
  { app, cache, vault, storage }: AskedWitnesses,
): Promise<Source> {
  return saying("resource-health", probeTimeLimit, async () => {
    const ids = [app, cache, vault, storage?.id].flatMap((id) => id ?? []);
    const seen = await Promise.all(
      ids.map(async (id) => ({ id, state: (await platformHealth.availability(id)).state })),
    );
    const known = seen.filter(({ state }) => state !== "unknown");
    const ill = known.filter(({ state }) => state !== "available");
    const detail =
      ill.length === 0
        ? `${known.length} of ${ids.length} available`
        : ill.map(({ id, state }) => `${shortNameOf(id)} ${state}`).join(", ");
    if (ill.length * 2 > known.length) return { says: "failed", detail };
    return { says: ill.length === 0 && known.length > 0 ? "well" : "unknown", detail };
  });
}

/** A witness who cannot be heard says nothing, and holds up nobody. */
async function saying(
  kind: Source["kind"],
  limit: Milliseconds,
  ask: () => Promise<Omit<Source, "kind">>,
): Promise<Source> {
  try {
    return { kind, ...(await atMost(limit, ask)) };
  } catch (error) {
    const failure = classifyError(error);
    if (failure === null) throw error;
    return { kind, says: "unknown", detail: `${failure.code}: ${failure.message}`.slice(0, 120) };
  }
}

/** What takes longer goes on by itself, and nobody waits for it. */
async function atMost<T>(limit: Milliseconds, ask: () => Promise<T>): Promise<T> {
  const over = AbortSignal.timeout(limit);
  const tooLate = new Promise<never>((_resolve, reject) => {
    over.addEventListener("abort", () => {
      reject(over.reason as Error);
    });
  });
  return Promise.race([ask(), tooLate]);
}
