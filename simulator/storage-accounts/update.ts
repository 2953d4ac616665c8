import { invalidContent } from "../arm/invalid-content.js";
import { omitReadOnly, withoutNulls } from "../arm/merge-patch.js";
import { type ArmContext, armHeaders, armJson } from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import { READ_ONLY, UpdateBody } from "./account-schema.js";
import { accountOf } from "./lookup.js";
import { REGIONS } from "./regions.js";
import { replicationChanged } from "./replication.js";
import { accountResource } from "./representation.js";
import {
  checkIdentity,
  checkNoOperation,
  checkSettings,
  checkSku,
  checkSkuChange,
} from "./rules.js";
import { redundancyOf } from "./skus.js";
import type { StorageAccount } from "./state.js";

/** PATCH: done at once, as Azure does it; only a new copy in the other region takes its time. */
export function update(context: ArmContext): Answer {
  const { world } = context;
  const account = accountOf(context);
  const parsed = UpdateBody.safeParse(omitReadOnly(withoutNulls(context.body), READ_ONLY));
  if (!parsed.success) throw invalidContent(parsed.error);
  const { sku, kind, tags, identity, properties = {} } = parsed.data;
  if (kind !== undefined && kind !== account.kind) {
    throw new Refusal(
      400,
      "AccountPropertyCannotBeUpdated",
      "The property 'kind' was specified in the input, but it cannot be updated.",
    );
  }
  checkNoOperation(account);
  checkIdentity(identity);
  checkSettings(properties, account.kind);
  if (sku) {
    checkSku(sku.name, account.kind, account.primaryLocation);
    checkSkuChange(account, sku.name);
  }
  const before = JSON.stringify(accountResource(account, world));
  if (sku) applySku(account, sku.name, world);
  if (tags) account.tags = tags;
  account.settings = { ...account.settings, ...properties };
  const resource = accountResource(account, world);
  const changed = JSON.stringify(resource) !== before;
  if (changed) world.storageChanged();
  return armJson(context, 200, resource, {
    ...(changed && { effect: { kind: "storage-account-changed", resource: account.id } }),
  });
}

/** A sku that has been checked takes effect: with a copy in the other region that is there later, or without one. */
export function applySku(account: StorageAccount, sku: string, world: World): void {
  const { geo } = redundancyOf(sku);
  const { timeline, durations } = world;
  account.sku = sku;
  if (geo && account.geo === undefined) {
    account.secondaryLocation = REGIONS.get(account.primaryLocation)?.pair;
    account.geo = {
      until: "Bootstrap",
      liveFrom: timeline.now() + durations.geoBootstrap,
      lag: durations.geoReplicationLag,
      stall: undefined,
    };
    replicationChanged(account, world);
  }
  if (!geo) {
    account.secondaryLocation = undefined;
    account.geo = undefined;
  }
}

/** DELETE: the account is gone at once, and so is its name in DNS. */
export function remove(context: ArmContext): Answer {
  const { world } = context;
  const name = (context.params["accountName"] ?? "").toLowerCase();
  if (!world.storageAccounts.has(name)) {
    return { status: 204, headers: armHeaders(context.request) };
  }
  const account = accountOf(context);
  checkNoOperation(account);
  const locked = [...account.containers.values()].filter(
    ({ policy, holds }) => policy?.state === "Locked" || holds.length > 0,
  );
  if (locked.length > 0) {
    throw new Refusal(
      409,
      "AccountProtectedFromDeletion",
      `The storage account ${account.name} is protected from deletion. The container(s) ${locked.map((one) => one.name).join(", ")} have a legal hold or a locked immutability policy.`,
    );
  }
  world.storageAccounts.delete(name);
  world.storageChanged();
  return {
    status: 200,
    headers: armHeaders(context.request),
    effect: { kind: "storage-account-deleted", resource: account.id },
  };
}
