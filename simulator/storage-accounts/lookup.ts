import { isWithin, keyOf } from "../arm/resource-id.js";
import { type ArmContext, resourceNotFound } from "../arm/router.js";
import { Refusal } from "../server/refusal.js";
import { ACCOUNT_TYPE } from "./representation.js";
import type { Container, StorageAccount } from "./state.js";

/** The account that a path names, at whatever it ends. */
export function accountOf(context: ArmContext): StorageAccount {
  const name = context.params["accountName"] ?? "";
  const account = context.world.storageAccounts.get(name.toLowerCase());
  if (account && isWithin(context.id, account.id)) return account;
  throw resourceNotFound(context, ACCOUNT_TYPE, name);
}

/** The container that a path names. */
export function containerOf(context: ArmContext, account: StorageAccount): Container {
  const container = account.containers.get(context.params["containerName"] ?? "");
  if (container) return container;
  throw new Refusal(404, "ContainerNotFound", "The specified container does not exist.");
}

/** The account of an id, if there is one. */
export function accountWithId(
  id: string,
  accounts: ReadonlyMap<string, StorageAccount>,
): StorageAccount | undefined {
  const found = accounts.get((id.split("/")[8] ?? "").toLowerCase());
  return found && keyOf(found.id) === keyOf(id) ? found : undefined;
}
