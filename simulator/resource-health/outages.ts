import { keyOf } from "../arm/resource-id.js";
import type { FaultOrder } from "../faults/catalogue.js";
import { regionOf } from "../world/names.js";
import { displayNameOf } from "../world/region-names.js";

/** Something of the platform that is out of order, as the platform itself will find it. */
export interface Outage {
  /** One resource, or all that its services have in a region; with both, the resource while it is served from there. */
  readonly resource: string | undefined;
  readonly region: string | undefined;
  /** The types whose resources do not serve. Settings that cannot be changed make no resource unavailable. */
  readonly types: readonly string[];
  /** The services that an announcement names; none where a single resource is struck. */
  readonly services: readonly string[];
  readonly summary: string;
}

/** What has been out of order, and since when; `until` is undefined where it still is. */
export interface KnownOutage extends Outage {
  readonly id: string;
  readonly from: number;
  readonly until: number | undefined;
}

const APPS = "microsoft.app/containerapps";
const VAULTS = "microsoft.keyvault/vaults";
const ACCOUNTS = "microsoft.storage/storageaccounts";
const CACHES = ["microsoft.cache/redis", "microsoft.cache/redisenterprise"];

const SERVICES = ["Azure Container Apps", "Azure Cache for Redis", "Key Vault", "Storage"];

/** The outage that a fault stands for; undefined where it is not the platform that fails. */
export function outageOf(order: FaultOrder): Outage | undefined {
  switch (order.name) {
    case "region-down":
    case "control-plane-down": {
      const planes: readonly string[] =
        order.name === "region-down" ? (order.planes ?? ["control", "data", "dns"]) : ["control"];
      const serves = !planes.includes("data") && !planes.includes("dns");
      const manages = !planes.includes("control");
      return {
        resource: undefined,
        region: order.region,
        types: serves ? [] : [APPS, VAULTS, ACCOUNTS, ...CACHES],
        services: [...(serves ? [] : SERVICES), ...(manages ? [] : ["Azure Resource Manager"])],
        summary: `Customers may be unable to reach resources in ${displayNameOf(order.region)}.`,
      };
    }
    case "vault-unavailable":
      return {
        resource: order.resource,
        region: order.region,
        types: [VAULTS],
        services: order.region === undefined ? [] : ["Key Vault"],
        summary: "Requests to the vault fail.",
      };
    case "storage-unavailable":
      return {
        resource: order.resource,
        region: order.region,
        types: [ACCOUNTS],
        services: [],
        summary: "Requests to the storage account fail.",
      };
    case "redis-down":
    case "redis-reboot-does-not-help":
      return {
        resource: order.resource,
        region: undefined,
        types: CACHES,
        services: [],
        summary: "Connections to the cache fail.",
      };
    default:
      return undefined;
  }
}

/** What the platform knows of its own outages, and when it came to know. */
export class Outages {
  #known: (KnownOutage & { readonly isFelt: () => boolean })[] = [];

  /** `isFelt` says whether it still strikes: a reboot or a failover may have ended it. */
  begin(id: string, outage: Outage | undefined, from: number, isFelt: () => boolean): void {
    if (outage) this.#known.push({ ...outage, id, from, until: undefined, isFelt });
  }

  end(id: string, at: number): void {
    this.#known = this.#known.map((one) =>
      one.id === id && one.until === undefined ? { ...one, until: at } : one,
    );
  }

  clear(): void {
    this.#known = [];
  }

  /**
   * What has been found by an instant, each finding so long after it was so. What was over before anybody
   * had found it stays unknown.
   */
  foundBy(now: number, delay: number): readonly KnownOutage[] {
    return this.#known.flatMap(({ isFelt, ...known }) => {
      const { from, until } = known;
      if (from + delay > now || (until ?? Infinity) < from + delay) return [];
      if (until !== undefined)
        return [{ ...known, until: until + delay > now ? undefined : until }];
      return isFelt() ? [known] : [];
    });
  }
}

/** Whether an outage strikes a resource of a type in a region. */
export function isStruck(
  { id, type, region }: { readonly id: string; readonly type: string; readonly region: string },
  outage: Outage,
): boolean {
  return (
    outage.types.includes(keyOf(type)) &&
    (outage.resource === undefined || keyOf(outage.resource) === keyOf(id)) &&
    (outage.region === undefined || regionOf(outage.region) === regionOf(region))
  );
}
