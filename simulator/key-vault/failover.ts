import { pairOf } from "../world/geographies.js";
import type { World } from "../world/world.js";
import type { Vault } from "./state.js";

export interface Serving {
  readonly region: string;
  /** Nothing can be changed, neither secrets nor the vault's own settings. */
  readonly readOnly: boolean;
}

/**
 * Where a vault is served from. The service copies vaults to the paired region and, some minutes into an outage of
 * their own, serves them from there, read-only, until it is back. Regions without a pair in their geography have none.
 */
export function servedFrom(vault: Vault, world: World): Serving {
  const { conditions, timeline, durations } = world;
  const since = conditions.downSince("data", vault.region);
  const pair = pairOf(vault.region);
  if (since !== undefined && pair !== undefined) {
    const over = timeline.now() - since >= durations.vaultFailover;
    if (over) return { region: pair, readOnly: true };
  }
  return { region: vault.region, readOnly: conditions.isVaultReadOnly(vault) };
}

/** Plans the failover of the vaults in each region that has just gone down, so that it comes at its own instant. */
export function planFailovers(world: World): void {
  const { conditions, timeline, durations, vaults } = world;
  const now = timeline.now();
  const regions = new Set([...vaults.live.values()].map(({ region }) => region));
  for (const region of regions) {
    if (conditions.downSince("data", region) !== now || pairOf(region) === undefined) continue;
    timeline.plan(now + durations.vaultFailover, `vaults of ${region} fail over`, () => {
      vaults.changed();
    });
  }
}
