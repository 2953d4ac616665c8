import { z } from "zod";
import { invalidContent } from "../arm/invalid-content.js";
import { omitReadOnly, withoutNulls } from "../arm/merge-patch.js";
import { type ArmContext, armJson } from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { accountOf } from "./lookup.js";
import { accepted, beginOperation } from "./long-running.js";
import { ACCOUNT_TYPE } from "./representation.js";
import { checkNoOperation } from "./rules.js";
import { changeOf, isOffered, redundancyOf, SKUS } from "./skus.js";
import type { Migration } from "./state.js";

const Body = z.strictObject({
  properties: z.strictObject({ targetSkuName: z.string().min(1) }),
});

/** Starts the conversion between zonal and non-zonal redundancy. Azure may take days before it begins with it. */
export function startMigration(context: ArmContext): Answer {
  const { world, body } = context;
  const account = accountOf(context);
  const readOnly = {
    resource: ["id", "name", "type"],
    properties: ["migrationStatus", "migrationFailedReason", "migrationFailedDetailedReason"],
  };
  const parsed = Body.safeParse(omitReadOnly(withoutNulls(body), readOnly));
  if (!parsed.success) throw invalidContent(parsed.error);
  const { targetSkuName } = parsed.data.properties;
  const possible =
    SKUS.has(targetSkuName) &&
    changeOf(account.sku, targetSkuName) === "conversion" &&
    isOffered(targetSkuName, account.primaryLocation);
  if (!possible) {
    throw new Refusal(
      400,
      "InvalidRequestPropertyValue",
      `The value '${targetSkuName}' is not allowed for property targetSkuName.`,
    );
  }
  checkNoOperation(account);
  const migration: Migration = { targetSku: targetSkuName, status: "SubmittedForConversion" };
  account.migration = migration;
  const { zoneConversionStart, zoneConversion } = world.durations;
  const operation = beginOperation(account, context, {
    duration: zoneConversionStart + zoneConversion,
    midway: {
      share: zoneConversionStart / (zoneConversionStart + zoneConversion),
      act: () => {
        migration.status = "InProgress";
      },
    },
    succeeded: () => {
      migration.status = "Complete";
      account.sku = targetSkuName;
      const zonal = redundancyOf(targetSkuName).zones;
      account.zonalRegion = zonal ? account.primaryLocation : undefined;
    },
    failed: () => {
      migration.status = "Failed";
    },
    result: () => ({}),
  });
  return accepted(context, operation, { kind: "storage-migration-started", resource: account.id });
}

export function getMigration(context: ArmContext): Answer {
  const { migration, id } = accountOf(context);
  if (migration === undefined || context.params["migrationName"] !== "default") {
    throw new Refusal(404, "ResourceNotFound", "The account has no migration of that name.");
  }
  return armJson(context, 200, {
    id: `${id}/accountMigrations/default`,
    name: "default",
    type: `${ACCOUNT_TYPE}/accountMigrations`,
    properties: {
      targetSkuName: migration.targetSku,
      migrationStatus: migration.status,
      ...(migration.status === "Failed" && {
        migrationFailedReason: "InternalError",
        migrationFailedDetailedReason: "The conversion could not be completed.",
      }),
    },
  });
}
