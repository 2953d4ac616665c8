import type { ContainerApps } from "../../azure/container-apps.js";
import type { KeyVaults } from "../../azure/key-vault.js";
import type { StorageAccounts } from "../../azure/storage-accounts.js";
import type { TrafficManagers } from "../../azure/traffic-manager.js";
import type { Environment } from "../../domain/estate.js";
import { checksOf } from "../../domain/readiness/catalogue.js";
import type { CheckResult } from "../../domain/readiness/readiness.js";
import { noStandby, standbyFindings } from "../../domain/readiness/standby-findings.js";
import { sideInUse } from "../../domain/readiness/traffic-findings.js";
import { checked } from "./checked.js";

/** What the checks of the standby app look with. */
export interface StandbyPorts {
  readonly apps: ContainerApps;
  readonly vaults: KeyVaults;
  readonly accounts: StorageAccounts;
  readonly traffic: TrafficManagers;
}

/** Whether the app that users are not led to could take over as it stands. */
export async function checkStandbyApp(
  { apps, vaults, accounts, traffic }: StandbyPorts,
  { containerApp, keyVault, storage, trafficManager }: Environment,
): Promise<readonly CheckResult[]> {
  const { primary, secondary, secondaryReplicas } = containerApp;
  if (secondary === undefined) return noStandby();
  const checks = checksOf("checkStandbyApp").map(({ id }) => id);
  return checked(checks, async () => {
    const [profile, one, other] = await Promise.all([
      trafficManager && traffic.profile(trafficManager.profile),
      apps.configuration(primary),
      apps.configuration(secondary),
    ]);
    const moved =
      trafficManager !== undefined &&
      profile !== undefined &&
      sideInUse(trafficManager, profile) === "secondary";
    const side = moved ? "primary" : "secondary";
    const [vault, account] = await Promise.all([
      keyVault[side] === undefined ? undefined : vaults.vault(keyVault[side]),
      storage[side] === undefined ? undefined : accounts.account(storage[side]),
    ]);
    return standbyFindings({
      active: moved ? other : one,
      standby: moved ? one : other,
      wantedReplicas: secondaryReplicas,
      addresses: { KEY_VAULT_URL: vault?.uri, STORAGE_ACCOUNT_URL: account?.blobEndpoint },
    });
  });
}
