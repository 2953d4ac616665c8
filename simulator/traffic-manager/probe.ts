import { answerAt, type Reached } from "../application/reach.js";
import type { MonitorConfig } from "./schema.js";
import type { Finding, TrafficEndpoint, TrafficProfile } from "./state.js";

/** What a probe of an endpoint finds at this instant. */
export function probe(
  { properties: { monitorConfig } }: TrafficProfile,
  { properties }: TrafficEndpoint,
  world: Reached,
): Finding {
  const headers = [...(properties.customHeaders ?? []), ...(monitorConfig.customHeaders ?? [])];
  const host = headers.find(({ name }) => name.toLowerCase() === "host")?.value;
  const target = properties.target ?? "";
  const { protocol, port, path } = monitorConfig;
  const status = answerAt(
    {
      target: target.toLowerCase(),
      host: (host ?? target).toLowerCase(),
      protocol,
      port,
      path: path ?? "/",
    },
    world,
  );
  if (status === undefined) return "silent";
  return protocol === "TCP" || isExpected(status, monitorConfig) ? "well" : "ill";
}

/** 200 and nothing else, unless the profile says which; redirects are not followed. */
function isExpected(status: number, { expectedStatusCodeRanges = [] }: MonitorConfig): boolean {
  const ranges =
    expectedStatusCodeRanges.length > 0 ? expectedStatusCodeRanges : [{ min: 200, max: 200 }];
  return ranges.some(({ min, max }) => status >= min && status <= max);
}
