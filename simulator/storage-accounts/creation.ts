import { z } from "zod";
import { invalidContent } from "../arm/invalid-content.js";
import { omitReadOnly, withoutNulls } from "../arm/merge-patch.js";
import { keyOf } from "../arm/resource-id.js";
import { type ArmContext, armJson } from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { regionOf } from "../world/names.js";
import { CreateBody, READ_ONLY } from "./account-schema.js";
import { accepted, beginOperation } from "./long-running.js";
import { ACCOUNT_TYPE, accountResource } from "./representation.js";
import {
  checkIdentity,
  checkLocation,
  checkNoOperation,
  checkSettings,
  checkSku,
  checkSkuChange,
  nameNotValid,
  nameTaken,
  VALID_NAME,
} from "./rules.js";
import { newAccount, type StorageAccount } from "./state.js";
import { applySku } from "./update.js";

/** The share of a creation after which the account exists and its name does not resolve yet. */
const UNTIL_DNS = 2 / 3;

const NameQuery = z.strictObject({ name: z.string(), type: z.literal(ACCOUNT_TYPE) });

export function checkNameAvailability(context: ArmContext): Answer {
  const parsed = NameQuery.safeParse(context.body);
  if (!parsed.success) throw invalidContent(parsed.error);
  const { name } = parsed.data;
  const obstacle = !VALID_NAME.test(name)
    ? { reason: "AccountNameInvalid", message: nameNotValid(name) }
    : context.world.storageAccounts.has(name)
      ? { reason: "AlreadyExists", message: nameTaken(name) }
      : undefined;
  return armJson(context, 200, { nameAvailable: obstacle === undefined, ...obstacle });
}

/** PUT: a new account in its own time, or a change of an old one at once. */
export function createOrUpdate(context: ArmContext): Answer {
  const name = context.params["accountName"] ?? "";
  if (!VALID_NAME.test(name)) throw new Refusal(400, "AccountNameInvalid", nameNotValid(name));
  const parsed = CreateBody.safeParse(omitReadOnly(withoutNulls(context.body), READ_ONLY));
  if (!parsed.success) throw invalidContent(parsed.error);
  const body = parsed.data;
  const location = regionOf(body.location);
  checkLocation(location);
  checkIdentity(body.identity);
  checkSettings(body.properties ?? {}, body.kind);
  const existing = context.world.storageAccounts.get(name);
  if (existing === undefined) {
    checkSku(body.sku.name, body.kind, location);
    return create(context, body, location);
  }
  checkSame(existing, context, body);
  checkNoOperation(existing);
  checkSku(body.sku.name, body.kind, existing.primaryLocation);
  checkSkuChange(existing, body.sku.name);
  const before = JSON.stringify(accountResource(existing, context.world));
  applySku(existing, body.sku.name, context.world);
  existing.tags = body.tags ?? {};
  existing.settings = { ...existing.settings, ...body.properties };
  const resource = accountResource(existing, context.world);
  const changed = JSON.stringify(resource) !== before;
  if (changed) context.world.storageChanged();
  return armJson(context, 200, resource, {
    ...(changed && { effect: { kind: "storage-account-changed", resource: existing.id } }),
  });
}

type Body = z.infer<typeof CreateBody>;

function create(context: ArmContext, body: Body, location: string): Answer {
  const { world, id } = context;
  const name = context.params["accountName"] ?? "";
  const store = world.stores.take(name);
  if (store === undefined) {
    throw new Refusal(
      409,
      "MaxStorageAccountsCountPerSubscriptionExceeded",
      `The maximum number of storage accounts in location ${location} has been reached.`,
    );
  }
  const now = world.timeline.now();
  const { storageAccountCreation, geoReplicationStart, geoReplicationLag } = world.durations;
  const account = newAccount(
    {
      id,
      location,
      kind: body.kind,
      createdAt: now,
      store,
      sku: body.sku.name,
      tags: body.tags ?? {},
      settings: body.properties ?? {},
      blobService: {},
    },
    {
      until: "Unavailable",
      liveFrom: now + storageAccountCreation + geoReplicationStart,
      lag: geoReplicationLag,
      stall: undefined,
    },
  );
  world.storageAccounts.set(name, account);
  const operation = beginOperation(account, context, {
    duration: storageAccountCreation,
    midway: {
      share: UNTIL_DNS,
      act: () => {
        account.provisioningState = "ResolvingDNS";
      },
    },
    succeeded: () => {
      account.provisioningState = "Succeeded";
    },
    failed: () => {
      world.storageAccounts.delete(name);
    },
    result: () => accountResource(account, world),
  });
  return accepted(context, operation, { kind: "storage-account-created", resource: id });
}

/** What cannot be told apart by a name alone: whose it is, and where. */
function checkSame(account: StorageAccount, { id }: ArmContext, body: Body): void {
  if (keyOf(account.id) !== keyOf(id)) {
    const mine = keyOf(account.id.split("/")[2] ?? "") === keyOf(id.split("/")[2] ?? "");
    throw mine
      ? new Refusal(
          409,
          "StorageAccountInAnotherResourceGroup",
          `The account ${account.name} is already in another resource group in this subscription.`,
        )
      : new Refusal(409, "StorageAccountAlreadyTaken", nameTaken(account.name));
  }
  if (account.location !== regionOf(body.location)) {
    throw new Refusal(
      409,
      "InvalidResourceLocation",
      `The resource '${account.name}' already exists in location '${account.location}'. A resource with the same name cannot be created in location '${body.location}'. Please select a new resource name.`,
    );
  }
  if (account.kind !== body.kind) {
    throw new Refusal(
      400,
      "AccountPropertyCannotBeUpdated",
      "The property 'kind' was specified in the input, but it cannot be updated.",
    );
  }
}
