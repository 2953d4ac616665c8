import type { ContainerApps } from "../azure/container-apps.js";
import type { KeyVaults, VaultView } from "../azure/key-vault.js";
import { terminal, type Failure } from "../domain/failure.js";
import type { AppSides } from "./address-in-use.js";
import { refuseUnseen } from "./side-look.js";
import { vaultInUse } from "./vault-in-use.js";

/** The vault that the app uses now, and how that is known. */
interface ActiveVault {
  readonly side: "primary" | "secondary" | "elsewhere";
  readonly known: "observed" | "assumed";
  readonly active: VaultView;
  /** The side to keep in sync; none while the app uses a vault that the estate does not name. */
  readonly other: VaultView | undefined;
  /** Why that side could not be seen. */
  readonly otherUnseen?: Failure | undefined;
  readonly detail: string;
}

/** The vault that the app uses, which has to be there. */
export async function activeVault(
  apps: ContainerApps,
  vaults: KeyVaults,
  app: AppSides,
  sides: { readonly primary: string; readonly secondary?: string | undefined },
): Promise<ActiveVault> {
  const used = await vaultInUse(apps, vaults, app, sides);
  const { id, side, known, view, other, otherUnseen, primary, detail } = used;
  // That it could not be seen is no sign that it is not there.
  refuseUnseen(used);
  if (view === undefined && side === "elsewhere" && primary !== undefined) {
    const assumed = `taken to be ${primary.name}: the app names ${used.address}`;
    return { side: "primary", known: "assumed", active: primary, other, detail: assumed };
  }
  if (view === undefined) throw terminal("vault-missing", `${id} does not exist`);
  return {
    ...{ side, known, active: view, otherUnseen, detail },
    other: side === "elsewhere" ? undefined : other,
  };
}
