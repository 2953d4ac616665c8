import { roleGuid } from "../access/role-guid.js";
import { isWithin } from "../arm/resource-id.js";
import type { Refusal } from "../server/refusal.js";
import type { ServiceName } from "../server/service.js";
import { regionOf } from "../world/names.js";
import { type Condition, findRole } from "./catalogue.js";
import { cacheRefused } from "./refusals.js";

export type Plane = "control" | "data" | "dns";

/** What is wrong at the moment, as the services ask for it. */
export class Conditions {
  readonly #active = new Map<string, Condition>();

  begin(fault: string, condition: Condition): void {
    this.#active.set(fault, condition);
  }

  /** True where it was in force. */
  end(fault: string): boolean {
    return this.#active.delete(fault);
  }

  /** Whether images cannot be pulled for an app. */
  isRegistryDown(app: { readonly id: string; readonly region: string }): boolean {
    return this.#of("registry-down").some(({ resource, region }) =>
      resource === undefined ? sameRegion(region, app.region) : isWithin(app.id, resource),
    );
  }

  /** Whether an assignment of a role is as if it were not there, for a demand at a scope. */
  isRoleMissing(roleDefinitionId: string, scope: string): boolean {
    return this.#of("role-missing").some(
      ({ resource, role }) =>
        (resource === undefined || isWithin(scope, resource)) &&
        (role === undefined || findRole(role) === roleGuid(roleDefinitionId)),
    );
  }

  isDown(plane: Plane, region: string | undefined): boolean {
    if (region === undefined) return false;
    const whole = this.#of("region-down").some(
      (down) =>
        sameRegion(down.region, region) &&
        (down.planes === undefined || down.planes.includes(plane)),
    );
    return (
      whole ||
      (plane === "control" &&
        this.#of("control-plane-down").some((down) => sameRegion(down.region, region)))
    );
  }

  /** What Azure says to whoever wants a new cache, if it makes none. */
  cacheRefusal(id: string, region: string): Refusal | undefined {
    const refused = this.#of("cache-refused").find(
      (one) =>
        (one.resource === undefined || isWithin(id, one.resource)) &&
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

function sameRegion(a: string | undefined, b: string): boolean {
  return a !== undefined && regionOf(a) === regionOf(b);
}
