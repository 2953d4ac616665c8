import type { ArmContext } from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { accountOf } from "./lookup.js";
import { accepted, beginOperation } from "./long-running.js";
import {
  failoverObstacle,
  type FailoverObstacle,
  lastSyncAt,
  plannedFailoverObstacle,
  replicationChanged,
  skuAfterFailover,
} from "./replication.js";
import { checkNoOperation } from "./rules.js";
import type { StorageAccount } from "./state.js";

/** Exchanges the regions of an account: at once and with a loss, or as planned and without one. */
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
  const obstacle =
    type === "Planned" ? plannedFailoverObstacle(account, world) : failoverObstacle(account, world);
  if (obstacle !== undefined) throw refusalOf(obstacle, account);
  return type === "Planned"
    ? failOverAsPlanned(account, context)
    : failOverAtOnce(account, context);
}

/**
 * Copying to the other region stops when it starts, the account stays as it is until its time is over, and then
 * everything that had not been copied is lost. The same call once more, when the account is geo-redundant again, fails
 * back.
 */
function failOverAtOnce(account: StorageAccount, context: ArmContext): Answer {
  const { world } = context;
  account.failover = "unplanned";
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
      account.failover = undefined;
      account.primaryLocation = account.secondaryLocation ?? account.primaryLocation;
      account.secondaryLocation = undefined;
      account.geo = undefined;
      account.lastGeoFailoverAt = now;
    },
    failed: () => {
      account.failover = undefined;
      replicationChanged(account, world);
    },
    result: () => undefined,
  });
  return accepted(context, operation, { kind: "storage-failover-started", resource: account.id });
}

/**
 * The regions change places. Copying goes on; at the end neither region serves until the copy is whole. What is
 * documented about zones contradicts itself: here the account keeps its sku, as one of the tables has it.
 */
function failOverAsPlanned(account: StorageAccount, context: ArmContext): Answer {
  const { world } = context;
  const { timeline, durations, conditions } = world;
  const { storageFailover: duration, storageFailoverSwitch } = durations;
  const { primaryLocation, secondaryLocation } = account;
  account.failover = "planned";
  const end = (): void => {
    account.failover = undefined;
    replicationChanged(account, world);
  };
  const operation = beginOperation(account, context, {
    duration,
    midway: {
      share: 1 - Math.min(1, storageFailoverSwitch / duration),
      act: () => {
        if (operation.stuckBy !== undefined) return;
        account.failover = "changing-places";
        world.storageChanged();
      },
    },
    mayEnd: () =>
      [primaryLocation, secondaryLocation].every((region) => !conditions.isDown("data", region)),
    succeeded: () => {
      const now = timeline.now();
      if (account.geo) account.geo.wholeAt = now;
      account.primaryLocation = secondaryLocation ?? primaryLocation;
      account.secondaryLocation = primaryLocation;
      account.lastGeoFailoverAt = now;
      end();
    },
    failed: end,
    result: () => undefined,
  });
  return accepted(context, operation, {
    kind: "storage-failover-started",
    resource: account.id,
    detail: "planned",
  });
}

// Only the first code has been seen in public; the others have no source and are assumed.
function refusalOf(obstacle: FailoverObstacle, account: StorageAccount): Refusal {
  switch (obstacle) {
    case "no-copy":
      return new Refusal(
        409,
        "LastSyncTimeUnavailable",
        `Last sync time is unavailable for account ${account.name}.`,
      );
    case "protected":
      return refused(
        account,
        "AccountFailoverNotSupported",
        "a container has an immutability policy or a legal hold",
      );
    case "change-feed":
      return refused(
        account,
        "AccountFailoverNotSupported",
        "a planned failover is not for accounts with a change feed",
      );
    case "far-behind":
      return refused(
        account,
        "AccountFailoverNotSupported",
        "its secondary location is more than 30 minutes behind",
      );
    case "secondary-down":
      return refused(
        account,
        "SecondaryLocationUnavailable",
        "its secondary location is unavailable",
      );
    case "primary-down":
      return refused(account, "PrimaryLocationUnavailable", "its primary location is unavailable");
  }
}

function refused({ name }: StorageAccount, code: string, why: string): Refusal {
  return new Refusal(409, code, `The account ${name} cannot be failed over: ${why}.`);
}
