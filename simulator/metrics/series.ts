import { requestsBetween } from "../application/activity.js";
import type { ContainerApp } from "../container-apps/state.js";
import type { World } from "../world/world.js";

/** A value with what it can be told apart by. */
export interface Sample {
  readonly at: number;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface Metric {
  readonly name: string;
  readonly description: string;
  readonly dimensions: readonly string[];
  readonly aggregations: readonly Aggregation[];
  samples(app: ContainerApp, from: number, to: number, world: World): Sample[];
}

export type Aggregation = "total" | "maximum" | "minimum" | "average";

const MINUTE_MS = 60_000;

/** The metrics of a container app that follow from what the simulator holds. */
export const METRICS: readonly Metric[] = [
  {
    name: "Requests",
    description: "Requests processed",
    dimensions: ["revisionName", "podName", "statusCodeCategory", "statusCode"],
    aggregations: ["total"],
    samples: (app, from, to) =>
      requestsBetween(app, from, to).map(({ at, status, backend }) => ({
        at,
        value: 1,
        dimensions: {
          revisionName: backend.revision,
          podName: backend.replica,
          statusCodeCategory: `${Math.floor(status / 100)}xx`,
          statusCode: String(status),
        },
      })),
  },
  {
    name: "Replicas",
    description: "Replicas that are ready and take traffic, sampled each minute",
    dimensions: ["revisionName"],
    aggregations: ["maximum", "minimum", "average"],
    samples: (app, from, to) => {
      const found: Sample[] = [];
      for (let at = Math.ceil(from / MINUTE_MS) * MINUTE_MS; at <= to; at += MINUTE_MS) {
        const phase = app.phases.findLast((one) => one.from <= at);
        for (const { revision, backends } of phase?.shares ?? []) {
          found.push({ at, value: backends.length, dimensions: { revisionName: revision } });
        }
      }
      return found;
    },
  },
];

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
