import * as container from "../activities/container-app.contract.js";
import * as vault from "../activities/key-vault-failure.contract.js";
import * as redis from "../activities/redis-failure.contract.js";
import * as side from "../activities/standby.contract.js";
import * as storage from "../activities/storage-failure.contract.js";
import * as traffic from "../activities/traffic.contract.js";
import { describeDuration, milliseconds } from "../domain/duration.js";
import { orderText } from "../domain/order-text.js";
import { breakGlass, regionSides, witnessesOf, type RegionSides } from "../domain/region-sides.js";
import { sameResource, shortNameOf } from "../domain/resource-id.js";
import { RunOrder } from "../domain/run-order.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { failbackWaits as waits, regionFailback } from "../scenarios/region-failback.js";
import { blobsHome, lateBlobsHome } from "./blobs-home.js";
import { keysHome, lateKeysHome, linkedAgain, type WayOfKeys } from "./keys-home.js";
import { changeEdge, leadEdge, proveEdge } from "./lead-edge.js";
import { moveTraffic } from "./move-traffic.js";
import { readySide } from "./ready-side.js";
import { bringSecrets, compareBothVaults, firstOf } from "./secrets-home.js";
import { lookAtStorage } from "./use-account.js";

type Steps = Recovery<keyof typeof regionFailback.steps>;

/** Where users are, where they go, and what lies between; vaults and accounts by their addresses. */
interface Homecoming extends RegionSides {
  readonly fqdn: string;
  readonly secrets: { readonly from: string; readonly home: string };
  readonly blobs: { readonly from: string; readonly home: string };
  /** Undefined where users use the original cache already. */
  readonly keys: WayOfKeys | undefined;
}

/** Users stay where they are, and this is why; or undefined where all is well so far. */
type Refused = { readonly why: string; readonly first?: readonly string[] } | undefined;

/**
 * The primary region is well again, and has been for a while: what was written in the other one comes home
 * first, then users do, and the other side stands by again. It refuses where that would lose data.
 */
export const failBackRegion = framed(regionFailback, RunOrder, function* (run, { estate }) {
  const sides = regionSides(estate);
  if (sides === undefined) {
    return run.end(
      "needs-operator",
      "single-region estate: there is no other side to come back from",
      breakGlass(estate),
    );
  }
  const { front } = sides;
  const seen = yield* run.step("find-active-side", traffic.observeTraffic, { front });
  if (!seen.ok) return refused(run, { why: describeFailure(seen.failure) });
  const { primary, secondary } = seen.value;
  if (primary.enabled && secondary?.enabled !== true) {
    return run.end("not-needed", `users are led to ${sides.primary.region} already`);
  }
  const both = primary.enabled ? yield* onlyAway(run, sides, primary.online) : undefined;
  if (both !== undefined) return refused(run, both);
  const up = yield* confirmUp(run, sides);
  if (up !== undefined) return refused(run, up);
  const before = yield* wayHome(run, sides, "");
  if ("why" in before) return refused(run, before);
  const soaked = yield* soak(run, "soak", before.fqdn);
  if (soaked !== undefined) return refused(run, soaked);

  // Other recoveries may have changed what users use while the app was watched.
  const way = run.planning ? before : yield* wayHome(run, sides, "-again");
  if ("why" in way) return refused(run, way);
  const brought = yield* dataHome(run, way);
  if (brought !== undefined) return refused(run, brought);
  return yield* usersHome(run, way);
});

/**
 * Both endpoints are enabled. While the primary one is online, users are led to both regions and nobody can
 * tell whose data is the newer; while it is not, it is switched off before it leads users home unprepared.
 */
function* onlyAway(run: Steps, { front, primary }: RegionSides, online: boolean): Durable<Refused> {
  const { profile, endpointType: type, primaryEndpoint: endpoint, secondaryEndpoint } = front;
  if (online) {
    return {
      why: `both endpoints are enabled and online, so users may be led to either region; what lies in ${primary.region} may be theirs, and nothing is written over it`,
      first: [
        `Find out where users write, and disable the other endpoint of ${shortNameOf(profile)}: ${endpoint} if they are to be brought home from the other region, ${secondaryEndpoint} if they are home`,
      ],
    };
  }
  if (run.planning) return undefined;
  const off = yield* run.holding(profile, () =>
    run.step("disable-endpoint", traffic.disableEndpoint, { profile, type, endpoint }, "before"),
  );
  const failure = off.ok ? (off.value.ok ? undefined : off.value.failure) : off.failure;
  return failure === undefined
    ? undefined
    : { why: `${endpoint} could not be disabled: ${describeFailure(failure)}` };
}

function* confirmUp(run: Steps, sides: RegionSides): Durable<Refused> {
  let detail = "";
  const waited = yield* run.until(
    "confirm-up",
    traffic.witnessRegion,
    witnessesOf(run.order.estate, sides),
    {
      ...waits.up,
      inPlan: "done",
      done: (seen) => {
        ({ detail } = seen);
        return seen.verdict === "up";
      },
    },
  );
  return waited === "done" ? undefined : { why: `${sides.primary.region} is not up: ${detail}` };
}

/** What both sides use, each looked at; nothing is brought on a guess. */
function* wayHome(
  run: Steps,
  sides: RegionSides,
  /** Tells a second look at all of it from the first. */
  again: "" | "-again",
): Durable<Homecoming | { readonly why: string; readonly first?: readonly string[] }> {
  const { estate } = run.order;
  const { health: rule } = estate.containerApp;
  const look = (app: string, item: string) =>
    run.step("inspect-sides", side.observeSide, { app, rule }, `${item}${again}`);
  const home = yield* look(sides.primary.app, "primary");
  if (!home.ok) return { why: describeFailure(home.failure) };
  const away = yield* look(sides.secondary.app, "secondary");
  if (!away.ok) return { why: describeFailure(away.failure) };
  const { fqdn } = home.value;
  const { vault: fromVault, storage: fromAccount } = away.value;
  if (fqdn === undefined) return { why: `${shortNameOf(sides.primary.app)} has no ingress` };
  if (fromVault === undefined || fromAccount === undefined) {
    return {
      why: `${shortNameOf(sides.secondary.app)} does not say which vault and storage it uses`,
    };
  }
  const homeVault = yield* run.step(
    "find-homes",
    vault.observeVault,
    { vault: estate.keyVault.primary },
    `vault${again}`,
  );
  if (!homeVault.ok || !homeVault.value.usable || homeVault.value.address === undefined) {
    const why = homeVault.ok ? homeVault.value.detail : describeFailure(homeVault.failure);
    return { why: `the vault of ${sides.primary.region} cannot be used: ${why}` };
  }
  const homeAccount = yield* run.step(
    "find-homes",
    storage.observeAccount,
    { account: estate.storage.primary },
    `account${again}`,
  );
  if (!homeAccount.ok || !homeAccount.value.usable || homeAccount.value.endpoint === undefined) {
    const why = homeAccount.ok ? homeAccount.value.detail : describeFailure(homeAccount.failure);
    return { why: `the storage of ${sides.primary.region} cannot be used: ${why}` };
  }
  const { redundancy, endpoint } = homeAccount.value;
  if (redundancy !== undefined && redundancy.primaryLocation !== sides.primary.region) {
    return {
      why: `${shortNameOf(estate.storage.primary)} is written in ${redundancy.primaryLocation} since it was failed over`,
      first: [
        `Bring it home first: ${orderText("failbacks", { environment: run.order.environment, resource: "storage" })}`,
      ],
    };
  }
  const use = {
    app: sides.secondary.app,
    vault: { primary: sides.secondary.vault, secondary: undefined },
    redis: { primary: estate.redis.primary, secondary: estate.redis.secondary },
    secret: estate.redis.connectionSecret,
  };
  const cache = yield* run.step("find-cache", redis.findCacheInUse, use, `cache${again}`);
  if (!cache.ok) return { why: describeFailure(cache.failure) };
  // What is copied must be what users have; a guess could bring old keys over new ones.
  if (cache.value.known !== "observed") return { why: cache.value.detail };
  const isHome = sameResource(cache.value.id, estate.redis.primary);
  return {
    ...sides,
    fqdn,
    secrets: { from: fromVault, home: homeVault.value.address },
    blobs: { from: fromAccount, home: endpoint },
    keys: isHome ? undefined : { from: cache.value.id, to: estate.redis.primary, use },
  };
}

/** Well for as long as the estate wants, without a bad look in between. */
function* soak(run: Steps, step: "soak" | "soak-afterwards", fqdn: string): Durable<Refused> {
  const { health: rule, soak: long } = run.order.estate.containerApp;
  const { every, grace } = waits.soak;
  let says = "";
  const inARow = Math.max(rule.inARow, Math.ceil(long / every) + 1);
  const waited = yield* run.until(
    step,
    container.probeHealth,
    { fqdn, rule },
    {
      ...{ first: every, longest: every, apart: every, inARow },
      within: milliseconds(long + grace),
      ...(step === "soak-afterwards" ? { failedInARow: 3 } : {}),
      failed: ({ healthy }) => step === "soak-afterwards" && !healthy,
      done: ({ healthy, detail }) => {
        says = detail;
        return healthy;
      },
    },
  );
  return waited === "done"
    ? undefined
    : { why: `the primary app was not well for ${describeDuration(long)}: ${says}` };
}

/** Secrets, blobs and keys, in this order: the cache's connection string is written anew afterwards. */
function* dataHome(run: Steps, way: Homecoming): Durable<Refused> {
  const { estate } = run.order;
  const secrets = yield* run.holding(estate.keyVault.primary, () => secretsHome(run, way));
  if (!secrets.ok) return { why: describeFailure(secrets.failure) };
  if (secrets.value !== undefined) return secrets.value;
  const { from, home } = way.blobs;
  const blobs = yield* run.holding(estate.storage.primary, () => blobsHome(run, from, home));
  if (!blobs.ok) return { why: describeFailure(blobs.failure) };
  return "why" in blobs.value ? blobs.value : undefined;
}

function* secretsHome(run: Steps, { secrets: { from, home } }: Homecoming): Durable<Refused> {
  const compared = yield* compareBothVaults(run, "compare-secrets", from, home);
  if (!compared.ok) return { why: describeFailure(compared.failure) };
  const { newerThere, count, toBring } = compared.value;
  if (count === 0) return { why: "the vault in use holds no secret" };
  const { connectionSecret } = run.order.estate.redis;
  const conflicts = newerThere.filter((name) => name !== connectionSecret);
  if (conflicts.length > 0) {
    return {
      why: `it would lose data: ${conflicts.length} secrets have a newer and different value in the primary region: ${firstOf(conflicts)}`,
      first: [
        "Look at each: set the value that is right in the vault in use, which makes it the newer one",
      ],
    };
  }
  if (run.planning) {
    run.journal.planChange("bring-secrets", `${toBring} of ${count} secrets to bring`);
    return undefined;
  }
  const { primary } = run.order.estate.keyVault;
  // That of the cache at home is newer where an earlier failback wrote it; it is written anew anyway.
  const why = yield* bringSecrets(run, "bring-secrets", from, home, primary, connectionSecret);
  return why === undefined ? undefined : { why };
}

/** The primary app is proven with its own data, then users are led to it, the new endpoint first. */
function* usersHome(run: Steps, way: Homecoming): Durable<Ending> {
  const { estate, environment } = run.order;
  const home = yield* run.holding(estate.redis.primary, function* (): Durable<Refused | Ending> {
    const link = way.keys === undefined ? undefined : yield* keysHome(run, way.keys);
    if (link !== undefined && "why" in link) return { why: link.why };
    const ready = yield* readySide(run, {
      app: way.primary.app,
      fqdn: way.fqdn,
      vault: estate.keyVault.primary,
      vaultAddress: way.secrets.home,
      storageAddress: way.blobs.home,
      cache: estate.redis.primary,
    });
    if (ready !== undefined) return { why: `the primary app is not ready: ${ready.why}` };
    const container = lookAtStorage(estate).container;
    const led = yield* changeEdge(run, {
      from: way.blobs.from,
      to: way.blobs.home,
      container,
    });
    const moved = yield* moveTraffic(run, { to: "primary", app: way.primary.app });
    if (moved !== undefined && moved.bothEnabled !== true) {
      yield* stayAway(run, way);
      yield* edgeAway(run, way);
      return { why: moved.why };
    }
    if (moved !== undefined) {
      // They come home all the same: the profile prefers the first endpoint, which is online.
      run.journal.finding(`${moved.why}: both are enabled, so some users may still be led away`);
    }
    yield* late(run, way);
    const edge = yield* proveEdge(run, led);
    if (edge !== undefined) {
      run.journal.finding(`users do not get the files of ${way.primary.region}: ${edge.why}`);
    }
    run.journal.restored(run.now());
    const soaked = yield* soak(run, "soak-afterwards", way.fqdn);
    if (soaked !== undefined && !(yield* isWellToOthers(run, way, soaked.why))) {
      return yield* awayAgain(run, way, soaked.why);
    }
    if (way.keys !== undefined && link !== undefined) yield* linkedAgain(run, way.keys, link.link);
    return undefined;
  });
  if (!home.ok) return refused(run, { why: describeFailure(home.failure) });
  if (home.value !== undefined) {
    return "outcome" in home.value ? home.value : refused(run, home.value);
  }
  return run.end(
    "failed-back",
    `users are led to ${way.primary.region}; ${way.secondary.region} stands by`,
    [
      `See what the other side lacks to stand by: its vault and storage follow with the next backups of ${environment}`,
    ],
  );
}

/**
 * An endpoint that comes online by itself some day would lead users home without what was written until
 * then, so it is switched off again. While the other one is not online, it stays: some answer is better than none.
 */
function* stayAway(run: Steps, { front }: Homecoming): Durable<void> {
  const { profile, endpointType: type, primaryEndpoint: endpoint } = front;
  const off = yield* run.holding(profile, () =>
    run.step("disable-endpoint", traffic.disableEndpoint, { profile, type, endpoint }, "primary"),
  );
  const failure = off.ok ? (off.value.ok ? undefined : off.value.failure) : off.failure;
  if (failure === undefined) return;
  run.journal.finding(
    `${endpoint} stays enabled, so Traffic Manager may lead users home by itself: ${describeFailure(failure)}`,
  );
}

/** What was written in the other region until users were away from it. */
function* late(run: Steps, way: Homecoming): Durable<void> {
  if (run.planning) return;
  const { estate } = run.order;
  const { from, home: to } = way.secrets;
  const { primary } = estate.keyVault;
  const secrets = yield* run.holding(primary, () =>
    bringSecrets(run, "bring-late-secrets", from, to, primary, estate.redis.connectionSecret),
  );
  const why = secrets.ok ? secrets.value : describeFailure(secrets.failure);
  if (why !== undefined) run.journal.finding(`secrets written meanwhile were not brought: ${why}`);
  const checked = yield* compareBothVaults(run, "check-secrets", from, to);
  if (!checked.ok) {
    run.journal.finding(
      `nobody can tell whether all secrets came home: ${describeFailure(checked.failure)}`,
    );
  } else if (checked.value.toBring > 0) {
    run.journal.finding(`${checked.value.toBring} secrets did not come home`);
  }
  const blobs = yield* run.holding(estate.storage.primary, () =>
    lateBlobsHome(run, way.blobs.from, way.blobs.home),
  );
  if (!blobs.ok) {
    run.journal.finding(
      `blobs written meanwhile were not brought: ${describeFailure(blobs.failure)}`,
    );
  }
  if (way.keys !== undefined) yield* lateKeysHome(run, way.keys);
}

/** Nobody is led anywhere on the word of this service alone. */
function* isWellToOthers(run: Steps, { front }: Homecoming, why: string): Durable<boolean> {
  const seen = yield* run.look("soak-afterwards", traffic.observeTraffic, { front });
  const well = seen.ok && seen.value.primary.online;
  if (well) {
    run.journal.finding(`${why}; Traffic Manager finds it well, so users were left there`);
  }
  return well;
}

/** Users stay in the other region, so the edge goes back to what is theirs. */
function* edgeAway(run: Steps, { blobs: { from, home } }: Homecoming): Durable<void> {
  const { container } = lookAtStorage(run.order.estate);
  const edge = yield* leadEdge(run, { from: home, to: from, container, nth: 2 });
  if (edge !== undefined) run.journal.finding(`the edge was not led back: ${edge.why}`);
}

/** The primary app does not stay well: users are led away from it once more. */
function* awayAgain(run: Steps, way: Homecoming, why: string): Durable<Ending> {
  run.journal.lost();
  const away = yield* moveTraffic(run, { to: "secondary", app: way.secondary.app });
  const where =
    away === undefined
      ? `users are led to ${way.secondary.region} again`
      : `users could not be led to ${way.secondary.region} again: ${away.why}`;
  yield* edgeAway(run, way);
  if (away === undefined) {
    run.journal.finding(
      `what was written in ${way.primary.region} in the meantime is there alone, and no part of what users see now`,
    );
  }
  return refused(run, { why: `${why}; ${where}` });
}

const refused = (
  run: Steps,
  { why, first = [] }: { readonly why: string; readonly first?: readonly string[] },
): Ending =>
  run.end("needs-operator", why, [
    ...first,
    `Order it again when that is mended: ${orderText("failbacks", { environment: run.order.environment, resource: "region" })}`,
  ]);
