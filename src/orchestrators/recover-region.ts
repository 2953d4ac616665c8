import { findVerifiedSets } from "../activities/backup.contract.js";
import * as edge from "../activities/edge.contract.js";
import * as vault from "../activities/key-vault-failure.contract.js";
import * as side from "../activities/standby.contract.js";
import * as storage from "../activities/storage-failure.contract.js";
import * as traffic from "../activities/traffic.contract.js";
import { hostOf } from "../domain/address.js";
import type { BackupKind } from "../domain/backup.js";
import { describeDuration } from "../domain/duration.js";
import { hostsInUse } from "../domain/edge-move.js";
import { elapsed } from "../domain/instant.js";
import { orderText } from "../domain/order-text.js";
import { RecoveryOrder } from "../domain/recovery-order.js";
import { breakGlass, regionSides, witnessesOf, type RegionSides } from "../domain/region-sides.js";
import { parseResourceId, shortNameOf } from "../domain/resource-id.js";
import type { Source } from "../domain/sources.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { regionOutage, waits } from "../scenarios/region-outage.js";
import { waits as storageWaits } from "../scenarios/storage-failure.js";
import { fillAccount } from "./fill-account.js";
import { fillVault } from "./fill-vault.js";
import { changeEdge, proveEdge, type LedEdge } from "./lead-edge.js";
import { moveTraffic } from "./move-traffic.js";
import { readySide } from "./ready-side.js";
import { replacement } from "./replace-cache.js";
import { stuck, type Stuck } from "./stuck.js";
import { awaitAccount, grantBlobRoles, lookAtStorage } from "./use-account.js";

type Steps = Recovery<keyof typeof regionOutage.steps>;

/** Why the other side cannot take over, and what a person does about it where that is known. */
type Unready = Stuck & { readonly remedy?: string };

/** The side that takes over, as it was seen. */
interface Standby extends RegionSides {
  readonly order: RecoveryOrder;
  readonly fqdn: string;
}

/**
 * The primary region is away: the data of the other one is made writable and proven, then users are led
 * there, the new endpoint first. One approval is for all of it.
 */
export const recoverRegion = framed(regionOutage, RecoveryOrder, function* (run, order) {
  const sides = regionSides(order.estate);
  if (sides === undefined) {
    const why = "single-region estate: there is no other side that users could be led to";
    return run.end("needs-operator", why, breakGlass(order.estate));
  }
  const active = yield* run.step("find-active-side", traffic.observeTraffic, {
    front: sides.front,
  });
  if (!active.ok) {
    const blind = stuck("Traffic Manager cannot be looked at", active.failure);
    return stuckAt(run, blind.why, ...rolesFor(blind, sides.secondary.region));
  }
  const { primary, secondary } = active.value;
  if (!primary.enabled && secondary?.enabled === true) {
    return run.end(
      "not-needed",
      `users are led to ${sides.secondary.region} already; ${primary.name} is disabled`,
      [
        `If ${sides.secondary.region} is what fails, and ${sides.primary.region} is well: ${orderText("failbacks", { environment: order.environment, resource: "region" })}`,
      ],
    );
  }
  // A drill leads users away from a region that is up, which is what it was approved for.
  const isDrill = order.trigger.kind === "drill";
  const refuted = isDrill ? undefined : yield* confirm(run, order, sides);
  if (refuted !== undefined) return refuted;

  const seen = yield* run.step("inspect-standby", side.observeSide, {
    app: sides.secondary.app,
    rule: order.estate.containerApp.health,
  });
  if (!seen.ok) return notReady(run, sides, describeFailure(seen.failure));
  const { fqdn, answers, ready, minReplicas, detail } = seen.value;
  // One that is scaled to nothing answers nobody, and is scaled when it is told what to use.
  const asleep = ready === 0 && minReplicas === 0;
  if (fqdn === undefined || (!asleep && (!answers || ready === 0))) {
    return notReady(run, sides, detail);
  }
  const seenAt = run.now();

  const loss = yield* measureLoss(run, order);
  const done = whatIsDone(order, sides);
  if (run.planning) {
    run.journal.plan("move-region", done, run.now());
    run.journal.planChange("move-region", done);
  }
  const approval = yield* run.approval("move-region", `${loss}. Approved with it: ${done}`);
  if (approval !== "granted") {
    const said = approval === "denied" ? "it was denied" : "nobody approved it in time";
    return stuckAt(run, `users are not led to ${sides.secondary.region}: ${said}`);
  }
  const changed =
    !isDrill && elapsed(seenAt, run.now()) > waits.stale
      ? yield* upAgain(run, order, sides)
      : undefined;
  if (changed !== undefined) return changed;
  return yield* alone(run, order, () => move(run, { ...sides, order, fqdn }));
});

/** Undefined where the region is down; the run ends otherwise. */
function* confirm(
  run: Steps,
  order: RecoveryOrder,
  sides: RegionSides,
): Durable<Ending | undefined> {
  const asked = witnessesOf(order.estate, sides);
  let sources: readonly Source[] = [];
  let detail = "";
  const waited = yield* run.until("confirm", traffic.witnessRegion, asked, {
    ...waits.confirm,
    done: (seen) => {
      ({ sources, detail } = seen);
      return seen.verdict === "up";
    },
    failed: ({ verdict }) => verdict === "down",
    eitherWay: true,
    inPlan: "failed",
  });
  if (waited === "done") {
    return run.end("not-needed", `${sides.primary.region} is up; nothing was changed: ${detail}`, [
      "Recover what fails by itself: POST /api/recoveries with container-app-failure, redis-failure, key-vault-failure or storage-failure",
    ]);
  }
  if (waited === "failed" || run.planning) return run.unconfirmed(sources);
  // An order is enough where nobody can tell; an alert is not.
  if (order.trigger.kind === "operator") {
    run.journal.finding(`it is not clear that ${sides.primary.region} is down: ${detail}`);
    return undefined;
  }
  return stuckAt(
    run,
    `held back because it is not clear that ${sides.primary.region} is down: ${detail}`,
  );
}

/** People take their time, and the region may be up again, or users away from it, when they answer. */
function* upAgain(
  run: Steps,
  order: RecoveryOrder,
  sides: RegionSides,
): Durable<Ending | undefined> {
  const { front, primary } = sides;
  const active = yield* run.look("confirm", traffic.observeTraffic, { front });
  if (active.ok && !active.value.primary.enabled && active.value.secondary?.enabled === true) {
    return run.end("not-needed", `users have been led to ${sides.secondary.region} meanwhile`);
  }
  const seen = yield* run.look("confirm", traffic.witnessRegion, witnessesOf(order.estate, sides));
  if (!seen.ok || seen.value.verdict !== "up") return undefined;
  return run.end(
    "not-needed",
    `${primary.region} came up again while it was waited for an answer; nothing was changed: ${seen.value.detail}`,
  );
}

/**
 * While users are led away, no other run goes on with what they leave: its changes would be lost with it,
 * or would throw away what a failback could bring home.
 */
function* alone(run: Steps, order: RecoveryOrder, body: () => Durable<Ending>): Durable<Ending> {
  const { containerApp, keyVault, storage: accounts } = order.estate;
  const left = [containerApp.primary, keyVault.primary, accounts.primary];
  const inside = left.reduceRight(
    (within, resource) =>
      function* (): Durable<Ending> {
        const held = yield* run.holding(resource, within);
        if (held.ok) return held.value;
        // What is away helps nobody; users are not left without a region for its sake.
        run.journal.finding(
          `${shortNameOf(resource)} could not be had alone: ${describeFailure(held.failure)}`,
        );
        return yield* within();
      },
    body,
  );
  return yield* inside();
}

/** What the one approval is for, in words. */
function whatIsDone({ estate }: RecoveryOrder, { front, primary, secondary }: RegionSides): string {
  const { frontDoor, redis, recoveryRegion } = estate;
  const names = [redis.secondary, secondary.vault, estate.storage.secondary];
  const data = names.flatMap((id) => (id === undefined ? [] : [shortNameOf(id)])).join(", ");
  const app = shortNameOf(secondary.app);
  return [
    `${data} take over and get what they lack from the newest verified sets`,
    ...(redis.secondary === undefined
      ? []
      : [
          `${shortNameOf(redis.secondary)} is unlinked if it is a geo-replica, and what it holds gives way to the newest set if it stood alone`,
        ]),
    ...(estate.storage.secondary === undefined
      ? [
          `${shortNameOf(estate.storage.primary)} is failed over to its other region, which loses what is newer than its last copy there`,
        ]
      : []),
    `a cache is made in ${recoveryRegion} if no other can be used`,
    ...(frontDoor === undefined
      ? []
      : [`${shortNameOf(frontDoor.profile)} is led to that storage`]),
    `${app} gets a new revision or a restart`,
    `${front.secondaryEndpoint} is enabled, then ${front.primaryEndpoint} disabled, which leads users from ${primary.region} to ${secondary.region}`,
  ].join("; ");
}

/** How old what the other region has may be, in words. */
function* measureLoss(run: Steps, { environment, estate }: RecoveryOrder): Durable<string> {
  const sides: readonly (readonly [BackupKind, string, string | undefined])[] = [
    ["redis", estate.redis.primary, estate.redis.secondary],
    ["key-vault", estate.keyVault.primary, estate.keyVault.secondary],
    ["blobs", estate.storage.primary, estate.storage.secondary],
  ];
  const words: string[] = [];
  for (const [kind, primary, secondary] of sides) {
    const sources = [primary, ...(secondary === undefined ? [] : [secondary])];
    const wanted = { kind, environment, sources };
    const found = yield* run.step("measure-loss", findVerifiedSets, wanted, kind);
    const newest = found.ok ? found.value.found[0] : undefined;
    words.push(
      newest === undefined
        ? `${kind}: no verified set`
        : `${kind}: the newest verified set is ${describeDuration(elapsed(newest.takenAt, run.now()))} old`,
    );
  }
  return `what had not reached the other region (${words.join("; ")})`;
}

function* move(run: Steps, standby: Standby): Durable<Ending> {
  const { order, front, primary, secondary } = standby;
  const ready = yield* makeWritable(run, standby);
  if ("why" in ready) {
    return stuckAt(
      run,
      `users are not led to ${secondary.region}, whose app cannot serve them yet: ${ready.why}`,
      ...rolesFor(ready, secondary.region),
      ...(ready.remedy === undefined ? [] : [ready.remedy]),
    );
  }
  const moved = yield* moveTraffic(run, { to: "secondary", app: secondary.app });
  if (moved !== undefined) {
    return stuckAt(
      run,
      moved.why,
      ...rolesFor(moved, secondary.region),
      `${shortNameOf(secondary.app)} is ready and proven: enable ${front.secondaryEndpoint} of ${front.profile}, wait until it is Online, and only then disable ${front.primaryEndpoint}`,
    );
  }
  // It has had the time since it was changed; users of the app are served meanwhile.
  const edge = yield* proveEdge(run, ready.edge);
  run.journal.restored(run.now());
  if (edge !== undefined) {
    run.journal.finding(`users do not get the files of ${secondary.region}: ${edge.why}`);
  }
  yield* lookBack(run, standby);
  return run.end("failed-over", `users are led to ${secondary.region}`, [
    `Leave ${front.primaryEndpoint} disabled: Traffic Manager would lead users back as soon as it is well`,
    `When ${primary.region} is well again: ${orderText("failbacks", { environment: order.environment, resource: "region" })}`,
  ]);
}

/** The data of the other side, each observed first; then its app, proven by a write and a read. */
function* makeWritable(
  run: Steps,
  standby: Standby,
): Durable<Unready | { readonly edge: LedEdge | Stuck | undefined }> {
  const { order, secondary, fqdn } = standby;
  const address = yield* readyVault(run, standby);
  if (typeof address !== "string") return address;
  const cache = yield* readyCache(run, standby);
  if (cache === undefined) {
    run.journal.finding("no cache of the other side can be used");
  }
  const account = yield* readyAccount(run, standby);
  if (typeof account !== "string") return account;
  const edge = yield* readyEdge(run, order, account);
  const problem = yield* readySide(run, {
    app: secondary.app,
    fqdn,
    vault: secondary.vault,
    vaultAddress: address,
    storageAddress: account,
    cache,
  });
  return problem ?? { edge };
}

/** The address of the other side's vault, once it holds the secrets. */
function* readyVault(run: Steps, { order, secondary }: Standby): Durable<string | Unready> {
  const target = secondary.vault;
  const seen = yield* run.step("find-vault", vault.observeVault, { vault: target });
  if (!seen.ok) return stuck("the other side's vault cannot be looked at", seen.failure);
  const { usable, empty, address, detail } = seen.value;
  if (!usable || address === undefined) {
    return stuck(`the other side's vault cannot be used: ${detail}`);
  }
  const held = yield* run.holding(target, () =>
    fillVault(run, order, {
      lost: order.estate.keyVault.primary,
      ...{ target, address, empty, isNew: false },
    }),
  );
  if (!held.ok) return stuck("the other side's vault could not be had alone", held.failure);
  if (held.value === undefined) return address;
  const remedy = `Write the secrets that the app reads into ${shortNameOf(target)}, from wherever you keep them`;
  return { ...held.value, remedy };
}

/** A cache that can be written to, with what could be brought into it. */
function* readyCache(run: Steps, { order, secondary }: Standby): Durable<string | undefined> {
  const { redis } = order.estate;
  const failing = redis.primary;
  const held = yield* run.holding(failing, () =>
    replacement(run, order, failing, {
      use: {
        app: secondary.app,
        vault: { primary: secondary.vault, secondary: undefined },
        redis: { primary: redis.primary, secondary: redis.secondary },
        secret: redis.connectionSecret,
      },
      unlinkAt: "secondary",
    }),
  );
  if (!held.ok) {
    run.journal.finding(`the caches could not be had alone: ${describeFailure(held.failure)}`);
    return undefined;
  }
  if (held.value === undefined) return undefined;
  const { data, how } = held.value;
  const late = how === "replica" ? ", without what had not reached it" : "";
  run.journal.loses(`of the cache: ${data}${late}`, "keys");
  return held.value.cache;
}

/** The address of the account that the other side uses, once it holds the blobs. */
function* readyAccount(run: Steps, standby: Standby): Durable<string | Unready> {
  const { order, secondary } = standby;
  const { sides } = lookAtStorage(order.estate);
  const lost = order.estate.storage.primary;
  const { reservedName } = order.estate.storage.recovery;
  const chosen = yield* run.step("choose-account", storage.chooseAccount, {
    ...{ sides, lost },
    ...(reservedName === undefined ? {} : { reservedName }),
  });
  if (!chosen.ok) return stuck("no storage account could be chosen", chosen.failure);
  const target = chosen.value.standby;
  if (target === undefined) return yield* accountFailedOver(run, standby, chosen.value.detail);
  const held = yield* run.holding(target, function* () {
    const problem = yield* grantBlobRoles(run, secondary.app, target, lost, true);
    if (problem !== undefined) return problem;
    const address = yield* awaitAccount(run, target);
    if (address === undefined) return stuck(`this service cannot use ${shortNameOf(target)}`);
    // Resource Manager may not be able to show the lost one: then its readable copy is not known either.
    const seen = yield* run.look("bring-newer", storage.observeAccount, { account: lost });
    const redundancy = seen.ok ? seen.value.redundancy : undefined;
    const filled = yield* fillAccount(run, order, {
      ...{ lost, redundancy, target, address, isNew: false },
    });
    return filled ?? address;
  });
  if (!held.ok) return stuck("the storage account could not be had alone", held.failure);
  return held.value;
}

/** Nothing stands by: Azure fails the lost account itself over, where it has a copy in another region. */
function* accountFailedOver(
  run: Steps,
  { order, secondary }: Standby,
  nothing: string,
): Durable<string | Unready> {
  const account = order.estate.storage.primary;
  const name = shortNameOf(account);
  const refused = (why: string): Unready => ({
    ...stuck(`no storage account of the other side stands by: ${nothing}; ${name} ${why}`),
    remedy: `Make a storage account in ${secondary.region} and enter it as storage.secondary of the estate`,
  });
  const seen = yield* run.look("choose-account", storage.observeAccount, { account });
  if (!seen.ok) return refused(`cannot be looked at: ${describeFailure(seen.failure)}`);
  const { redundancy } = seen.value;
  if (redundancy?.geo?.canFailover !== true) return refused("cannot be failed over");
  const { primaryLocation: from, geo } = redundancy;
  const wanted = { account, from, kind: "unplanned" as const };
  const started = yield* run.step("fail-over", storage.startStorageFailover, wanted);
  if (!started.ok) return refused(`was not failed over: ${describeFailure(started.failure)}`);
  const waited = yield* run.until(
    "await-failover",
    storage.observeAccount,
    { account },
    {
      ...storageWaits.failover,
      done: ({ state, redundancy: now }) => state === "ready" && now?.primaryLocation !== from,
    },
  );
  if (waited !== "done") return refused("has not failed over in time");
  run.journal.loses(
    `what was written to blobs since ${geo.lastSyncAt ?? "they were last copied to the other region"}`,
    "blobs",
  );
  run.journal.finding(`${name} is locally redundant now, until its copy is restored`);
  const problem = yield* grantBlobRoles(run, secondary.app, account, account, true);
  if (problem !== undefined) return problem;
  return (yield* awaitAccount(run, account)) ?? stuck(`this service cannot use ${name}`);
}

/** The edge is led from wherever it leads in the lost region. */
function* readyEdge(
  run: Steps,
  { estate }: RecoveryOrder,
  to: string,
): Durable<LedEdge | Stuck | undefined> {
  const { frontDoor, storage: accounts } = estate;
  if (frontDoor === undefined) return undefined;
  const seen = yield* run.step("observe-edge", edge.observeEdge, { edge: frontDoor }, "from");
  if (!seen.ok) return stuck("nobody can tell where the edge leads", seen.failure);
  // The lost account cannot be asked for its address, but its name is the first part of it.
  const name = parseResourceId(accounts.primary)?.name.toLowerCase();
  const from = hostsInUse(seen.value.view).find((host) => hostOf(host).split(".")[0] === name);
  const container = lookAtStorage(estate).container;
  return yield* changeEdge(run, { from: from ?? to, to, container });
}

/** Best effort, for the record: what the region that is down still says. Nobody waits for it. */
function* lookBack(run: Steps, { order }: Standby): Durable<void> {
  const { containerApp, storage: accounts, keyVault } = order.estate;
  yield* run.inParallel("look-back", [
    (call) => call(side.observeSide, { app: containerApp.primary, rule: containerApp.health }),
    (call) => call(storage.observeAccount, { account: accounts.primary }),
    (call) => call(vault.observeVault, { vault: keyVault.primary }),
  ]);
}

/** What a person gives this service, where it lacks a role. */
const rolesFor = ({ lacksRole }: Stuck, region: string): readonly string[] =>
  lacksRole
    ? [
        `Give this service the role that it lacks: Disaster recovery: Traffic Manager at the profile, Disaster recovery: edge at the edge; in ${region} Disaster recovery: caches, Key Vault Secrets Officer, Storage Blob Data Contributor and Disaster recovery: container apps`,
      ]
    : [];

const notReady = (run: Steps, { secondary }: RegionSides, why: string): Ending =>
  stuckAt(
    run,
    `the app in ${secondary.region} is not ready to take over: ${why}`,
    `Have ${secondary.app} running: revision, image, replicas, ingress`,
  );

const stuckAt = (run: Steps, why: string, ...more: readonly string[]): Ending =>
  run.end("needs-operator", why, [
    ...more,
    "Look at the findings, at Azure Service Health and at Traffic Manager's endpoints",
    `Order it again when that is mended: ${orderText("recoveries", { environment: run.order.environment, scenario: "region-outage" })}`,
  ]);
