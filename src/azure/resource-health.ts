import { z } from "zod";
import type { ArmRest } from "./arm-rest.js";
import { shortRegion } from "./redis-caches.js";
import { unlessMissing } from "./unless-missing.js";

const API_VERSION = "2025-05-01";

/** What the platform itself says of a resource. */
export interface Availability {
  /** `degraded`: it serves, but not as it should. */
  readonly state: "available" | "unavailable" | "degraded" | "unknown";
  readonly summary: string;
}

/** An outage that the platform has announced. */
export interface ServiceIssue {
  readonly trackingId: string;
  readonly title: string;
  /** The services that it strikes in the region, by Azure's names for them. */
  readonly services: readonly string[];
}

/**
 * Resource Health and Service Health: what Azure says about itself. It comes minutes late, and never in
 * place of a look of one's own.
 */
export interface PlatformHealth {
  /** Unknown also where Resource Health has no word for the type. */
  availability(id: string): Promise<Availability>;
  /** The issues that are active in a region now. */
  serviceIssues(subscription: string, region: string): Promise<readonly ServiceIssue[]>;
}

const text = z.string().nullish();
const Status = z.looseObject({
  properties: z.looseObject({ availabilityState: text, summary: text, title: text }),
});
const Region = z.looseObject({ impactedRegion: text, status: text });
const Event = z.looseObject({
  name: z.string(),
  properties: z.looseObject({
    eventType: text,
    status: text,
    title: text,
    impact: z
      .array(z.looseObject({ impactedService: text, impactedRegions: z.array(Region).nullish() }))
      .nullish(),
  }),
});
const Events = z.looseObject({ value: z.array(Event) });

const states = ["available", "unavailable", "degraded"] as const;

export function resourceHealth(arm: ArmRest): PlatformHealth {
  return {
    async availability(id) {
      const path = `${id}/providers/Microsoft.ResourceHealth/availabilityStatuses/current`;
      const answer = await unlessMissing(() => arm.get(path, API_VERSION));
      if (answer === undefined) return { state: "unknown", summary: "nothing is known of it" };
      const { availabilityState, summary, title } = Status.parse(answer).properties;
      const said = availabilityState?.toLowerCase();
      return {
        state: states.find((state) => state === said) ?? "unknown",
        summary: summary ?? title ?? "no reason is given",
      };
    },

    async serviceIssues(subscription, region) {
      const path = `/subscriptions/${subscription}/providers/Microsoft.ResourceHealth/events`;
      const filter = "eventType eq 'ServiceIssue'";
      const { value } = Events.parse(await arm.get(path, API_VERSION, { $filter: filter }));
      return value.flatMap(({ name, properties }) => {
        const services = (properties.impact ?? []).flatMap(
          ({ impactedService, impactedRegions }) =>
            (impactedRegions ?? []).some(
              ({ impactedRegion, status }) =>
                shortRegion(impactedRegion ?? "") === shortRegion(region) && status !== "Resolved",
            )
              ? (impactedService ?? "a service")
              : [],
        );
        const isActive =
          properties.eventType === "ServiceIssue" && properties.status !== "Resolved";
        if (!isActive || services.length === 0) return [];
        return [{ trackingId: name, title: properties.title ?? name, services }];
      });
    },
  };
}
