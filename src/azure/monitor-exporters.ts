import type { TokenCredential } from "@azure/identity";
import type { AzureMonitorExporterOptions } from "@azure/monitor-opentelemetry-exporter" with {
  "resolution-mode": "import",
};
import type { Milliseconds } from "../domain/duration.js";
import type { TelemetryExporters } from "./monitor-telemetry.js";
import type { OnProblem } from "./telemetry-watch.js";

type Policy = NonNullable<AzureMonitorExporterOptions["additionalPolicies"]>[number]["policy"];

/**
 * Azure Monitor's own exporters, each request once and for a limited time. Nothing is kept on disk for
 * later, and nothing is told to Microsoft of the exporters themselves.
 */
export async function monitorExporters(
  connectionString: string,
  credential: TokenCredential,
  limit: Milliseconds,
  on: Readonly<Record<keyof TelemetryExporters, OnProblem>>,
): Promise<TelemetryExporters> {
  // eslint-disable-next-line no-restricted-properties -- the exporters have no other switch for their statistics
  process.env["APPLICATION_INSIGHTS_NO_STATSBEAT"] = "true";
  // eslint-disable-next-line no-restricted-properties -- nor for a metric of their own beside each batch of spans
  process.env["APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED"] = "true";
  const { AzureMonitorLogExporter, AzureMonitorMetricExporter, AzureMonitorTraceExporter } =
    await import("@azure/monitor-opentelemetry-exporter");
  const options = (onProblem: OnProblem): AzureMonitorExporterOptions => ({
    connectionString,
    credential,
    disableOfflineStorage: true,
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [{ position: "perCall", policy: limited(limit, onProblem) }],
  });
  return {
    spans: new AzureMonitorTraceExporter(options(on.spans)),
    logs: new AzureMonitorLogExporter(options(on.logs)),
    metrics: new AzureMonitorMetricExporter(options(on.metrics)),
  };
}

/** The exporters do not pass on why Azure has refused something that they would keep for later. */
const limited = (limit: Milliseconds, onProblem: OnProblem): Policy => ({
  name: "timeLimit",
  async sendRequest(request, next) {
    request.abortSignal = AbortSignal.timeout(limit);
    try {
      const answer = await next(request);
      if (answer.status !== 200) onProblem(refusal(answer.status, answer.bodyAsText ?? ""));
      return answer;
    } catch (error) {
      onProblem(error);
      throw error;
    }
  },
});

const refusal = (statusCode: number, text: string): Error =>
  Object.assign(new Error(`Azure Monitor answered ${statusCode}: ${text.slice(0, 300)}`), {
    name: "RestError",
    statusCode,
  });
