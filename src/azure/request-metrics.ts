import { z } from "zod";
import type { Milliseconds } from "../domain/duration.js";
import { earlierBy, type Instant } from "../domain/instant.js";
import type { ArmRest } from "./arm-rest.js";

const API_VERSION = "2024-02-01";

/** How many requests container apps get, as Azure Monitor counts them by the minute. */
export interface RequestMetrics {
  /** Undefined where nothing has been measured yet, which is not the same as none. */
  total(app: string, until: Instant, within: Milliseconds): Promise<number | undefined>;
}

const Point = z.looseObject({ total: z.number().nullish() });
const Series = z.looseObject({ data: z.array(Point) });
const Answer = z.looseObject({
  value: z.array(z.looseObject({ timeseries: z.array(Series) })),
});

export function requestMetrics(arm: ArmRest): RequestMetrics {
  return {
    async total(app, until, within) {
      const answer = await arm.get(`${app}/providers/Microsoft.Insights/metrics`, API_VERSION, {
        metricnames: "Requests",
        aggregation: "Total",
        interval: "PT1M",
        timespan: `${earlierBy(until, within)}/${until}`,
      });
      const measured = Answer.parse(answer)
        .value.flatMap(({ timeseries }) => timeseries.flatMap(({ data }) => data))
        .flatMap(({ total }) => total ?? []);
      return measured.length === 0 ? undefined : measured.reduce((sum, total) => sum + total, 0);
    },
  };
}
