import type { World } from "../world/world.js";

/** A value with what it can be told apart by. */
export interface Sample {
  readonly at: number;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

export type Aggregation = "total" | "maximum" | "minimum" | "average";

/** A metric of one resource, computed from what happened to it. */
export interface Metric {
  readonly name: string;
  readonly description: string;
  readonly dimensions: readonly string[];
  /** The first is the one that is given when none is asked for. */
  readonly aggregations: readonly Aggregation[];
  samples(from: number, to: number): Sample[];
}

/** What a resource type has to measure; its service's folder says what. */
export interface MetricSource {
  /** As answers name it. */
  readonly namespace: string;
  /** The metrics of the resource with that key, and where it is; undefined where this source has no such resource. */
  find(
    resourceKey: string,
    world: World,
  ): { readonly region: string; readonly metrics: readonly Metric[] } | undefined;
}

const MINUTE_MS = 60_000;

/** The whole minutes in a span, for what is sampled each minute. */
export function minutesBetween(from: number, to: number): number[] {
  const minutes: number[] = [];
  for (let at = Math.ceil(from / MINUTE_MS) * MINUTE_MS; at <= to; at += MINUTE_MS)
    minutes.push(at);
  return minutes;
}

export function aggregate(values: readonly number[], how: Aggregation): number {
  const total = values.reduce((sum, value) => sum + value, 0);
  switch (how) {
    case "total":
      return total;
    case "average":
      return total / values.length;
    case "maximum":
      return Math.max(...values);
    case "minimum":
      return Math.min(...values);
  }
}
