import { isDeepStrictEqual } from "node:util";
import type { Operation } from "../arm/operations.js";
import { isWithin } from "../arm/resource-id.js";
import type { Outcomes } from "../server/service.js";
import type { World } from "../world/world.js";
import { beginOperation } from "./operations.js";
import type { VaultProperties } from "./schema.js";
import { type DeletedVault, networkRulesOf, type Vault } from "./state.js";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Puts a new vault into the world. Its name can be resolved once it has been registered. */
export function createVault(vault: Vault, world: World, outcomes: Outcomes): void {
  world.vaults.live.set(vault.name.toLowerCase(), vault);
  register(vault, world, world.durations.vaultCreation, outcomes);
}

/**
 * Soft deletion: the vault goes out of use with all it holds and keeps its name. Roles that were assigned at it or
 * below go with it, and recovery does not bring them back.
 */
export function deleteVault(vault: Vault, world: World): DeletedVault {
  const { vaults, timeline, roleAssignments } = world;
  const deletedAt = timeline.now();
  const deleted: DeletedVault = {
    vault,
    deletedAt,
    purgesAt: deletedAt + vault.properties.softDeleteRetentionInDays * DAY_MS,
    purging: false,
  };
  const kept = roleAssignments.filter(({ scope }) => !isWithin(scope, vault.id));
  roleAssignments.splice(0, roleAssignments.length, ...kept);
  vaults.live.delete(vault.name.toLowerCase());
  keepUntilPurge(deleted, world);
  vaults.changed();
  return deleted;
}

/** Puts a deleted vault where it waits for its recovery or, at the end of its retention, for its end. */
export function keepUntilPurge(deleted: DeletedVault, world: World): void {
  const { name } = deleted.vault;
  world.vaults.deleted.set(name.toLowerCase(), deleted);
  world.timeline.plan(deleted.purgesAt, `the deleted vault ${name} is purged`, () => {
    if (world.vaults.getDeleted(name) === deleted) world.vaults.deleted.delete(name.toLowerCase());
  });
}

/** Brings a deleted vault back as it was, but for what was attached to it. */
export function recoverVault({ vault }: DeletedVault, world: World, outcomes: Outcomes): void {
  world.vaults.deleted.delete(vault.name.toLowerCase());
  world.vaults.live.set(vault.name.toLowerCase(), vault);
  register(vault, world, world.durations.vaultRecovery, outcomes);
}

export function purgeVault(deleted: DeletedVault, world: World, outcomes: Outcomes): Operation {
  const { id, name, region } = deleted.vault;
  deleted.purging = true;
  return beginOperation(world, {
    resourceId: id,
    region,
    duration: world.durations.vaultPurge,
    what: `the deleted vault ${name} is purged`,
    outcomes,
    succeeded: () => {
      world.vaults.deleted.delete(name.toLowerCase());
    },
  });
}

/** Changes a vault's settings. Changed network rules take a while to reach the data plane. */
export function changeProperties(vault: Vault, properties: VaultProperties, world: World): void {
  const [before, wanted] = [networkRulesOf(vault.properties), networkRulesOf(properties)];
  vault.properties = properties;
  if (isDeepStrictEqual(before, wanted)) return;
  const at = world.timeline.now() + world.durations.vaultNetworkRules;
  world.timeline.plan(at, `${vault.name}: its network rules come into force`, () => {
    vault.networkRulesInForce = wanted;
    world.vaults.changed();
  });
}

function register(vault: Vault, world: World, duration: number, outcomes: Outcomes): void {
  vault.provisioningState = "RegisteringDns";
  const { id } = beginOperation(world, {
    resourceId: vault.id,
    region: vault.region,
    duration,
    what: `${vault.name}: its name is registered`,
    outcomes,
    succeeded: () => {
      // It may have been deleted and recovered meanwhile, which registers it anew.
      if (vault.registration === id) vault.provisioningState = "Succeeded";
    },
  });
  vault.registration = id;
}
