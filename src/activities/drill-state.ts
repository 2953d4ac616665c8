import { randomBytes } from "node:crypto";
import type { CacheChanges } from "../azure/cache-changes.js";
import { classifyError } from "../azure/classify-error.js";
import type { RedisConnections } from "../azure/redis-connection.js";
import type { Secrets } from "../azure/secrets.js";
import { seconds } from "../domain/duration.js";
import type { HealthRule } from "../domain/estate.js";
import { terminal } from "../domain/failure.js";
import type { Activity } from "../durable/activity-contract.js";
import { sha256 } from "../state/hash.js";
import type { StateStore } from "../state/state-store.js";
import { probeCache } from "./cache-probe.js";
import { servingRevisions } from "./container-app.js";
import * as contract from "./drill.contract.js";
import type { Drilled } from "./drilled.js";
import { regionState, type RegionPorts } from "./drill-region-state.js";
import { ensure } from "./ensure.js";

/** What the state of drilled things is read from. */
export interface DrilledPorts extends RegionPorts {
  readonly changes: CacheChanges;
}

/** Reading one's own write of a secret. */
const secretSettling = seconds(10);

/** What a drill compares before and after: everything of the thing that it could leave behind. */
export function drillStateActivities(
  azure: DrilledPorts,
  connectTo: RedisConnections,
  store: StateStore,
): readonly Activity[] {
  const { secrets } = azure;
  return [
    contract.observeDrilled.implementedBy(classifyError, async (wanted, { caller }) => {
      switch (wanted.what) {
        case "app":
          return appState(azure, wanted);
        case "secret":
          return secretState(secrets, wanted);
        case "cache":
          return cacheState(azure, connectTo, wanted.cache, caller);
        case "region":
          return regionState(azure, wanted);
      }
    }),

    contract.makeTestSecret.implementedBy(classifyError, ({ vault, address, secret }, context) =>
      ensure(store, context, contract.makeTestSecret, {
        resource: vault,
        plan: () => ({ changed: true, detail: `would make ${secret}` }),
        onRepeat: "repeat",
        settling: secretSettling,
        observe: async () => {
          if ((await secrets.versions(address, secret)).length > 0) {
            return { changed: false, detail: `${secret} is there` };
          }
          if ((await secrets.deleted(address, secret)) === undefined) return undefined;
          throw terminal(
            "secret-deleted",
            `${secret} is in soft deletion; recover it, or name another one as drills.testSecret`,
          );
        },
        act: async () => {
          await secrets.set(address, secret, randomBytes(32).toString("base64url"), {
            contentType: "text/plain",
            enabled: true,
            notBeforeAt: undefined,
            expiresAt: undefined,
            tags: { purpose: "disaster-recovery drills; nothing reads it" },
          });
          return { changed: true, detail: `made ${secret}` };
        },
      }),
    ),
  ];
}

async function appState(
  { apps, health }: DrilledPorts,
  { app: id, rule }: { readonly app: string; readonly rule: HealthRule },
): Promise<Drilled> {
  const [app, revisions, { containers, scaleRules, ingress, ...rest }] = await Promise.all([
    apps.app(id),
    apps.revisions(id),
    apps.configuration(id),
  ]);
  const serving = servingRevisions(app, revisions);
  const probe = app.fqdn === undefined ? undefined : await health.probe(app.fqdn, rule);
  const [revision] = serving;
  const isOne = serving.length === 1;
  const said = probe?.detail ?? "it has no ingress";
  return {
    steady: isOne && probe?.healthy === true && app.provisioningState === "Succeeded",
    ...(isOne && revision !== undefined ? { revision } : {}),
    fields: {
      mode: app.mode,
      "serving revisions": serving.join(", "),
      "active revisions": revisions
        .filter(({ active }) => active)
        .map(({ name }) => name)
        .sort()
        .join(", "),
      revisions: revisions
        .map(({ name }) => name)
        .sort()
        .join(", "),
      traffic: app.traffic
        .map(({ revision: to, latest, weight }) => `${latest ? "latest" : (to ?? "")} ${weight}`)
        .join(", "),
      replicas: `${rest.minReplicas} to ${rest.maxReplicas}`,
      images: app.images.join(", "),
      // Values of variables may be secret; they are compared by hash.
      template: sha256(JSON.stringify({ containers, scaleRules })).slice(0, 16),
      ingress: sha256(JSON.stringify(ingress)).slice(0, 16),
      "provisioning state": app.provisioningState,
      health: probe?.healthy === true ? "healthy" : said,
    },
    detail: `${app.name}: ${serving.join(", ") || "nothing"} serves; ${said}`,
  };
}

async function secretState(
  secrets: Secrets,
  { address, secret }: { readonly address: string; readonly secret: string },
): Promise<Drilled> {
  const found = await secrets.value(address, secret);
  const versions = await secrets.versions(address, secret);
  const deleted = await secrets.deleted(address, secret);
  const fields = {
    secret: found === undefined ? "absent" : "there",
    version: found?.version ?? "none",
    versions: String(versions.length),
    value: found === undefined ? "none" : sha256(found.value).slice(0, 16),
    enabled: String(found?.enabled ?? false),
    "content type": found?.contentType ?? "none",
    tags: JSON.stringify(Object.entries(found?.tags ?? {}).sort()),
    "in soft deletion": String(deleted !== undefined),
  };
  return {
    steady: found !== undefined,
    fields,
    detail:
      found === undefined
        ? `${secret} is not there`
        : `${secret} can be read, version ${found.version}`,
  };
}

async function cacheState(
  azure: DrilledPorts,
  connectTo: RedisConnections,
  cache: string,
  caller: { readonly run: string; readonly mode: "execute" | "plan" },
): Promise<Drilled> {
  const [view, probe, links] = await Promise.all([
    azure.caches.cache(cache),
    probeCache(azure, connectTo, { cache }, caller),
    azure.changes.links(cache),
  ]);
  return {
    steady: probe.verdict === "well" && view?.provisioningState === "Succeeded",
    fields: {
      tier: view?.tier ?? "none",
      "provisioning state": view?.provisioningState ?? "none",
      address: view === undefined ? "none" : `${view.host}:${view.port}`,
      persistence: view?.persistence ?? "none",
      links: links.map(({ other, role }) => `${role} of ${other}`).join(", "),
      probe: probe.verdict,
    },
    detail: probe.detail,
  };
}
