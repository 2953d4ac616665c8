import type { CacheChanges } from "../azure/cache-changes.js";
import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps, ContainerAppView } from "../azure/container-apps.js";
import type { Edges } from "../azure/edges.js";
import type { HealthProbe } from "../azure/health-probe.js";
import type { RedisCaches } from "../azure/redis-caches.js";
import type { Secrets } from "../azure/secrets.js";
import type { StorageAccounts } from "../azure/storage-accounts.js";
import type { TrafficManagers } from "../azure/traffic-manager.js";
import { hostOf } from "../domain/address.js";
import type { FrontDoor } from "../domain/estate.js";
import { terminal } from "../domain/failure.js";
import type { AppConfiguration } from "../domain/readiness/app-drift.js";
import { shortNameOf } from "../domain/resource-id.js";
import { sha256 } from "../state/hash.js";
import type { observeDrilled } from "./drill.contract.js";
import type { Drilled } from "./drilled.js";

/** What the state of a region's drill is read from. */
export interface RegionPorts {
  readonly apps: ContainerApps;
  readonly health: HealthProbe;
  readonly secrets: Secrets;
  readonly caches: RedisCaches;
  readonly changes: Pick<CacheChanges, "links">;
  readonly traffic: TrafficManagers;
  readonly accounts: Pick<StorageAccounts, "account">;
  readonly edges: Pick<Edges, "edge">;
}

type Region = Extract<Parameters<typeof observeDrilled.task>[2], { what: "region" }>;
type Fields = Record<string, string>;

/** Where users are led, and all that a recovery of the region and its failback change on the way. */
export async function regionState(azure: RegionPorts, wanted: Region): Promise<Drilled> {
  const { front, edge, caches, accounts } = wanted;
  const [users, apps, ...rest] = await Promise.all([
    endpointsOf(azure.traffic, front),
    Promise.all(wanted.apps.map((side) => appOf(azure, side))),
    ...caches.map((cache) => cacheOf(azure, cache)),
    ...accounts.map((account) => accountOf(azure, account)),
    edge === undefined ? {} : originsOf(azure.edges, edge),
  ]);
  const [used] = apps;
  const cache = await cacheInUse(azure.secrets, used, wanted.connectionSecret);
  const parts = [users.fields, ...apps.map((app) => app.fields), cache, ...rest];
  return {
    steady: users.atHome && apps.every(({ answers }) => answers),
    fields: Object.fromEntries(parts.flatMap((part) => Object.entries<string>(part))),
    detail: apps.map(({ detail }) => detail).join("; "),
  };
}

async function endpointsOf(
  traffic: TrafficManagers,
  { profile: id, primaryEndpoint }: Region["front"],
) {
  const profile = await traffic.profile(id);
  if (profile === undefined) throw terminal("profile-missing", `${id} does not exist`);
  const { endpoints } = profile;
  const fields: Fields = {};
  for (const { name, enabled, target, priority } of endpoints) {
    fields[`endpoint ${name}`] = enabled ? "enabled" : "disabled";
    fields[`endpoint ${name} leads to`] =
      `${target ?? "another profile"}, priority ${priority ?? "none"}`;
  }
  const atHome = endpoints.some(({ name, enabled }) => name === primaryEndpoint && enabled);
  return { fields, atHome };
}

/** An app of one side, and whether it answers. */
async function appOf({ apps, health }: RegionPorts, { app: id, rule }: Region["apps"][number]) {
  const [app, configuration] = await Promise.all([apps.app(id), apps.configuration(id)]);
  const probe = app.fqdn === undefined ? undefined : await health.probe(app.fqdn, rule);
  const answers = probe?.status !== undefined;
  const { name, variables, images, minReplicas } = app;
  const { KEY_VAULT_URL: vault = "none", STORAGE_ACCOUNT_URL: storage = "none" } = variables;
  return {
    app,
    answers,
    fields: {
      [`${name} vault`]: vault,
      [`${name} storage`]: storage,
      [`${name} images`]: images.join(", "),
      [`${name} replicas`]: `${minReplicas} to ${configuration.maxReplicas}`,
      [`${name} answers`]: String(answers),
      ...toldTo(configuration),
    },
    detail: `${name}: ${probe?.detail ?? "no ingress"}`,
  };
}

/** The variables and secrets of an app: what they refer to, never what a secret holds. */
function toldTo({ name: app, containers, secrets }: AppConfiguration): Fields {
  const fields: Fields = {};
  for (const { name: container, variables } of containers) {
    for (const { name, value, secret } of variables) {
      const is = secret === undefined ? inWords(value ?? "") : `from the secret ${secret}`;
      fields[`${app} container ${container} variable ${name}`] = is;
    }
  }
  for (const { name, refersTo, vault = "its vault" } of secrets) {
    fields[`${app} secret ${name}`] =
      refersTo === undefined ? "a value of its own" : `${refersTo} of ${vault}`;
  }
  return fields;
}

/** An address by its host; whatever may be secret, be it in what follows a host, by its hash. */
function inWords(value: string): string {
  if (value === "") return "empty";
  const hash = `hash ${sha256(value).slice(0, 16)}`;
  if (!/^https?:/.test(value) || !URL.canParse(value)) return hash;
  const { host, href, origin } = new URL(value);
  return href.replace(/\/$/, "") === origin ? host : `${host}, ${hash}`;
}

/**
 * Which cache the app that users have is told to use. The standby's vault is not asked: every recovery
 * writes there anew which cache its app is to use, and nobody brings back what stood there before.
 */
async function cacheInUse(
  secrets: Secrets,
  used: { readonly app: ContainerAppView } | undefined,
  secret: string,
): Promise<Fields> {
  const vault = used?.app.variables["KEY_VAULT_URL"];
  if (used === undefined || vault === undefined) return {};
  const found = await secrets.value(vault, secret).catch((error: unknown) => {
    if (classifyError(error)?.class === "terminal") return undefined;
    throw error;
  });
  // Host and port; the key comes after the first comma.
  const [address = ""] = (found?.value ?? "").split(",");
  const cache = /^[a-z0-9.-]+(:\d+)?$/i.test(address.trim())
    ? address.trim().toLowerCase()
    : "unknown";
  return { [`${used.app.name} cache`]: cache };
}

async function cacheOf({ caches, changes }: RegionPorts, id: string): Promise<Fields> {
  const view = await caches.cache(id);
  const field = `cache ${shortNameOf(id)}`;
  if (view === undefined) return { [field]: "absent" };
  const links = await changes.links(id);
  const linked = links.map(({ other, role }) => `${role} with ${shortNameOf(other)}`).sort();
  return {
    [field]: "there",
    [`${field} links`]: linked.join(", ") || "none",
    [`${field} persistence`]: view.persistence,
  };
}

async function accountOf({ accounts }: RegionPorts, id: string): Promise<Fields> {
  const view = await accounts.account(id);
  const field = `account ${shortNameOf(id)}`;
  if (view === undefined) return { [field]: "absent" };
  return { [field]: `${view.sku}, written in ${view.primaryLocation}` };
}

/** Where the edge leads users. A header that an origin lacks is its endpoint's. */
async function originsOf(edges: RegionPorts["edges"], place: FrontDoor): Promise<Fields> {
  const view = await edges.edge(place);
  const edge = `edge ${shortNameOf(place.profile)}`;
  if (view === undefined) return { [edge]: "absent" };
  const common = view.endpoints[0]?.hostHeader;
  return Object.fromEntries(
    view.origins.map(({ name, hostName, hostHeader = common, enabled }) => [
      `${edge} origin ${name}`,
      `${hostOf(hostName)} as ${hostHeader ?? "what users ask for"}, ${enabled ? "enabled" : "disabled"}`,
    ]),
  );
}
