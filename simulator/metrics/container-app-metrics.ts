import { requestsBetween } from "../application/activity.js";
import type { ContainerApp } from "../container-apps/state.js";
import { type Metric, type MetricSource, minutesBetween } from "./metric.js";

/** The metrics of a container app that follow from what the simulator holds. */
export const containerAppMetrics: MetricSource = {
  namespace: "Microsoft.App/containerapps",
  find: (key, { containerApps }) => {
    const app = containerApps.get(key);
    return app && { region: app.region, metrics: metricsOf(app) };
  },
};

const metricsOf = (app: ContainerApp): readonly Metric[] => [
  {
    name: "Requests",
    description: "Requests processed",
    dimensions: ["revisionName", "podName", "statusCodeCategory", "statusCode"],
    aggregations: ["total"],
    samples: (from, to) =>
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
    samples: (from, to) =>
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
    samples: (from, to) =>
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
