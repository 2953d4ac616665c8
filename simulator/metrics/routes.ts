import { keyOf } from "../arm/resource-id.js";
import { type ArmContext, armJson, type ArmOperation, type ArmType } from "../arm/router.js";
import { parseTimeSpan } from "../log-analytics/time-span.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import {
  aggregate,
  type Aggregation,
  type Metric,
  type MetricSource,
  type Sample,
} from "./metric.js";

const API_VERSIONS = ["2018-01-01", "2019-07-01", "2021-05-01", "2023-10-01", "2024-02-01"];
const TYPE = "Microsoft.Insights/metrics";
const INTERVALS: Readonly<Record<string, number>> = {
  PT1M: 60_000,
  PT5M: 300_000,
  PT15M: 900_000,
  PT30M: 1_800_000,
  PT1H: 3_600_000,
};
const PARAMETERS = [
  ...["api-version", "timespan", "interval", "metricnames", "aggregation", "$filter"],
  ...["metricnamespace", "autoadjusttimegrain", "validatedimensions"],
];

export const metricTypes: readonly ArmType[] = [{ type: TYPE, apiVersions: API_VERSIONS }];

/** Platform metrics of the resources that some source knows. */
export function metricOperations(sources: readonly MetricSource[]): readonly ArmOperation[] {
  return [
    {
      name: "metrics.list",
      method: "GET",
      path: `/{*scope}/providers/${TYPE}`,
      apiVersions: API_VERSIONS,
      action: `${TYPE}/read`,
      handle: (context) => list(context, sources),
    },
  ];
}

interface Wanted {
  readonly span: { readonly from: number; readonly to: number };
  readonly interval: string;
  readonly aggregations: readonly Aggregation[] | undefined;
  readonly filter: ReadonlyMap<string, string>;
}

function list(context: ArmContext, sources: readonly MetricSource[]): Answer {
  const { world, params, request } = context;
  const scope = `/${params["scope"] ?? ""}`;
  const [source] = sources.flatMap((one) => {
    const found = one.find(keyOf(scope), world);
    return found ? [{ namespace: one.namespace, ...found }] : [];
  });
  if (source === undefined) {
    throw new Refusal(
      501,
      "NotSimulated",
      `There is no resource ${scope} with metrics; they are simulated for ${sources.map(({ namespace }) => namespace).join(", ")}.`,
    );
  }
  const unknown = [...request.query.keys()].find((name) => !PARAMETERS.includes(lower(name)));
  if (unknown !== undefined) {
    throw new Refusal(501, "NotSimulated", `The query parameter '${unknown}' is not simulated.`);
  }
  const wanted = wantedBy(context);
  const { from, to } = wanted.span;
  const names = (parameter(context, "metricnames") ?? "").split(",").filter((name) => name !== "");
  const value = names.map((name) => {
    const metric = source.metrics.find((known) => lower(known.name) === lower(name.trim()));
    if (metric === undefined) {
      throw badRequest(
        `Failed to find metric configuration for metric: ${name}. The simulator has ${source.metrics.map((known) => known.name).join(", ")}.`,
      );
    }
    // Both ends are those of whole intervals.
    const samples = metric.samples(from, to - 1);
    return {
      id: `${scope}/providers/${TYPE}/${metric.name}`,
      type: TYPE,
      name: { value: metric.name, localizedValue: metric.name },
      displayDescription: metric.description,
      unit: "Count",
      timeseries: timeseries(metric, samples, wanted),
      errorCode: "Success",
    };
  });
  if (value.length === 0) throw badRequest("The query parameter metricnames is required.");
  return armJson(context, 200, {
    cost: 0,
    timespan: `${new Date(from).toISOString()}/${new Date(to).toISOString()}`,
    interval: wanted.interval,
    namespace: source.namespace,
    resourceregion: source.region,
    value,
  });
}

function wantedBy(context: ArmContext): Wanted {
  const now = context.world.timeline.now();
  const span = parseTimeSpan(parameter(context, "timespan") ?? "PT1H", now);
  if (span === undefined) throw badRequest("timespan is not an interval of ISO 8601.");
  const interval = (parameter(context, "interval") ?? "PT1M").toUpperCase();
  const grain = INTERVALS[interval];
  if (grain === undefined) {
    throw badRequest(`interval must be one of ${Object.keys(INTERVALS).join(", ")}.`);
  }
  const how = parameter(context, "aggregation")?.toLowerCase().split(",");
  return {
    span: {
      from: Math.floor(span.from / grain) * grain,
      to: Math.min(now, Math.ceil(span.to / grain) * grain),
    },
    interval,
    aggregations: how as Aggregation[] | undefined,
    filter: filterOf(parameter(context, "$filter") ?? ""),
  };
}

/** One series, or one for each value of the dimensions that are filtered by `'*'`. */
function timeseries(metric: Metric, samples: readonly Sample[], wanted: Wanted): unknown[] {
  const odd = [...wanted.filter.keys()].find((name) => !metric.dimensions.includes(name));
  if (odd !== undefined) {
    throw badRequest(
      `Metric: ${metric.name} does not support requested dimension combination: ${odd}, supported ones are: ${metric.dimensions.join(",")}`,
    );
  }
  const how = wanted.aggregations ?? metric.aggregations.slice(0, 1);
  const wrong = how.find((one) => !metric.aggregations.includes(one));
  if (wrong !== undefined) {
    throw badRequest(
      `aggregation ${wrong} is not simulated for ${metric.name}; ${metric.aggregations.join(", ")} are.`,
    );
  }
  const split = [...wanted.filter].flatMap(([name, value]) => (value === "*" ? [name] : []));
  const series = new Map<string, Sample[]>();
  for (const sample of samples) {
    const fits = [...wanted.filter].every(
      ([name, value]) => value === "*" || lower(sample.dimensions[name] ?? "") === lower(value),
    );
    if (!fits) continue;
    const key = JSON.stringify(split.map((name) => sample.dimensions[name] ?? ""));
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  return [...series.values()].map((own) => ({
    metadatavalues: split.map((name) => ({
      name: { value: lower(name), localizedValue: lower(name) },
      value: own[0]?.dimensions[name] ?? "",
    })),
    data: points(own, how, wanted),
  }));
}

function points(own: readonly Sample[], how: readonly Aggregation[], wanted: Wanted): unknown[] {
  const grain = INTERVALS[wanted.interval] ?? 1;
  const slots = new Map<number, number[]>();
  for (const { at, value } of own) {
    const slot = Math.floor(at / grain) * grain;
    slots.set(slot, [...(slots.get(slot) ?? []), value]);
  }
  const all: unknown[] = [];
  for (let at = wanted.span.from; at < wanted.span.to; at += grain) {
    const values = slots.get(at);
    all.push({
      timeStamp: new Date(at).toISOString(),
      ...(values && Object.fromEntries(how.map((one) => [one, aggregate(values, one)]))),
    });
  }
  return all;
}

function filterOf(text: string): Map<string, string> {
  const filter = new Map<string, string>();
  if (text.trim() === "") return filter;
  for (const part of text.split(/\s+and\s+/i)) {
    const [, name, value] = /^(\w+)\s+eq\s+'([^']*)'$/i.exec(part.trim()) ?? [];
    if (name === undefined || value === undefined) {
      throw badRequest(`The $filter '${part}' is not simulated: write dimension eq 'value'.`);
    }
    filter.set(name, value);
  }
  return filter;
}

function parameter({ request }: ArmContext, name: string): string | undefined {
  return [...request.query].find(([key]) => lower(key) === name)?.[1];
}

function badRequest(message: string): Refusal {
  return new Refusal(400, "BadRequest", message);
}

function lower(text: string): string {
  return text.toLowerCase();
}
