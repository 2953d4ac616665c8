import { z } from "zod";
import { invalidContent } from "../arm/invalid-content.js";
import { omitReadOnly, withoutNulls } from "../arm/merge-patch.js";
import { type ArmContext, armJson } from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { type BlobServiceSettings, CheckedBlobService } from "./blob-service-schema.js";
import { accountOf } from "./lookup.js";
import { ACCOUNT_TYPE, skuResource } from "./representation.js";
import { checkNoOperation } from "./rules.js";
import type { StorageAccount } from "./state.js";

const Body = z.strictObject({ properties: CheckedBlobService });
const READ_ONLY = { resource: ["id", "name", "type", "sku", "etag"], properties: [] };

/** The blob service's properties: settings that are kept and shown, and change nothing about the blobs here. */
export function getBlobService(context: ArmContext): Answer {
  return armJson(context, 200, blobServiceResource(accountOf(context)));
}

export function listBlobServices(context: ArmContext): Answer {
  return armJson(context, 200, { value: [blobServiceResource(accountOf(context))] });
}

/** PUT replaces them all: what the body leaves out goes back to its default. */
export function setBlobService(context: ArmContext): Answer {
  const account = accountOf(context);
  const parsed = Body.safeParse(omitReadOnly(withoutNulls(context.body), READ_ONLY));
  if (!parsed.success) throw invalidContent(parsed.error);
  checkNoOperation(account);
  const before = JSON.stringify(blobServiceResource(account));
  account.blobService = withRestoreTimes(parsed.data.properties, account, context);
  const resource = blobServiceResource(account);
  return armJson(context, 200, resource, {
    ...(JSON.stringify(resource) !== before && {
      effect: { kind: "blob-service-changed", resource: `${account.id}/blobServices/default` },
    }),
  });
}

function withRestoreTimes(
  settings: BlobServiceSettings,
  { blobService }: StorageAccount,
  { world }: ArmContext,
): BlobServiceSettings {
  const { restorePolicy } = settings;
  if (restorePolicy?.enabled !== true) return settings;
  const since = blobService.restorePolicy?.minRestoreTime;
  const minRestoreTime = since ?? new Date(world.timeline.now()).toISOString();
  return {
    ...settings,
    restorePolicy: { enabled: true, days: restorePolicy.days, minRestoreTime },
  };
}

function blobServiceResource({ id, sku, blobService }: StorageAccount): unknown {
  return {
    sku: skuResource(sku),
    id: `${id}/blobServices/default`,
    name: "default",
    type: `${ACCOUNT_TYPE}/blobServices`,
    properties: {
      ...blobService,
      cors: { corsRules: blobService.cors?.corsRules ?? [] },
      deleteRetentionPolicy: {
        allowPermanentDelete: false,
        enabled: false,
        ...blobService.deleteRetentionPolicy,
      },
      isVersioningEnabled: blobService.isVersioningEnabled ?? false,
    },
  };
}
