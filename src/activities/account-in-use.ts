import type { ContainerApps } from "../azure/container-apps.js";
import type { StorageAccounts, StorageAccountView } from "../azure/storage-accounts.js";
import { hostOf, sameHost } from "../domain/address.js";
import type { Failure } from "../domain/failure.js";
import { parseResourceId } from "../domain/resource-id.js";
import { addressInUse, isObserved, whyAssumed, type AppSides } from "./address-in-use.js";
import { lookAtBothSides, withoutOther } from "./side-look.js";

/** The storage account that the app uses, whether it is there or not. */
export interface AccountInUse {
  readonly id: string;
  readonly name: string;
  readonly side: "primary" | "secondary" | "elsewhere";
  readonly known: "observed" | "assumed";
  /** Undefined where Resource Manager does not show it; `unseen` where it could not be asked. */
  readonly view: StorageAccountView | undefined;
  readonly unseen?: Failure | undefined;
  /** As Resource Manager names it, or as the app does. */
  readonly address: string;
  readonly detail: string;
}

/** Which storage account the app is told to use; the primary one where it does not say so. */
export async function accountInUse(
  apps: ContainerApps,
  accounts: StorageAccounts,
  app: AppSides,
  sides: { readonly primary: string; readonly secondary?: string | undefined },
): Promise<AccountInUse> {
  const looks = await lookAtBothSides(sides, (id) => accounts.account(id));
  const [{ view: primary }, { view: secondary }] = looks;
  const said = await addressInUse(apps, app, "STORAGE_ACCOUNT_URL");
  const { address } = said;
  const onSide = (side: "primary" | "secondary", id: string, isNamed: boolean): AccountInUse => {
    const [{ view, unseen }, other] = side === "primary" ? looks : [looks[1], looks[0]];
    const name = view?.name ?? nameOf(id);
    const known = isNamed && isObserved(said, side) ? "observed" : "assumed";
    const detail =
      known === "observed"
        ? `the app uses ${name}, the ${side} side`
        : `taken to be ${name}: ${whyAssumed(said, "account")}`;
    return {
      ...{ id, name, side, known, view, unseen },
      address: view?.blobEndpoint ?? address ?? "",
      detail: withoutOther(detail, other),
    };
  };
  const isNamed = (id: string, view: StorageAccountView | undefined): boolean =>
    address !== undefined &&
    // An account that is gone has no address any more, but its name was the first part of it.
    (view === undefined
      ? hostOf(address).split(".")[0] === nameOf(id).toLowerCase()
      : sameHost(view.blobEndpoint, address));
  if (sides.secondary !== undefined && isNamed(sides.secondary, secondary)) {
    return onSide("secondary", sides.secondary, true);
  }
  if (isNamed(sides.primary, primary)) return onSide("primary", sides.primary, true);
  if (address === undefined || said.by !== "app" || !URL.canParse(address)) {
    return onSide("primary", sides.primary, false);
  }
  // Neither side: a recovery has made it, or people have.
  const { subscription = "" } = parseResourceId(sides.primary) ?? {};
  const view = await accounts.accountAt(subscription, address);
  if (view === undefined) return onSide("primary", sides.primary, false);
  return {
    ...{ id: view.id, name: view.name, side: "elsewhere", known: "observed", view },
    address: view.blobEndpoint,
    detail: `the app uses ${view.name}, which the estate does not name`,
  };
}

const nameOf = (id: string): string => parseResourceId(id)?.name ?? id;
