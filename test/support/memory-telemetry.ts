import type { LogFact, Measure, RunTelemetry, SpanFact } from "../../src/domain/telemetry.js";

/** Keeps what is told in memory; `sent` counts how much of it there was at each flush. */
export function memoryTelemetry() {
  const spans: SpanFact[] = [];
  const logs: LogFact[] = [];
  const measures: Measure[] = [];
  const sent: number[] = [];
  const telemetry: RunTelemetry = {
    span: (fact) => void spans.push(fact),
    log: (fact) => void logs.push(fact),
    measure: (measure) => void measures.push(measure),
    flush: () => {
      sent.push(spans.length + logs.length + measures.length);
      return Promise.resolve();
    },
    loss: () => undefined,
  };
  return { telemetry, spans, logs, measures, sent };
}
