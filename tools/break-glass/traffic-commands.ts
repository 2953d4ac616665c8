import type { TrafficManager } from "../../src/domain/estate.js";
import type { Command } from "./page.js";
import { keep, rest } from "./snippets.js";

/** Looks at the endpoints of Traffic Manager and turns them, one name at a time. */
export function trafficCommands({ profile, endpointType }: TrafficManager) {
  const kind = endpointType === "external" ? "externalEndpoints" : "azureEndpoints";
  const endpoint = (name: string): string => `${profile}/${kind}/${name}`;
  const turn = (name: string, to: "Enabled" | "Disabled"): string =>
    rest(
      "patch",
      "Microsoft.Network",
      endpoint(name),
      `--body '{"properties":{"endpointStatus":"${to}"}}' --query properties.endpointStatus -o tsv`,
    );
  return {
    endpoints: rest(
      "get",
      "Microsoft.Network",
      profile,
      '--query "properties.endpoints[].{name:name,status:properties.endpointStatus,monitor:properties.endpointMonitorStatus}" -o table',
    ),
    /** Enables one endpoint, waits until it is online, and only then disables the other. */
    lead: (to: string, from: string, why: string): readonly Command[] => [
      {
        what: `Enable the endpoint ${to}, before ${from} is disabled: never is there none`,
        run: turn(to, "Enabled"),
        prints: "Enabled",
        changes: true,
      },
      {
        what: "Wait until Traffic Manager finds it online",
        run: [
          "for i in $(seq 30); do",
          `  ${keep("STATE", rest("get", "Microsoft.Network", profile, `--query "properties.endpoints[?name=='${to}'].properties.endpointMonitorStatus | [0]" -o tsv`))}`,
          '  echo "$STATE"; [ "$STATE" = Online ] && break',
          "  sleep 10",
          "done",
        ].join("\n"),
        prints: "CheckingEndpoint, then Online. Never go on without it",
      },
      {
        what: `Disable the endpoint ${from}${why}`,
        run: `[ "$STATE" = Online ] && ${turn(from, "Disabled")}`,
        prints: "Disabled",
        changes: true,
      },
    ],
  };
}
