import type { AccountChanges } from "../../azure/account-changes.js";
import type { ContainerApps } from "../../azure/container-apps.js";
import type { ControlPlane } from "../../azure/control-plane.js";
import type { KeyVaults } from "../../azure/key-vault.js";
import type { RedisCaches } from "../../azure/redis-caches.js";
import type { StorageAccounts } from "../../azure/storage-accounts.js";
import { unlessMissing } from "../../azure/unless-missing.js";
import type { Environment } from "../../domain/estate.js";
import { recoveryAccountId } from "../../domain/recovery-account.js";
import { recoveryVaultId } from "../../domain/recovery-vault.js";
import type { CheckResult } from "../../domain/readiness/readiness.js";
import {
  creationFinding,
  nameFindings,
  resourceFindings,
  type RecoveryResource,
  type ReservedName,
} from "../../domain/readiness/resource-findings.js";
import { scenariosOf } from "../../domain/readiness/scope-of-resource.js";
import { checked } from "./checked.js";

/** What the checks of recovery resources look with. */
export interface ResourcePorts {
  readonly apps: ContainerApps;
  readonly vaults: KeyVaults;
  readonly accounts: StorageAccounts;
  readonly accountChanges: Pick<AccountChanges, "nameAvailability">;
  readonly caches: RedisCaches;
  readonly controlPlane: ControlPlane;
}

/** What recoveries go on with is there, and what they make can be made. */
export async function checkRecoveryResources(
  ports: ResourcePorts,
  estate: Environment,
): Promise<readonly CheckResult[]> {
  const results = await Promise.all([
    checked(["recovery-resources"], async () => [
      resourceFindings(await Promise.all(secondariesOf(ports, estate))),
    ]),
    checked(["reserved-names"], async () => [
      nameFindings((await Promise.all(reservedIn(ports, estate))).flat()),
    ]),
    checked(["cache-creation"], async () => {
      const { subscriptionId } = estate;
      const caches = await ports.controlPlane.classicCaches(subscriptionId);
      return [creationFinding(`/subscriptions/${subscriptionId}`, caches)];
    }),
  ]);
  return results.flat();
}

function secondariesOf(
  { apps, vaults, accounts, caches }: ResourcePorts,
  { containerApp, keyVault, storage, redis }: Environment,
): readonly Promise<RecoveryResource>[] {
  const look = async (
    id: string | undefined,
    kind: keyof typeof scenariosOf,
    stateOf: (id: string) => Promise<{ readonly provisioningState: string } | undefined>,
  ): Promise<RecoveryResource> => {
    // An estate without one needs none.
    if (id === undefined) return { id: "", state: "Succeeded", scenarios: [] };
    const found = await stateOf(id);
    // Of an app its revisions tell more than its last change; they have checks of their own.
    const state = kind === "container-app" && found ? "Succeeded" : found?.provisioningState;
    const scenarios = kind === "container-app" ? (["region-outage"] as const) : scenariosOf[kind];
    return { id, state, scenarios };
  };
  return [
    look(containerApp.secondary, "container-app", (id) => unlessMissing(() => apps.app(id))),
    look(keyVault.secondary, "key-vault", (id) => vaults.vault(id)),
    look(storage.secondary, "storage", (id) => accounts.account(id)),
    look(redis.secondary, "redis", (id) => caches.cache(id)),
  ];
}

function reservedIn(
  { vaults, accounts, accountChanges }: ResourcePorts,
  { subscriptionId, keyVault, storage }: Environment,
): readonly Promise<readonly ReservedName[]>[] {
  const reserved = async (
    name: string | undefined,
    kind: "key-vault" | "storage",
    id: (name: string) => string,
    why: (name: string) => Promise<string | undefined>,
    there: (id: string) => Promise<{ readonly id: string } | undefined>,
  ): Promise<readonly ReservedName[]> => {
    if (name === undefined) return [];
    const taken = await why(name);
    const scenarios = scenariosOf[kind];
    if (taken === undefined) return [{ name, id: id(name), scenarios }];
    const takenBy = (await there(id(name)))?.id;
    return [{ name, id: id(name), scenarios, why: taken, takenBy }];
  };
  return [
    reserved(
      keyVault.reservedName,
      "key-vault",
      (name) => recoveryVaultId(keyVault, name),
      async (name) => {
        const free = await vaults.nameAvailability(subscriptionId, name);
        return free.available ? undefined : free.message;
      },
      (id) => vaults.vault(id),
    ),
    reserved(
      storage.recovery.reservedName,
      "storage",
      (name) => recoveryAccountId(storage, name),
      async (name) => {
        const free = await accountChanges.nameAvailability(subscriptionId, name);
        return free.available ? undefined : free.why;
      },
      (id) => accounts.account(id),
    ),
  ];
}
