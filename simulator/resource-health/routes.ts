import { keyOf, parseResourceId } from "../arm/resource-id.js";
import { findResource } from "../arm/resource-list.js";
import { type ArmContext, armJson, type ArmOperation, type ArmType } from "../arm/router.js";
import { servedFrom } from "../key-vault/failover.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { nameIn } from "../storage-accounts/state.js";
import { guidFrom, nameFrom } from "../world/names.js";
import { displayNameOf } from "../world/region-names.js";
import type { World } from "../world/world.js";
import { isStruck, type KnownOutage } from "./outages.js";

const API_VERSIONS = ["2018-07-01", "2022-10-01", "2024-02-01", "2025-05-01"];
const STATUSES = "Microsoft.ResourceHealth/availabilityStatuses";
const EVENTS = "Microsoft.ResourceHealth/events";
/** Assumed: for how long announcements of what is over are listed when nobody says from when on. */
const LISTED_MS = 3 * 24 * 3600 * 1000;
const FILTERS = ["eventtype", "status", "region", "service"] as const;

export const resourceHealthTypes: readonly ArmType[] = [
  { type: STATUSES, apiVersions: API_VERSIONS },
  { type: EVENTS, apiVersions: API_VERSIONS },
];

/** What the platform says of itself. It stands in no region, so it answers while one is down. */
export const resourceHealthOperations: readonly ArmOperation[] = [
  {
    name: "availabilityStatuses.getByResource",
    method: "GET",
    path: `/{*scope}/providers/${STATUSES}/current`,
    apiVersions: API_VERSIONS,
    action: `${STATUSES}/read`,
    isGlobal: true,
    handle: currentStatus,
  },
  {
    name: "events.listBySubscriptionId",
    method: "GET",
    path: `/subscriptions/{subscriptionId}/providers/${EVENTS}`,
    apiVersions: API_VERSIONS,
    action: `${EVENTS}/read`,
    isGlobal: true,
    handle: listEvents,
  },
];

function currentStatus(context: ArmContext): Answer {
  const { world, params, id } = context;
  const scope = `/${params["scope"] ?? ""}`;
  const resource = findResource(world, scope);
  const type = parseResourceId(scope)?.type ?? "";
  if (resource === undefined) {
    throw new Refusal(404, "ResourceNotFound", `The resource '${scope}' was not found.`);
  }
  const now = world.timeline.now();
  const region = regionServing(resource, type, world);
  const [outage] = world.outages
    .foundBy(now, world.durations.resourceHealthDelay)
    .filter(
      ({ until, ...one }) =>
        until === undefined && isStruck({ id: resource.id, type, region }, one),
    );
  return armJson(context, 200, {
    id,
    name: "current",
    type: STATUSES,
    location: resource.location,
    properties:
      outage === undefined
        ? {
            availabilityState: "Available",
            title: "Available",
            summary: "There aren't any known Azure platform problems affecting this resource",
            reasonChronicity: "Persistent",
            detailedStatus: "",
            reportedTime: iso(now),
          }
        : {
            ...stateIn(resource.id, world),
            summary: outage.summary,
            reasonType: "Unplanned",
            context: "Platform Initiated",
            category: "Unplanned",
            reasonChronicity: "Persistent",
            detailedStatus: outage.summary,
            occuredTime: iso(outage.from),
            reportedTime: iso(now),
          },
  });
}

/** A vault that is served from the paired region can be read. */
function stateIn(id: string, world: World): { availabilityState: string; title: string } {
  const vault = [...world.vaults.live.values()].find((one) => keyOf(one.id) === keyOf(id));
  const isMoved = vault !== undefined && servedFrom(vault, world).region !== vault.region;
  const state = isMoved ? "Degraded" : "Unavailable";
  return { availabilityState: state, title: state };
}

/** An account that has failed over is served from elsewhere than its location says. */
function regionServing(
  { id, location }: { readonly id: string; readonly location: string },
  type: string,
  { storageAccounts }: World,
): string {
  return keyOf(type) === "microsoft.storage/storageaccounts"
    ? (storageAccounts.get(nameIn(id))?.primaryLocation ?? location)
    : location;
}

function listEvents(context: ArmContext): Answer {
  const { world, params, request } = context;
  const now = world.timeline.now();
  const wanted = filterOf(request.query.get("$filter") ?? "");
  const start = request.query.get("queryStartTime");
  const from = start === null ? now - LISTED_MS : Date.parse(start);
  if (Number.isNaN(from)) {
    throw new Refusal(400, "BadRequest", `The queryStartTime '${start ?? ""}' is no time.`);
  }
  const value = world.outages
    .foundBy(now, world.durations.serviceHealthDelay)
    .filter(({ services, until }) => services.length > 0 && (until ?? now) >= from)
    .filter((outage) =>
      [...wanted].every(([name, value]) =>
        factsOf(outage)[name].some((fact) => keyOf(fact) === keyOf(value)),
      ),
    )
    .map((outage) => eventOf(outage, params["subscriptionId"] ?? "", world));
  return armJson(context, 200, { value });
}

type Filter = (typeof FILTERS)[number];

function factsOf({ services, region = "", until }: KnownOutage): Record<Filter, readonly string[]> {
  return {
    eventtype: ["ServiceIssue"],
    status: [until === undefined ? "Active" : "Resolved"],
    region: [displayNameOf(region)],
    service: services,
  };
}

function filterOf(text: string): ReadonlyMap<Filter, string> {
  const filter = new Map<Filter, string>();
  if (text.trim() === "") return filter;
  for (const part of text.split(/\s+and\s+/i)) {
    const [, given = "", value] = /^(\w+)\s+eq\s+'([^']*)'$/i.exec(part.trim()) ?? [];
    const name = FILTERS.find((known) => known === given.toLowerCase());
    if (name === undefined || value === undefined) {
      throw new Refusal(
        501,
        "NotSimulated",
        `The $filter '${part}' is not simulated; eventType, status, region or service eq '…', joined by and, are.`,
      );
    }
    filter.set(name, value);
  }
  return filter;
}

function eventOf(outage: KnownOutage, subscriptionId: string, world: World): unknown {
  const { id, from, until, services, region = "", summary } = outage;
  const name = `${nameFrom(4, id, from)}-${nameFrom(3, from, id)}`.toUpperCase();
  const status = until === undefined ? "Active" : "Resolved";
  const updated = iso(until ?? from + world.durations.serviceHealthDelay);
  const what = services.length === 1 ? services[0] : "Multiple services";
  const title = `${status.toUpperCase()}: ${what ?? ""} in ${displayNameOf(region)}`;
  return {
    id: `/subscriptions/${subscriptionId}/providers/${EVENTS}/${name}`,
    name,
    type: `/providers/${EVENTS}`,
    properties: {
      eventType: "ServiceIssue",
      eventSource: "ServiceHealth",
      eventLevel: "Error",
      level: "Critical",
      status,
      title,
      header: "Your service might have been impacted by an Azure service issue",
      summary,
      isHIR: false,
      priority: 1,
      impactStartTime: iso(from),
      ...(until !== undefined && { impactMitigationTime: iso(until) }),
      lastUpdateTime: updated,
      impact: services.map((impactedService) => ({
        impactedService,
        impactedServiceGuid: guidFrom(impactedService),
        impactedRegions: [
          {
            impactedRegion: displayNameOf(region),
            impactedSubscriptions: [subscriptionId],
            impactedTenants: [],
            status,
            lastUpdateTime: updated,
            updates: [{ summary, updateDateTime: updated }],
          },
        ],
      })),
    },
  };
}

const iso = (at: number): string => new Date(at).toISOString();
