import * as traffic from "../activities/traffic.contract.js";
import { milliseconds } from "../domain/duration.js";
import type { TrafficManager } from "../domain/estate.js";
import { shortNameOf } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import type { Recovery } from "../recovery/recovery.js";
import { trafficWaits as waits, type TrafficStep } from "../scenarios/traffic-steps.js";
import { stuck, type Stuck } from "./stuck.js";

/** Where users are to be led, and the id of the app that gets them. */
export interface TrafficShift {
  readonly to: "primary" | "secondary";
  readonly app: string;
}

/** The name that leads there now, and where. */
interface Moved {
  readonly fqdn: string;
  readonly ttl: number;
  readonly target: string | undefined;
}

/** `bothEnabled`: the one that users are to come to is enabled and online, and so is the other one still. */
export type NotMoved = Stuck & { readonly bothEnabled?: true };

/**
 * Leads users to the other side: its endpoint is enabled and found online before the one they leave is
 * disabled, so that the name always leads somewhere. What becomes of it afterwards, at resolvers and in
 * the app's requests, is a finding where it is not as it should be: nothing is taken back for it.
 */
export function* moveTraffic(
  run: Recovery<TrafficStep>,
  shift: TrafficShift,
): Durable<NotMoved | undefined> {
  const { trafficManager: front } = run.order.estate;
  if (front === undefined) return stuck("the environment names no Traffic Manager profile");
  if (front.secondaryEndpoint === undefined) {
    return stuck("the environment names no secondary endpoint, so there is no other side");
  }
  const sides = { primary: front.primaryEndpoint, secondary: front.secondaryEndpoint };
  const held = yield* run.holding(front.profile, () => switchOver(run, front, sides, shift.to));
  if (!held.ok) return stuck("the profile could not be changed", held.failure);
  if ("why" in held.value) return held.value;
  yield* verifyNames(run, front, held.value);
  yield* watchTraffic(run, shift.app);
  return undefined;
}

function* switchOver(
  run: Recovery<TrafficStep>,
  front: TrafficManager,
  sides: Readonly<Record<TrafficShift["to"], string>>,
  to: TrafficShift["to"],
): Durable<NotMoved | Moved> {
  const from = to === "primary" ? "secondary" : "primary";
  const at = { profile: front.profile, type: front.endpointType };
  const seen = yield* run.step("enable-endpoint", traffic.observeTraffic, { front });
  if (!seen.ok) return stuck("Traffic Manager cannot be looked at", seen.failure);
  const { fqdn, ttl, [to]: aim } = seen.value;

  // There and back are two acts.
  const on = { ...at, endpoint: sides[to] };
  const enabled = yield* run.step("enable-endpoint", traffic.enableEndpoint, on, to);
  if (!enabled.ok) return stuck(`${on.endpoint} could not be enabled`, enabled.failure);
  const waited = yield* run.until(
    "await-online",
    traffic.observeTraffic,
    { front },
    { ...waits.online, done: ({ [to]: endpoint }) => endpoint?.online === true },
  );
  if (waited !== "done") {
    return stuck(`${on.endpoint} did not come online, so users are led as before`);
  }

  const off = { ...at, endpoint: sides[from] };
  const disabled = yield* run.step("disable-endpoint", traffic.disableEndpoint, off, from);
  if (!disabled.ok) {
    const why = stuck(`${off.endpoint} could not be disabled`, disabled.failure);
    return { ...why, bothEnabled: true };
  }
  return { fqdn, ttl, target: aim?.target };
}

/** First the servers that know, then those that repeat what they knew. */
function* verifyNames(
  run: Recovery<TrafficStep>,
  { publicName }: TrafficManager,
  { fqdn, ttl, target: expected }: Moved,
): Durable<void> {
  if (expected === undefined) {
    run.journal.finding("where the name leads was not verified: the endpoint names no host");
    return;
  }
  const name = publicName ?? fqdn;
  const asked = { profile: fqdn, name, expected };
  const atSource = yield* run.until("verify-dns", traffic.resolveName, asked, {
    ...waits.source,
    eitherWay: true,
    done: (seen) => seen.atSource,
  });
  if (atSource !== "done") {
    run.journal.finding(`the own name servers of ${fqdn} were not seen to lead to ${expected}`);
  }
  const within = milliseconds(2 * ttl + waits.spread.within);
  const spread = yield* run.until("verify-dns", traffic.resolveName, asked, {
    ...waits.spread,
    within,
    eitherWay: true,
    done: (seen) => seen.spread,
  });
  if (spread !== "done") {
    run.journal.finding(
      `fewer than half of the resolvers were seen to lead ${name} to ${expected}: some users may still be led to the other side`,
    );
  }
}

function* watchTraffic(run: Recovery<TrafficStep>, app: string): Durable<void> {
  const asked = { app, within: waits.counted };
  const arrived = yield* run.until("watch-traffic", traffic.countRequests, asked, {
    ...waits.traffic,
    eitherWay: true,
    done: ({ measured, total }) => measured && total > 0,
  });
  if (arrived === "done") return;
  const why = arrived === "blind" ? "the requests could not be counted" : "no request was counted";
  run.journal.finding(`${why} at ${shortNameOf(app)} after users were led there`);
}
