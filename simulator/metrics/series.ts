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
    samples: (app, from, to) =>
      minutesBetween(from, to).flatMap((at) => {
        const phase = app.phases.findLast((one) => one.from <= at);
        return (phase?.shares ?? []).map(({ revision, backends }) => ({
          at,
          value: backends.length,
          dimensions: { revisionName: revision },
        }));
      }),
  },
  {
    name: "RestartCount",
    description: "Times that the container of a replica has been started anew, sampled each minute",
    dimensions: ["revisionName", "podName"],
    aggregations: ["maximum", "minimum", "average", "total"],
    samples: (app, from, to) =>
      minutesBetween(from, to).flatMap((at) =>
        app.lives
          .filter((life) => life.from <= at && at < life.until)
          .map(({ revision, replica, restartedAt }) => ({
            at,
            value: restartedAt.filter((restart) => restart <= at).length,
            dimensions: { revisionName: revision, podName: replica },
          })),
      ),
  },
];

function minutesBetween(from: number, to: number): number[] {
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
