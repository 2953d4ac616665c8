import type { Context, HrTime, Span, SpanOptions } from "@opentelemetry/api";
import type { LogRecordExporter } from "@opentelemetry/sdk-logs";
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { SpanExporter } from "@opentelemetry/sdk-trace-base";
import { scrub } from "../domain/credential-scrubbing.js";
import { milliseconds, minutes, seconds, type Milliseconds } from "../domain/duration.js";
import { dateOf, type Instant } from "../domain/instant.js";
import {
  instruments,
  type Attributes,
  type InstrumentName,
  type LogFact,
  type Measure,
  type RunTelemetry,
  type TracePlace,
} from "../domain/telemetry.js";
import { lazily } from "./lazily.js";
import { traceIdsOf } from "./telemetry-ids.js";
import { TelemetryLosses } from "./telemetry-losses.js";
import { inTime, TelemetryWatch, type OnProblem } from "./telemetry-watch.js";

export interface TelemetryExporters {
  readonly spans: SpanExporter;
  readonly logs: LogRecordExporter;
  readonly metrics: PushMetricExporter;
}

export type MakeExporters = (
  on: Readonly<Record<keyof TelemetryExporters, OnProblem>>,
) => Promise<TelemetryExporters>;

/** How long an activity waits until what it has told is sent. */
const flushLimit: Milliseconds = seconds(2);
/** What is told meanwhile is sent in one. */
const gathering: Milliseconds = seconds(1);

/** OpenTelemetry's SDK behind the port; it is loaded when there is something to tell. */
export function monitorTelemetry(
  serviceName: string,
  sendLimit: Milliseconds,
  make: MakeExporters,
): RunTelemetry {
  const losses = new TelemetryLosses();
  const pipeline = lazily(() => openPipeline(serviceName, sendLimit, losses, make));
  let hasTold = false;
  const tell = (how: (open: Pipeline) => void): void => {
    hasTold = true;
    pipeline()
      .then(how)
      .catch((error: unknown) => {
        losses.lost(1, error);
      });
  };
  return {
    span: (fact) => {
      tell((open) => {
        open.span(fact);
      });
    },
    log: (fact) => {
      tell((open) => {
        open.log(fact);
      });
    },
    measure: (measure) => {
      tell((open) => {
        open.measure(measure);
      });
    },
    async flush() {
      // Whoever ends without having told anything does not load an SDK for it.
      if (!hasTold) return;
      const sent = pipeline().then((open) => open.flush());
      // What went wrong has been counted where it did.
      await inTime(flushLimit, sent).catch(() => undefined);
    },
    loss: () => losses.take(),
  };
}

type Pipeline = Pick<RunTelemetry, "span" | "log" | "measure" | "flush">;

async function openPipeline(
  serviceName: string,
  sendLimit: Milliseconds,
  losses: TelemetryLosses,
  make: MakeExporters,
): Promise<Pipeline> {
  const [otel, { SeverityNumber }, core, { resourceFromAttributes }, logs, metrics, traces] =
    await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/api-logs"),
      import("@opentelemetry/core"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/sdk-logs"),
      import("@opentelemetry/sdk-metrics"),
      import("@opentelemetry/sdk-trace-base"),
    ]);
  const watch = new TelemetryWatch(losses, sendLimit, core.ExportResultCode);
  const exporters = await make({
    spans: watch.problem("spans"),
    logs: watch.problem("logs"),
    metrics: watch.problem("metrics"),
  });
  watch.over(exporters.spans, "spans", (spans) => spans.length);
  watch.over(exporters.logs, "logs", (records) => records.length);
  watch.over(exporters.metrics, "metrics", ({ scopeMetrics }) =>
    scopeMetrics
      .flatMap((scope) => scope.metrics)
      .reduce((sum, { dataPoints }) => sum + dataPoints.length, 0),
  );

  const resource = resourceFromAttributes({ "service.name": serviceName });
  // The SDK gives up later than the watch, which knows why.
  const exportTimeoutMillis = milliseconds(sendLimit + seconds(2));
  const batches = { exportTimeoutMillis, scheduledDelayMillis: gathering };
  const ids = new GivenIds();
  const tracing = new traces.BasicTracerProvider({
    resource,
    // Nothing is left out: a recovery is rare, and the one that is missing is the one that is asked for.
    sampler: new traces.AlwaysOnSampler(),
    idGenerator: ids,
    spanProcessors: [new traces.BatchSpanProcessor(exporters.spans, batches)],
  });
  const logging = new logs.LoggerProvider({
    resource,
    processors: [new logs.BatchLogRecordProcessor(exporters.logs, batches)],
  });
  const metering = new metrics.MeterProvider({
    resource,
    readers: [
      new metrics.PeriodicExportingMetricReader({
        exporter: exporters.metrics,
        exportIntervalMillis: minutes(1),
        exportTimeoutMillis,
      }),
    ],
  });

  const tracer = tracing.getTracer(serviceName);
  const logger = logging.getLogger(serviceName);
  const meter = metering.getMeter(serviceName);
  const recorders = new Map(
    Object.entries(instruments).map(([name, { kind, unit, description }]) => {
      const options = { unit, description };
      if (kind === "gauge") return [name, meter.createGauge(name, options)] as const;
      return [name, meter.createHistogram(name, options)] as const;
    }),
  ) as ReadonlyMap<InstrumentName, { record(value: number, attributes: Attributes): void }>;

  const contextOf = (place: TracePlace, which: "itself" | "parent"): Context => {
    const { traceId, spanId, parentId } = traceIdsOf(place);
    const id = which === "itself" ? spanId : parentId;
    if (id === undefined) return otel.ROOT_CONTEXT;
    const { SAMPLED: traceFlags } = otel.TraceFlags;
    return otel.trace.setSpanContext(otel.ROOT_CONTEXT, { traceId, spanId: id, traceFlags });
  };

  return {
    span({ place, name, startedAt, endedAt, failure, attributes, partOf = [] }) {
      const options: SpanOptions = {
        kind: place.path.length === 0 ? otel.SpanKind.SERVER : otel.SpanKind.INTERNAL,
        startTime: timeOf(startedAt),
        attributes: presentable(attributes),
        links: partOf.map((run) => ({
          context: { ...traceIdsOf({ run, path: [] }), traceFlags: otel.TraceFlags.SAMPLED },
        })),
      };
      const parent = contextOf(place, "parent");
      const span: Span = ids.during(place, () => tracer.startSpan(text(name), options, parent));
      if (failure !== undefined) {
        span.setStatus({ code: otel.SpanStatusCode.ERROR, message: text(failure) });
      }
      span.end(timeOf(endedAt));
    },

    log({ place, at, level, message, attributes }: LogFact) {
      logger.emit({
        timestamp: timeOf(at),
        severityNumber: level === "info" ? SeverityNumber.INFO : SeverityNumber.WARN,
        severityText: level === "info" ? "INFO" : "WARN",
        body: text(message),
        attributes: presentable(attributes),
        context: contextOf(place, "itself"),
      });
    },

    measure({ instrument, value, attributes }: Measure) {
      recorders.get(instrument)?.record(value, presentable(attributes));
    },

    async flush() {
      await Promise.allSettled([
        tracing.forceFlush(),
        logging.forceFlush(),
        metering.forceFlush(),
        watch.idle(),
      ]);
    },
  };
}

/** The ids of the span that is begun just now, in the place of the SDK's random ones. */
class GivenIds {
  #place: TracePlace | undefined;

  during<T>(place: TracePlace, begin: () => T): T {
    this.#place = place;
    try {
      return begin();
    } finally {
      this.#place = undefined;
    }
  }

  generateTraceId = (): string => this.#ids().traceId;
  generateSpanId = (): string => this.#ids().spanId;

  #ids() {
    if (this.#place === undefined) throw new Error("a span was begun without a place");
    return traceIdsOf(this.#place);
  }
}

/**
 * The exporters add seconds and nanoseconds up in one number, which is too large to be exact, and cut off what is below
 * a millisecond: a microsecond more keeps each eighth instant from being told a millisecond early.
 */
const timeOf = (instant: Instant): HrTime => {
  const at = dateOf(instant).getTime();
  return [Math.floor(at / 1_000), (at % 1_000) * 1_000_000 + 1_000];
};

const longestText = 1_000;
const text = (value: string): string => scrub(value).slice(0, longestText);

const presentable = (attributes: Attributes): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === "string" ? text(value) : value,
    ]),
  );
