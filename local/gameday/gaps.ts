import type { LogEntry } from "../stack/simulator-client.js";

/** --help prints it; `gapsIn` is the same in code. */
export const gapRule = `Two figures for an environment with a Traffic Manager profile: how many seconds of the day no endpoint
was switched on; and the seconds in which none that was switched on led to an app that serves, of gaps
that began after the service's first change while another endpoint led to one that does.`;

/** Each time until the next one. */
interface Health {
  readonly from: string;
  readonly well: boolean;
}

/** An endpoint as it was when it all began, and how the app behind it was all the time. */
export interface WatchedEndpoint {
  readonly name: string;
  readonly switchedOn: boolean;
  readonly health: readonly Health[];
}

/** The ways in which users are led to the app, between two instants. */
export interface WatchedFront {
  /** ARM id of the profile. */
  readonly profile: string;
  readonly from: string;
  readonly to: string;
  readonly endpoints: readonly WatchedEndpoint[];
}

export interface Gaps {
  /** Seconds in which no endpoint was switched on. */
  readonly withoutEndpoint: number;
  /** Seconds in which the service left users without an app that served them, though there was one. */
  readonly withoutHealthy: number;
}

/** `firstChange` is when the service changed something first, if it did. */
export function gapsIn(
  front: WatchedFront,
  log: readonly LogEntry[],
  firstChange: string | undefined,
): Gaps {
  const on = new Map(front.endpoints.map(({ name, switchedOn }) => [name, switchedOn]));
  const switches = log
    .filter(({ effect }) => effect !== undefined && isWithin(effect.resource, front.profile))
    .map((entry) => ({ at: Date.parse(entry.at), entry }));
  const [from, to] = [Date.parse(front.from), Date.parse(front.to)];
  const instants = new Set([
    from,
    ...switches.map(({ at }) => at),
    ...front.endpoints.flatMap(({ health }) => health.map((change) => Date.parse(change.from))),
  ]);
  const moments = [...instants].filter((at) => at >= from && at < to).sort((a, b) => a - b);

  let [withoutEndpoint, withoutHealthy] = [0, 0];
  let gapCounts: boolean | undefined;
  for (const [index, at] of moments.entries()) {
    for (const { entry } of switches.filter((one) => one.at === at)) turn(on, entry);
    const seconds = ((moments[index + 1] ?? to) - at) / 1_000;
    const well = front.endpoints.filter(({ health }) => isWell(health, at));
    if (![...on.values()].includes(true)) withoutEndpoint += seconds;
    if (well.some(({ name }) => on.get(name) === true)) {
      gapCounts = undefined;
      continue;
    }
    gapCounts ??= well.length > 0 && firstChange !== undefined && at >= Date.parse(firstChange);
    if (gapCounts && well.length > 0) withoutHealthy += seconds;
  }
  return { withoutEndpoint, withoutHealthy };
}

/** What an effect on the profile or an endpoint leaves switched on. */
function turn(on: Map<string, boolean>, { effect }: LogEntry): void {
  if (effect === undefined) return;
  const { kind, resource, detail = "" } = effect;
  if (kind === "traffic-profile-deleted") on.clear();
  if (kind === "traffic-endpoint-deleted") on.delete(nameOf(resource));
  if (kind === "traffic-endpoint-created" || kind === "traffic-endpoint-updated") {
    on.set(nameOf(resource), detail === "Enabled");
  }
  if (kind === "traffic-profile-created" || kind === "traffic-profile-updated") {
    on.clear();
    for (const one of detail.split(", ").filter((text) => text !== "")) {
      const [, name = "", status] = /^(.*) (\w+)$/.exec(one) ?? [];
      on.set(name, status === "Enabled");
    }
  }
}

const isWell = (health: readonly Health[], at: number): boolean =>
  health.findLast(({ from }) => Date.parse(from) <= at)?.well === true;

const isWithin = (id: string, whole: string): boolean =>
  `${id}/`.toLowerCase().startsWith(`${whole}/`.toLowerCase());

const nameOf = (id: string): string => id.split("/").at(-1) ?? "";
