import { isWithin } from "../arm/resource-id.js";
import {
  type ArmContext,
  armJson,
  type ArmOperation,
  type ArmType,
  operationsOf,
} from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { isListed } from "../world/listing.js";
import { getBlobService, listBlobServices, setBlobService } from "./blob-service.js";
import { type ContainerStore, getContainer, listContainers, putContainer } from "./containers.js";
import { checkNameAvailability, createOrUpdate } from "./creation.js";
import { failOver } from "./failover.js";
import {
  changeLegalHold,
  deletePolicy,
  extendPolicy,
  getPolicy,
  lockPolicy,
  putPolicy,
} from "./immutability.js";
import { operationRoutes } from "./long-running.js";
import { accountOf } from "./lookup.js";
import { getMigration, startMigration } from "./migration.js";
import { ACCOUNT_TYPE as TYPE, accountResource } from "./representation.js";
import { remove, update } from "./update.js";

/** Published versions of Microsoft.Storage; the newest is what @azure/arm-storage 21 sends. */
const API_VERSIONS = [
  "2019-06-01",
  "2020-08-01-preview",
  "2021-01-01",
  "2021-02-01",
  "2021-04-01",
  "2021-06-01",
  "2021-08-01",
  "2021-09-01",
  "2022-05-01",
  "2022-09-01",
  "2023-01-01",
  "2023-04-01",
  "2023-05-01",
  "2024-01-01",
  "2025-01-01",
  "2025-06-01",
  "2025-08-01",
  "2026-06-01",
  "2026-09-01",
];

const on = operationsOf(TYPE, API_VERSIONS);
const subscription = "/subscriptions/{subscriptionId}";
const group = `${subscription}/resourceGroups/{resourceGroupName}`;
const account = `${group}/providers/${TYPE}/{accountName}`;
const blobService = `${account}/blobServices/default`;
const container = `${blobService}/containers/{containerName}`;
const policy = `${container}/immutabilityPolicies/default`;

export const storageAccountTypes: readonly ArmType[] = [
  TYPE,
  "Microsoft.Storage/locations",
  "Microsoft.Storage/checkNameAvailability",
].map((type) => ({ type, apiVersions: API_VERSIONS }));

/** Microsoft.Storage: accounts, their failover, the settings of their blobs and their containers. */
export function storageAccountOperations(store: ContainerStore): readonly ArmOperation[] {
  const blobs = "blobServices/containers";
  return [
    on("storageAccounts.list", "GET", `${subscription}/providers/${TYPE}`, "read", list),
    on("storageAccounts.listByResourceGroup", "GET", `${group}/providers/${TYPE}`, "read", list),
    {
      ...on(
        "storageAccounts.checkNameAvailability",
        "POST",
        `${subscription}/providers/Microsoft.Storage/checkNameAvailability`,
        "",
        checkNameAvailability,
      ),
      action: "Microsoft.Storage/checknameavailability/read",
      mutating: false,
      takesBody: true,
    },
    on("storageAccounts.getProperties", "GET", account, "read", get),
    on("storageAccounts.create", "PUT", account, "write", createOrUpdate),
    on("storageAccounts.update", "PATCH", account, "write", update),
    on("storageAccounts.delete", "DELETE", account, "delete", remove),
    on("storageAccounts.listKeys", "POST", `${account}/listKeys`, "listKeys/action", listKeys),
    on("storageAccounts.failover", "POST", `${account}/failover`, "failover/action", failOver),
    {
      ...on(
        "storageAccounts.customerInitiatedMigration",
        "POST",
        `${account}/startAccountMigration`,
        "startAccountMigration/action",
        startMigration,
      ),
      takesBody: true,
    },
    on(
      "storageAccounts.getCustomerInitiatedMigration",
      "GET",
      `${account}/accountMigrations/{migrationName}`,
      "accountMigrations/read",
      getMigration,
    ),
    on(
      "blobServices.list",
      "GET",
      `${account}/blobServices`,
      "blobServices/read",
      listBlobServices,
    ),
    on(
      "blobServices.getServiceProperties",
      "GET",
      blobService,
      "blobServices/read",
      getBlobService,
    ),
    on(
      "blobServices.setServiceProperties",
      "PUT",
      blobService,
      "blobServices/write",
      setBlobService,
    ),
    on("blobContainers.list", "GET", `${blobService}/containers`, `${blobs}/read`, (context) =>
      listContainers(context, store),
    ),
    on("blobContainers.get", "GET", container, `${blobs}/read`, (context) =>
      getContainer(context, store),
    ),
    on("blobContainers.create", "PUT", container, `${blobs}/write`, (context) =>
      putContainer(context, store),
    ),
    ...immutability(blobs),
    ...operationRoutes(API_VERSIONS),
  ];
}

function immutability(blobs: string): ArmOperation[] {
  const right = `${blobs}/immutabilityPolicies`;
  const named = (verb: string): string => `blobContainers.${verb}`;
  return [
    on(named("getImmutabilityPolicy"), "GET", policy, `${right}/read`, getPolicy),
    on(named("createOrUpdateImmutabilityPolicy"), "PUT", policy, `${right}/write`, putPolicy),
    on(named("deleteImmutabilityPolicy"), "DELETE", policy, `${right}/delete`, deletePolicy),
    on(
      named("lockImmutabilityPolicy"),
      "POST",
      `${policy}/lock`,
      `${right}/lock/action`,
      lockPolicy,
    ),
    {
      ...on(
        named("extendImmutabilityPolicy"),
        "POST",
        `${policy}/extend`,
        `${right}/extend/action`,
        extendPolicy,
      ),
      takesBody: true,
    },
    ...(["set", "clear"] as const).map((verb) => ({
      ...on(
        named(`${verb}LegalHold`),
        "POST",
        `${container}/${verb}LegalHold`,
        `${blobs}/${verb}LegalHold/action`,
        (context) => changeLegalHold(context, verb),
      ),
      takesBody: true,
    })),
  ];
}

function list(context: ArmContext): Answer {
  const { world, id } = context;
  const scope = id.slice(0, id.toLowerCase().indexOf("/providers/"));
  const accounts = [...world.storageAccounts.values()]
    .filter((one) => isWithin(one.id, scope))
    .filter((one) => isListed(one, world));
  return armJson(context, 200, { value: accounts.map((one) => accountResource(one, world)) });
}

function get(context: ArmContext): Answer {
  const { world, request } = context;
  const found = accountOf(context);
  const expand = request.query.get("$expand");
  if (expand === null) return armJson(context, 200, accountResource(found, world));
  if (expand !== "geoReplicationStats") {
    throw new Refusal(
      501,
      "NotSimulated",
      `$expand=${expand} of a storage account is not simulated.`,
    );
  }
  if (found.geo === undefined) {
    throw new Refusal(400, "InvalidAccountType", `The AccountType ${found.sku} is invalid.`);
  }
  return armJson(context, 200, accountResource(found, world, expand));
}

/** No key opens anything here, so none is given out. */
function listKeys(context: ArmContext): Answer {
  const { settings } = accountOf(context);
  throw settings.allowSharedKeyAccess === false
    ? new Refusal(
        403,
        "KeyBasedAuthenticationNotPermitted",
        "Key based authentication is not permitted on this storage account.",
      )
    : new Refusal(501, "NotSimulated", "shared keys of storage accounts are not simulated.");
}
