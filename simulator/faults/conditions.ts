import { roleGuid } from "../access/role-guid.js";
import { isWithin, keyOf } from "../arm/resource-id.js";
import type { DnsServerName } from "../dns/server-names.js";
import type { Refusal } from "../server/refusal.js";
import type { ServiceName } from "../server/service.js";
import { regionOf } from "../world/names.js";
import { type Condition, findRole } from "./catalogue.js";
import { cacheRefused } from "./refusals.js";

export type Plane = "control" | "data" | "dns";
export type StorageTrouble = NonNullable<
  Extract<Condition, { name: "storage-unavailable" }>["answer"]
>;

/** A storage account and where its primary is. */
interface Placed {
  readonly id: string;
  readonly primaryLocation: string;
}

/** A resource and the region it is in. */
interface Place {
  readonly id: string;
  readonly region: string;
}

/** What is wrong at the moment, as the services ask for it. */
export class Conditions {
  readonly #active = new Map<string, Condition>();
  readonly #since = new Map<string, number>();

  begin(fault: string, condition: Condition, at: number): void {
    this.#active.set(fault, condition);
    this.#since.set(fault, at);
  }

  /** True where it was in force. */
  end(fault: string): boolean {
    this.#since.delete(fault);
    return this.#active.delete(fault);
  }

  /** Whether images cannot be pulled for an app. */
  isRegistryDown(app: Place): boolean {
    return this.#of("registry-down").some((order) => isMeant(order, app));
  }

  /** Whether an assignment of a role is as if it were not there, for a demand at a scope. */
  isRoleMissing(roleDefinitionId: string, scope: string): boolean {
    return this.#of("role-missing").some(
      ({ resource, role }) =>
        (resource === undefined || isWithin(scope, resource)) &&
        (role === undefined || findRole(role) === roleGuid(roleDefinitionId)),
    );
  }

  /** What the data plane of a storage account answers instead of its data, where its primary is. */
  storageTrouble(account: Placed): StorageTrouble | undefined {
    const found = this.#of("storage-unavailable").find((trouble) => strikes(trouble, account));
    return found && (found.answer ?? "server-busy");
  }

  /** Whether nothing is copied to the other region of a storage account. */
  isReplicationStalled(account: Placed): boolean {
    return this.#of("replication-stalled").some((stall) => strikes(stall, account));
  }

  isDown(plane: Plane, region: string | undefined): boolean {
    return this.downSince(plane, region) !== undefined;
  }

  /** Since when a plane of a region is down; undefined where it is not. */
  downSince(plane: Plane, region: string | undefined): number | undefined {
    if (region === undefined) return undefined;
    const since: number[] = [];
    for (const [fault, condition] of this.#active) {
      if (strikesPlane(condition, plane, region)) since.push(this.#since.get(fault) ?? 0);
    }
    return since.length === 0 ? undefined : Math.min(...since);
  }

  /** Whether the service lets nobody change a vault or its secrets. */
  isVaultReadOnly(vault: Place): boolean {
    return this.#of("vault-read-only").some((order) => isMeant(order, vault));
  }

  /** Whether connections to a vault's data plane are cut. */
  isVaultUnavailable(vault: Place): boolean {
    return this.#of("vault-unavailable").some((order) => isMeant(order, vault));
  }

  /** Whether the edge of a Front Door or CDN profile learns of no change and forgets nothing. */
  isEdgeStale(profile: string): boolean {
    return this.#of("edge-stale").some(({ resource }) => isWithin(profile, resource));
  }

  isDnsDown(server: DnsServerName): boolean {
    return this.#of("dns-down").some((down) => (down.server ?? server) === server);
  }

  /** Whether a resolver goes on answering with what it has. */
  isResolverStale(server: DnsServerName): boolean {
    return this.#of("resolver-stale").some((stale) => stale.server === server);
  }

  /** What Azure says to whoever wants a new cache, if it makes none. */
  cacheRefusal(id: string, region: string): Refusal | undefined {
    const refused = this.#of("cache-refused").find(
      (one) =>
        (one.resource === undefined || isWithin(id, one.resource)) &&
        (one.kind === undefined || (one.kind === "managed") === /\/redisEnterprise\//i.test(id)) &&
        (one.region === undefined || sameRegion(one.region, region)),
    );
    return refused && cacheRefused(refused.code);
  }

  /** By how many milliseconds a service's clock is wrong. */
  clockOffsetOf(service: ServiceName): number {
    return this.#of("clock-of-service-off")
      .filter((off) => off.service === service)
      .reduce((sum, { seconds }) => sum + seconds * 1000, 0);
  }

  #of<N extends Condition["name"]>(name: N): Extract<Condition, { name: N }>[] {
    return [...this.#active.values()].filter(
      (condition): condition is Extract<Condition, { name: N }> => condition.name === name,
    );
  }
}

function strikesPlane(condition: Condition, plane: Plane, region: string): boolean {
  switch (condition.name) {
    case "region-down":
      return (
        sameRegion(condition.region, region) &&
        (condition.planes === undefined || condition.planes.includes(plane))
      );
    case "control-plane-down":
      return plane === "control" && sameRegion(condition.region, region);
    default:
      return false;
  }
}

/** Whether a condition of one resource or of a whole region covers a place. */
function isMeant(
  order: { readonly resource?: string | undefined; readonly region?: string | undefined },
  { id, region }: Place,
): boolean {
  return order.resource === undefined
    ? sameRegion(order.region, region)
    : isWithin(id, order.resource);
}

/** What befell an account in a region is over for it once it has moved to another one. */
function strikes(
  { resource, region }: { readonly resource: string; readonly region?: string | undefined },
  { id, primaryLocation }: Placed,
): boolean {
  return (
    keyOf(resource) === keyOf(id) && (region === undefined || sameRegion(region, primaryLocation))
  );
}

function sameRegion(a: string | undefined, b: string): boolean {
  return a !== undefined && regionOf(a) === regionOf(b);
}
