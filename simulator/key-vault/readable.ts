import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import { checkNetwork, checkPermission, type VaultCaller } from "./access.js";
import { servedFrom } from "./failover.js";
import { checkReadable, findSecret, findVersion } from "./secret-rules.js";
import { type Vault, VAULT_SUFFIX } from "./state.js";

/** What somebody wants to read, and as whom. */
export interface Reading {
  /** The vault's address, `https://name.vault.azure.net/`. */
  readonly vaultUri: string;
  readonly principalId: string;
  /** Without one, the question is whether secrets can be read there at all. */
  readonly secret?: string;
  readonly version?: string;
}

export type ReadResult =
  | { readonly readable: true; readonly value: string | undefined }
  | {
      readonly readable: false;
      /** One sentence without a credential, for health reports. */
      readonly reason: string;
    };

/** Whether a principal can read a secret of a vault at this moment, by the same rules as the data plane, and its value. */
export function readSecret(world: World, reading: Reading): ReadResult {
  const vault = vaultAt(world, reading.vaultUri);
  if (vault === undefined) return no(`${hostOf(reading.vaultUri)} cannot be resolved`);
  const { region } = servedFrom(vault, world);
  if (world.conditions.isDown("dns", region)) return no(`${vault.name} cannot be resolved`);
  if (world.conditions.isDown("data", region) || world.conditions.isVaultUnavailable(vault)) {
    return no(`${vault.name} does not answer`);
  }
  try {
    const caller = callerOf(reading.principalId, world);
    checkNetwork(vault, caller, world);
    checkPermission(vault, caller, "get", reading.secret, world);
    if (reading.secret === undefined) return { readable: true, value: undefined };
    const version = findVersion(findSecret(vault, reading.secret), reading.version);
    checkReadable(version);
    return { readable: true, value: version.value };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, code, reason } = error;
    const about = reading.secret === undefined ? "" : ` for ${reading.secret}`;
    return no(`${vault.name} answers ${status} ${reason ?? code}${about}`);
  }
}

function vaultAt({ vaults }: World, uri: string): Vault | undefined {
  const host = hostOf(uri);
  if (!host.endsWith(VAULT_SUFFIX)) return undefined;
  const vault = vaults.get(host.slice(0, -VAULT_SUFFIX.length));
  return vault?.provisioningState === "Succeeded" ? vault : undefined;
}

function hostOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).hostname.toLowerCase() : uri;
}

function callerOf(principalId: string, world: World): VaultCaller {
  const identity = world.identities.find(
    (one) => one.principalId.toLowerCase() === principalId.toLowerCase(),
  );
  return { principalId, clientId: identity?.clientId ?? "", tenantId: world.tenantId() };
}

function no(reason: string): ReadResult {
  return { readable: false, reason };
}
