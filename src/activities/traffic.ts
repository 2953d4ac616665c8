import { classifyError } from "../azure/classify-error.js";
import type { NameAnswer, NameServers } from "../azure/name-servers.js";
import type { RequestMetrics } from "../azure/request-metrics.js";
import type {
  EndpointView,
  TrafficManagers,
  TrafficProfileView,
} from "../azure/traffic-manager.js";
import { describeDuration, seconds } from "../domain/duration.js";
import { terminal } from "../domain/failure.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import { ensure } from "./ensure.js";
import { regionWitnesses, type WitnessPorts } from "./region-witnesses.js";
import * as contract from "./traffic.contract.js";

/** ARM shows a switched endpoint at once. */
const switchSettling = seconds(5);

/** What the service does with users' traffic, and what it sees of it. */
export function trafficActivities(
  azure: WitnessPorts & {
    readonly names: NameServers;
    readonly metrics: RequestMetrics;
    readonly store: StateStore;
  },
): readonly Activity[] {
  const { names, metrics, store, traffic } = azure;
  return [
    contract.observeTraffic.implementedBy(classifyError, async ({ front }) => {
      const profile = await profileAt(traffic, front.profile);
      const { endpointType: type, primaryEndpoint, secondaryEndpoint } = front;
      const primary = endpointSeen(endpointIn(profile, type, primaryEndpoint));
      const secondary =
        secondaryEndpoint === undefined
          ? undefined
          : endpointSeen(endpointIn(profile, type, secondaryEndpoint));
      const both = [primary, ...(secondary === undefined ? [] : [secondary])];
      return {
        fqdn: profile.fqdn,
        ttl: profile.ttl,
        enabled: profile.endpoints.filter(({ enabled }) => enabled).length,
        primary,
        ...(secondary === undefined ? {} : { secondary }),
        detail: both.map(({ name, monitorStatus }) => `${name} ${monitorStatus}`).join(", "),
      };
    }),

    contract.enableEndpoint.implementedBy(classifyError, (wanted, context) => {
      const { profile, type, endpoint } = wanted;
      return ensure(store, context, contract.enableEndpoint, {
        resource: profile,
        plan: () => ({ changed: true, detail: `would enable ${endpoint}` }),
        onRepeat: "repeat",
        settling: switchSettling,
        observe: async () =>
          endpointIn(await profileAt(traffic, profile), type, endpoint).enabled
            ? { changed: false, detail: `${endpoint} is enabled` }
            : undefined,
        act: async () => {
          await traffic.setEndpoint(profile, type, endpoint, "Enabled");
          return { changed: true, detail: `${endpoint} has been enabled` };
        },
      });
    }),

    contract.disableEndpoint.implementedBy(classifyError, (wanted, context) => {
      const { profile, type, endpoint } = wanted;
      return ensure(store, context, contract.disableEndpoint, {
        resource: profile,
        plan: () => ({ changed: true, detail: `would disable ${endpoint}` }),
        onRepeat: "repeat",
        settling: switchSettling,
        observe: async () => {
          const view = await profileAt(traffic, profile);
          if (!endpointIn(view, type, endpoint).enabled) {
            return { changed: false, detail: `${endpoint} is disabled` };
          }
          // What a plan only imagines to be enabled is not online yet.
          if (context.caller.mode === "execute") otherThan(view, type, endpoint);
          return undefined;
        },
        act: async () => {
          // Azure has no condition for it, so the look comes right before the call.
          const other = otherThan(await profileAt(traffic, profile), type, endpoint);
          await traffic.setEndpoint(profile, type, endpoint, "Disabled");
          const after = await profileAt(traffic, profile);
          if (!after.endpoints.some(({ enabled }) => enabled)) {
            // Somebody switched the other one off in between: a name that leads somewhere is better than none.
            await traffic.setEndpoint(profile, type, endpoint, "Enabled");
            throw terminal(
              "last-enabled-endpoint",
              `${other} was switched off meanwhile, so ${endpoint} has been enabled again`,
            );
          }
          return { changed: true, detail: `${endpoint} has been disabled; ${other} is online` };
        },
      });
    }),

    contract.resolveName.implementedBy(classifyError, async ({ profile, name, expected }) => {
      const wanted = expected.toLowerCase();
      const [own, clients] = await Promise.all([
        names.authoritative(profile),
        names.resolvers({ name, profile }),
      ]);
      const heard = own.filter(({ says }) => says !== "silent");
      const [first] = heard;
      const agreed = heard.every(({ target }) => target === first?.target);
      const quorum = Math.floor(clients.length / 2) + 1;
      const right = clients.filter(({ says, target }) => says === "leads" && target === wanted);
      return {
        ...(agreed && first?.target !== undefined ? { authoritative: first.target } : {}),
        resolvers: clients.map(({ server, target }) => ({
          server,
          ...(target === undefined ? {} : { target }),
        })),
        quorum,
        atSource: agreed && first?.target === wanted,
        spread: right.length >= quorum,
        detail: [
          `the zone's own servers: ${describe(heard, own.length)}`,
          `${right.length} of ${clients.length} resolvers lead to ${wanted}`,
          ...oddities(clients),
        ].join("; "),
      };
    }),

    contract.countRequests.implementedBy(classifyError, async ({ app, within }, { now }) => {
      const total = await metrics.total(app, now(), within);
      const span = describeDuration(within);
      return {
        measured: total !== undefined,
        total: total ?? 0,
        detail:
          total === undefined
            ? `nothing was measured over the last ${span}`
            : `${total} requests over the last ${span}, probes among them`,
      };
    }),

    contract.witnessRegion.implementedBy(classifyError, (asked) => regionWitnesses(azure, asked)),
  ];
}

async function profileAt(traffic: TrafficManagers, id: string): Promise<TrafficProfileView> {
  const profile = await traffic.profile(id);
  if (profile === undefined) throw terminal("profile-missing", `${id} does not exist`);
  return profile;
}

function endpointIn(
  { name: profile, endpoints }: TrafficProfileView,
  type: EndpointView["type"],
  name: string,
): EndpointView {
  const found = endpoints.find((one) => isSame(one, type, name));
  if (found !== undefined) return found;
  const known = endpoints.map((one) => `${one.name} (${one.type})`).join(", ") || "none";
  throw terminal("endpoint-missing", `${profile} has no ${type} endpoint ${name}; it has ${known}`);
}

const isSame = (one: EndpointView, type: EndpointView["type"], name: string): boolean =>
  one.type === type && one.name.toLowerCase() === name.toLowerCase();

/** The endpoint that goes on when one is switched off. */
function otherThan(
  { name: profile, endpoints }: TrafficProfileView,
  type: EndpointView["type"],
  name: string,
): string {
  const others = endpoints.filter((one) => !isSame(one, type, name));
  const online = others.find(({ enabled, monitorStatus }) => enabled && monitorStatus === "Online");
  if (online !== undefined) return online.name;
  const seen = others.map((one) => `${one.name} is ${one.monitorStatus}`).join(", ");
  throw terminal(
    "last-enabled-endpoint",
    `${name} stays enabled: no other endpoint of ${profile} is online${seen === "" ? "" : `; ${seen}`}`,
  );
}

const endpointSeen = ({ name, enabled, monitorStatus, target }: EndpointView) => ({
  name,
  enabled,
  online: enabled && monitorStatus === "Online",
  monitorStatus,
  ...(target === undefined ? {} : { target }),
});

function describe(heard: readonly NameAnswer[], asked: number): string {
  if (asked === 0) return "none was found";
  if (heard.length === 0) return "no answer";
  return [...new Set(heard.map(({ says, target }) => target ?? says))].join(" and ");
}

/** What is not just a cache that has yet to forget. */
function oddities(clients: readonly NameAnswer[]): readonly string[] {
  return clients.flatMap(({ server, says, target }) => {
    if (says === "leads") return [];
    if (says === "bypasses") return [`${server} leads past the profile to ${target ?? "nothing"}`];
    return [`${server}: ${says === "silent" ? "no answer" : "no such name"}`];
  });
}
