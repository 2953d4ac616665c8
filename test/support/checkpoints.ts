import type { Checkpoint } from "../../src/domain/checkpoint.js";
import { hours, minutes, type Milliseconds } from "../../src/domain/duration.js";
import { elapsed, plus, type Instant } from "../../src/domain/instant.js";
import { detectedAt, orderOf } from "./estates.js";

/** Where a recovery of production's app stands so long after its detection: restarting, in time. */
export function checkpointAfter(
  spent: Milliseconds,
  more: Partial<Omit<Checkpoint, "clock">> & { readonly restoredAt?: Instant } = {},
): Checkpoint {
  const { restoredAt, ...members } = more;
  const { environment, resource, scenario, trigger } = orderOf();
  const at = plus(detectedAt, spent);
  return {
    scenario,
    title: "Container app failure",
    environment,
    resource,
    mode: "execute",
    trigger,
    waitingFor: null,
    approvals: [],
    decisions: [],
    detectedAt,
    startedAt: detectedAt,
    at,
    step: {
      id: "restart-revision",
      title: "Restart the revisions that serve traffic",
      since: at,
      detail: "restarted mcp-server-prod--v41",
    },
    steps: [{ id: "restart-revision", status: "running" }],
    clock: {
      elapsed: elapsed(detectedAt, at),
      deadlines: {
        scenarioAt: plus(detectedAt, minutes(15)),
        environmentAt: plus(detectedAt, hours(1)),
      },
      forecastAt: plus(at, minutes(1)),
      basis: "catalogue",
      withinRto: { scenario: true, environment: true },
      ...(restoredAt === undefined ? {} : { restoredAt }),
    },
    ...members,
  };
}
