import type { ArmContext } from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { accountOf } from "./lookup.js";
import { accepted, beginOperation } from "./long-running.js";
import {
  failoverObstacle,
  type FailoverObstacle,
  lastSyncAt,
  replicationChanged,
  skuAfterFailover,
} from "./replication.js";
import { checkNoOperation } from "./rules.js";
import type { StorageAccount } from "./state.js";

/**
 * The unplanned failover. Copying to the other region stops when it starts, the account stays as it is until its
 * time is over, and then everything that had not been copied is lost. The same call once more, when the account is
 * geo-redundant again, fails back.
 */
export function failOver(context: ArmContext): Answer {
  const { world } = context;
  const account = accountOf(context);
  const type = context.request.query.get("failoverType");
  if (type !== null && type !== "Planned") {
    throw new Refusal(400, "InvalidFailoverType", `The failoverType '${type}' is not valid.`);
  }
  if (account.geo === undefined) {
    throw new Refusal(400, "InvalidAccountType", `The AccountType ${account.sku} is invalid.`);
  }
  checkNoOperation(account);
  const obstacle = failoverObstacle(account, world);
  if (obstacle !== undefined) throw refusalOf(obstacle, account);
  if (type === "Planned") {
    throw new Refusal(501, "NotSimulated", "failoverType=Planned is not simulated.");
  }
  account.failoverInProgress = true;
  replicationChanged(account, world);
  const operation = beginOperation(account, context, {
    duration: world.durations.storageFailover,
    succeeded: () => {
      const now = world.timeline.now();
      account.sku = skuAfterFailover(account);
      // An earlier loss may still have to be carried out: nobody has asked for the blobs since.
      account.lostSince = Math.min(
        account.lostSince ?? Infinity,
        lastSyncAt(account, now) ?? account.createdAt,
      );
      account.failoverInProgress = false;
      account.primaryLocation = account.secondaryLocation ?? account.primaryLocation;
      account.secondaryLocation = undefined;
      account.geo = undefined;
      account.lastGeoFailoverAt = now;
    },
    failed: () => {
      account.failoverInProgress = false;
      replicationChanged(account, world);
    },
    result: () => undefined,
  });
  return accepted(context, operation, { kind: "storage-failover-started", resource: account.id });
}

// Only the first code has been seen in public; the other two have no source and are assumed.
function refusalOf(obstacle: FailoverObstacle, account: StorageAccount): Refusal {
  switch (obstacle) {
    case "no-copy":
      return new Refusal(
        409,
        "LastSyncTimeUnavailable",
        `Last sync time is unavailable for account ${account.name}.`,
      );
    case "protected":
      return new Refusal(
        409,
        "AccountFailoverNotSupported",
        `The account ${account.name} cannot be failed over: a container has an immutability policy or a legal hold.`,
      );
    case "secondary-down":
      return new Refusal(
        409,
        "SecondaryLocationUnavailable",
        `The account ${account.name} cannot be failed over: its secondary location is unavailable.`,
      );
  }
}
