import type { ControlPlane } from "../../azure/control-plane.js";
import type { TrafficManagers } from "../../azure/traffic-manager.js";
import type { Environment } from "../../domain/estate.js";
import type { CheckResult } from "../../domain/readiness/readiness.js";
import {
  groupFindings,
  noTraffic,
  trafficFindings,
  type GroupFacts,
} from "../../domain/readiness/traffic-findings.js";
import { shortNameOf } from "../../domain/resource-id.js";
import { checked } from "./checked.js";

/** What the checks of traffic look with. */
export interface TrafficPorts {
  readonly traffic: TrafficManagers;
  readonly controlPlane: ControlPlane;
}

const checks = ["traffic-routing", "traffic-endpoints", "traffic-endpoint-type", "traffic-ttl"];

/** Whether users can be led to the other side, and whether that can be done while the first is down. */
export async function checkTraffic(
  { traffic, controlPlane }: TrafficPorts,
  estate: Environment,
): Promise<readonly CheckResult[]> {
  const { trafficManager, readiness, primaryRegion } = estate;
  const results = await Promise.all([
    trafficManager === undefined
      ? noTraffic()
      : checked(checks, async () =>
          trafficFindings(
            trafficManager,
            await traffic.profile(trafficManager.profile),
            readiness.longestTtl,
          ),
        ),
    checked(["resource-group-region"], async () => {
      const groups = await Promise.all(
        [...recoveryGroups(estate)].map(async ([group, holds]): Promise<GroupFacts> => ({
          group,
          region: await controlPlane.regionOf(group),
          holds,
        })),
      );
      return [groupFindings(groups, primaryRegion)];
    }),
  ]);
  return results.flat();
}

/** The groups of what a recovery of the region changes, and what of it each holds. */
function recoveryGroups(estate: Environment): ReadonlyMap<string, readonly string[]> {
  const { trafficManager, frontDoor, containerApp, keyVault, storage, redis, alerting } = estate;
  const ids = [
    trafficManager?.profile,
    frontDoor?.profile,
    containerApp.secondary,
    keyVault.secondary,
    storage.secondary,
    redis.secondary,
    alerting?.actionGroup,
  ].flatMap((id) => id ?? []);
  const groups = new Map<string, string[]>();
  for (const id of ids) {
    const group = id.split("/").slice(0, 5).join("/");
    groups.set(group, [...(groups.get(group) ?? []), shortNameOf(id)]);
  }
  return groups;
}
