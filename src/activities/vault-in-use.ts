import type { ContainerApps } from "../azure/container-apps.js";
import { sameAddress, type KeyVaults, type VaultView } from "../azure/key-vault.js";
import type { Failure } from "../domain/failure.js";
import { recoveryVaultId } from "../domain/recovery-vault.js";
import { parseResourceId } from "../domain/resource-id.js";
import { addressInUse, isObserved, whyAssumed, type AppSides } from "./address-in-use.js";
import { lookAtBothSides, withoutOther } from "./side-look.js";

/** The vault that the app uses, whether it is there or not. */
interface VaultInUse {
  readonly id: string;
  readonly name: string;
  readonly side: "primary" | "secondary" | "elsewhere";
  readonly known: "observed" | "assumed";
  /** Undefined where Resource Manager does not show it; `unseen` where it could not be asked. */
  readonly view: VaultView | undefined;
  readonly unseen?: Failure | undefined;
  /** The vault of the other side, where there is one. */
  readonly other: VaultView | undefined;
  readonly otherUnseen?: Failure | undefined;
  /** The estate's primary one, whichever is in use. */
  readonly primary: VaultView | undefined;
  readonly address: string;
  readonly detail: string;
}

/** Which vault the app is told to use; the primary one where it does not say so. */
export async function vaultInUse(
  apps: ContainerApps,
  vaults: KeyVaults,
  app: AppSides,
  sides: { readonly primary: string; readonly secondary?: string | undefined },
): Promise<VaultInUse> {
  const looks = await lookAtBothSides(sides, (id) => vaults.vault(id));
  const [{ view: primary }, { view: secondary }] = looks;
  const said = await addressInUse(apps, app, "KEY_VAULT_URL");
  const { address } = said;
  const isNamed = (id: string | undefined, view: VaultView | undefined): boolean =>
    id !== undefined &&
    address !== undefined &&
    // A vault that is gone has no address any more, but its name was the first part of it.
    (view === undefined
      ? labelOf(address) === parseResourceId(id)?.name.toLowerCase()
      : sameAddress(view.uri, address));
  const onSide = (side: "primary" | "secondary", id: string, namedSo: boolean): VaultInUse => {
    const [look, otherLook] = side === "primary" ? looks : [looks[1], looks[0]];
    const { view, unseen } = look;
    const name = parseResourceId(id)?.name ?? id;
    const known = namedSo && isObserved(said, side) ? "observed" : "assumed";
    const detail =
      known === "observed"
        ? `the app uses ${name}, the ${side} side`
        : `taken to be ${name}: ${whyAssumed(said, "vault")}`;
    return {
      ...{ id, name, side, known, view, unseen, primary },
      ...{ other: otherLook.view, otherUnseen: otherLook.unseen },
      detail: withoutOther(detail, otherLook),
      address: view?.uri ?? address ?? "",
    };
  };
  if (isNamed(sides.secondary, secondary)) return onSide("secondary", sides.secondary ?? "", true);
  if (isNamed(sides.primary, primary)) return onSide("primary", sides.primary, true);
  if (address === undefined || said.by !== "app" || labelOf(address) === "") {
    return onSide("primary", sides.primary, false);
  }
  // Neither side: a recovery has made it, or people have.
  const { subscription = "" } = parseResourceId(sides.primary) ?? {};
  const view = await vaults.vaultAt(subscription, address);
  const name = view?.name ?? labelOf(address);
  return {
    id: view?.id ?? recoveryVaultId(sides, name),
    name,
    side: "elsewhere",
    known: "observed",
    view,
    other: secondary ?? primary,
    primary,
    address: view?.uri ?? address,
    detail: `the app uses ${name}, which the estate does not name`,
  };
}

const labelOf = (address: string): string =>
  URL.canParse(address) ? (new URL(address).hostname.split(".")[0] ?? "").toLowerCase() : "";
