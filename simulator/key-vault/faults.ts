import { keyOf } from "../arm/resource-id.js";
import type { VaultFault } from "../faults/catalogue.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import type { NetworkRuleSet } from "./schema.js";
import { networkRulesOf, type Vault } from "./state.js";
import { deleteVault } from "./vault-lifecycle.js";

/** Somebody deletes a vault, softly or for good, or closes it to everybody. */
export function injectVaultFault(order: VaultFault, id: string, world: World): void {
  const vault = [...world.vaults.live.values()].find(
    (one) => keyOf(one.id) === keyOf(order.resource),
  );
  if (vault === undefined) {
    throw new Refusal(
      400,
      "InvalidFault",
      `resource: there is no key vault ${order.resource}; it must be the id of one`,
    );
  }
  if (order.name !== "vault-firewall") {
    deleteVault(vault, world);
    if (order.name === "vault-purged") world.vaults.deleted.delete(vault.name.toLowerCase());
    return;
  }
  const put: NetworkRuleSet = {
    bypass: "None",
    defaultAction: "Deny",
    ipRules: [],
    virtualNetworkRules: [],
  };
  vault.closing = { fault: id, before: vault.properties.networkAcls, put };
  setRules(vault, put, world);
}

/** Opens a vault again, unless its rules have been changed since. A deletion is not taken back: the vault is recovered. */
export function withdrawVaultFault(id: string, world: World): void {
  for (const vault of allVaults(world)) {
    if (vault.closing?.fault !== id) continue;
    if (isClosed(vault)) setRules(vault, vault.closing.before, world);
    vault.closing = undefined;
  }
}

/** Whether what the fault did has not been put right yet. */
export function isVaultFaultFelt(id: string, order: VaultFault, world: World): boolean {
  // What is purged does not come back.
  if (order.name === "vault-purged") return false;
  return order.name === "vault-deleted"
    ? [...world.vaults.deleted.values()].some(
        ({ vault }) => keyOf(vault.id) === keyOf(order.resource),
      )
    : allVaults(world).some((vault) => vault.closing?.fault === id && isClosed(vault));
}

function isClosed({ closing, properties }: Vault): boolean {
  return closing !== undefined && properties.networkAcls === closing.put;
}

/** It was changed a while ago: the rules are in force at once. */
function setRules(vault: Vault, networkAcls: NetworkRuleSet | undefined, world: World): void {
  vault.properties = { ...vault.properties, networkAcls };
  vault.networkRulesInForce = networkRulesOf(vault.properties);
  vault.modifiedAt = world.timeline.now();
  world.vaults.changed();
}

function allVaults({ vaults }: World): Vault[] {
  return [...vaults.live.values(), ...[...vaults.deleted.values()].map(({ vault }) => vault)];
}
