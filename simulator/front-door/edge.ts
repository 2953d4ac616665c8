import { keyOf } from "../arm/resource-id.js";
import { slotOf } from "../world/turns.js";
import type { World } from "../world/world.js";
import { isWell, type Surroundings as Origins } from "./origins.js";
import type {
  CdnProfile,
  Endpoint,
  EndpointSettings,
  Origin,
  OriginSettings,
  ServedOrigin,
  Serving,
} from "./state.js";

type Surroundings = Origins & Pick<World, "cdnProfiles" | "durations">;

/** An endpoint with the profile that it belongs to. */
export interface Located {
  readonly profile: CdnProfile;
  readonly endpoint: Endpoint;
}

/** Which origin an endpoint takes, and what it serves by. */
export interface Choice {
  readonly origin: ServedOrigin;
  readonly settings: EndpointSettings;
}

/** From an instant on a probe finds an origin so. */
interface Finding {
  readonly from: number;
  readonly well: boolean;
}

/**
 * What is out there at the points of presence: it learns of changes and purges after a while, and knows by its probes
 * which origins are well.
 */
export class Edge {
  readonly #world: Surroundings;
  /** By the ids of the endpoint and the origin; oldest first. */
  readonly #findings = new Map<string, Finding[]>();
  /** What would have happened meanwhile, for profiles whose edge stands still. */
  #waiting: { readonly profile: CdnProfile; readonly act: () => void }[] = [];
  readonly #turns = new Map<string, number>();

  constructor(world: Surroundings) {
    this.#world = world;
  }

  /** The endpoint that answers for a host. */
  at(host: string): Located | undefined {
    for (const profile of this.#world.cdnProfiles.values()) {
      const endpoint = profile.endpoints.find(
        ({ hostName, customDomains }) => hostName === host || customDomains.includes(host),
      );
      if (endpoint) return { profile, endpoint };
    }
    return undefined;
  }

  /** What the seed holds has been there for long. */
  settleSeed(): void {
    this.#findings.clear();
    this.#turns.clear();
    this.#waiting = [];
    for (const profile of this.#world.cdnProfiles.values()) profile.served = servingOf(profile);
    this.reconsider();
  }

  /** To be called after every change of what probes may meet, and of what faults let the edge know. */
  reconsider(): void {
    const { cdnProfiles, conditions } = this.#world;
    const due = this.#waiting.filter(({ profile }) => !conditions.isEdgeStale(profile.id));
    this.#waiting = this.#waiting.filter((one) => !due.includes(one));
    for (const { act } of due) act();
    for (const profile of cdnProfiles.values()) {
      for (const endpoint of profile.endpoints) this.#probe(profile, endpoint);
    }
  }

  /** The change of an origin or an endpoint has been reported as done: the edge serves by it after a while. */
  publish(profile: CdnProfile, changed: Origin | Endpoint): void {
    const { id, settings } = changed;
    const { timeline, durations } = this.#world;
    this.#later(profile, timeline.now() + durations.edgePropagation, "the edge knows", () => {
      profile.served = withChange(profile.served, id, settings);
      for (const endpoint of profile.endpoints) this.#probe(profile, endpoint);
    });
  }

  /** A purge has been reported as done: what the edge keeps by the paths goes a while after it was accepted. */
  purge({ profile, endpoint }: Located, paths: readonly string[], acceptedAt: number): void {
    const at = acceptedAt + this.#world.durations.edgePurge;
    this.#later(profile, at, "the edge has forgotten", () => {
      for (const [key, { path }] of endpoint.kept) {
        if (paths.some((pattern) => covers(pattern, path))) endpoint.kept.delete(key);
      }
    });
  }

  serving({ profile, endpoint }: Located): Serving | undefined {
    return profile.served.get(endpoint.id);
  }

  /** Whether enough of the last probes found the origin well. */
  isHealthy({ endpoint }: Located, { id }: ServedOrigin): boolean {
    const { probe, sampleSize, successfulSamplesRequired } = endpoint.group;
    if (probe === undefined) return true;
    const findings = this.#findings.get(keyIn(endpoint, id)) ?? [];
    const interval = probe.intervalSeconds * 1000;
    const last = Math.floor(this.#world.timeline.now() / interval);
    let well = 0;
    for (let back = 0; back < sampleSize; back += 1) {
      const at = (last - back) * interval;
      const found = findings.findLast(({ from }) => from <= at) ?? findings[0];
      if (found?.well !== false) well += 1;
    }
    return well >= successfulSamplesRequired;
  }

  /** Of the enabled origins the healthy ones, or all if none is; of those the first by priority, in turns by weight. */
  choose(located: Located): Choice | undefined {
    const { endpoint } = located;
    const candidates = this.#candidates(located);
    const turn = this.#turns.get(endpoint.id) ?? 0;
    this.#turns.set(endpoint.id, turn + 1);
    return choiceOf(candidates, this.serving(located), turn);
  }

  /** The next choice, without making it. */
  next(located: Located): Choice | undefined {
    const turn = this.#turns.get(located.endpoint.id) ?? 0;
    return choiceOf(this.#candidates(located), this.serving(located), turn);
  }

  #candidates(located: Located): ServedOrigin[] {
    const origins = this.serving(located)?.origins ?? [];
    const enabled = origins.filter(({ settings }) => settings.enabled);
    const healthy = enabled.filter((origin) => this.isHealthy(located, origin));
    // Nobody probes for the sake of a single origin.
    return enabled.length === 1 || healthy.length === 0 ? enabled : healthy;
  }

  #probe(profile: CdnProfile, endpoint: Endpoint): void {
    const serving = profile.served.get(endpoint.id);
    const { group, hostName } = endpoint;
    if (group.probe === undefined || serving === undefined) return;
    for (const origin of serving.origins) {
      const well = isWell(origin, group, serving.settings, hostName, this.#world);
      const key = keyIn(endpoint, origin.id);
      const findings = this.#findings.get(key) ?? [];
      if (findings.at(-1)?.well === well) continue;
      this.#findings.set(key, [...findings, { from: this.#world.timeline.now(), well }]);
    }
  }

  #later(profile: CdnProfile, at: number, what: string, act: () => void): void {
    const { timeline, cdnProfiles, conditions } = this.#world;
    timeline.plan(Math.max(at, timeline.now()), `${profile.name}: ${what}`, () => {
      if (cdnProfiles.get(keyOf(profile.id)) !== profile) return;
      if (conditions.isEdgeStale(profile.id)) this.#waiting.push({ profile, act });
      else act();
    });
  }
}

/** What a profile says of each of its endpoints at this instant. */
function servingOf({ endpoints }: CdnProfile): ReadonlyMap<string, Serving> {
  return new Map(
    endpoints.map(({ id, settings, group }) => [
      id,
      {
        settings,
        origins: group.origins.map(({ id: of, name, settings: own }) => ({
          id: of,
          name,
          settings: own,
        })),
      },
    ]),
  );
}

function withChange(
  served: CdnProfile["served"],
  id: string,
  settings: OriginSettings | EndpointSettings,
): CdnProfile["served"] {
  return new Map(
    [...served].map(([endpoint, serving]) => [
      endpoint,
      "hostName" in settings
        ? {
            ...serving,
            origins: serving.origins.map((one) => (one.id === id ? { ...one, settings } : one)),
          }
        : { ...serving, settings: endpoint === id ? settings : serving.settings },
    ]),
  );
}

function choiceOf(
  candidates: readonly ServedOrigin[],
  serving: Serving | undefined,
  turn: number,
): Choice | undefined {
  if (serving === undefined) return undefined;
  const first = Math.min(...candidates.map(({ settings }) => settings.priority));
  const equals = candidates.filter(({ settings }) => settings.priority === first);
  const total = equals.reduce((sum, { settings }) => sum + settings.weight, 0);
  let place = slotOf(turn) * total;
  for (const origin of equals) {
    if (place < origin.settings.weight) return { origin, settings: serving.settings };
    place -= origin.settings.weight;
  }
  return undefined;
}

/** Purges do not look at case or at queries; `/*` at the end stands for everything below. */
function covers(pattern: string, path: string): boolean {
  const [wanted, found] = [pattern.toLowerCase(), path.toLowerCase()];
  return wanted.endsWith("/*") ? found.startsWith(wanted.slice(0, -1)) : found === wanted;
}

function keyIn({ id }: Endpoint, origin: string): string {
  return `${id} ${origin}`;
}
