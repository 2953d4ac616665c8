import type { ContainerApps } from "../azure/container-apps.js";
import type { KeyVaults, VaultView } from "../azure/key-vault.js";
import { terminal } from "../domain/failure.js";
import { addressInUse, isObserved, whyAssumed } from "./address-in-use.js";

/** The vault that the app uses now, and how that is known. */
interface ActiveVault {
  readonly side: "primary" | "secondary";
  readonly known: "observed" | "assumed";
  readonly active: VaultView;
  readonly other: VaultView | undefined;
  readonly detail: string;
}

/** Which side's vault the app is told to use; the primary one where it does not say so. */
export async function activeVault(
  apps: ContainerApps,
  vaults: KeyVaults,
  app: { readonly app: string; readonly standby?: string | undefined },
  sides: { readonly primary: string; readonly secondary?: string | undefined },
): Promise<ActiveVault> {
  const [primary, secondary] = await Promise.all([
    vaults.vault(sides.primary),
    sides.secondary === undefined ? undefined : vaults.vault(sides.secondary),
  ]);
  const said = await addressInUse(apps, app, "KEY_VAULT_URL");
  const { address } = said;
  const isUsed = (view: VaultView | undefined): boolean =>
    view !== undefined && address !== undefined && sameAddress(view.uri, address);
  const side = isUsed(secondary) ? "secondary" : "primary";
  const [active, other] = side === "primary" ? [primary, secondary] : [secondary, primary];
  if (active === undefined) {
    throw terminal("vault-missing", `${sides[side] ?? sides.primary} does not exist`);
  }
  const known = isUsed(active) && isObserved(said, side) ? "observed" : "assumed";
  return {
    side,
    known,
    active,
    other,
    detail:
      known === "observed"
        ? `the app uses ${active.name}, the ${side} side`
        : `taken to be ${active.name}: ${whyAssumed(said, "vault")}`,
  };
}

const sameAddress = (one: string, other: string): boolean =>
  one.replace(/\/+$/, "").toLowerCase() === other.replace(/\/+$/, "").toLowerCase();
