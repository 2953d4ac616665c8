import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { HealthProbe } from "../azure/health-probe.js";
import type { LogQueries } from "../azure/log-queries.js";
import type { TrafficManagers } from "../azure/traffic-manager.js";
import { terminal } from "../domain/failure.js";
import { sideInUse } from "../domain/readiness/traffic-findings.js";
import type { Activity, ActivityContext } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import { seeOverHttp, type HttpPorts } from "./checklist-http.js";
import { seeInLogs } from "./checklist-logs.js";
import { seeAudit, seePapers, seeReceipts } from "./checklist-papers.js";
import type { Kept, Seen } from "./checklist-seen.js";
import * as contract from "./checklist.contract.js";

export interface ChecklistPorts extends HttpPorts {
  readonly apps: Pick<ContainerApps, "app">;
  readonly traffic: Pick<TrafficManagers, "profile">;
  readonly health: HealthProbe;
  readonly logs: Pick<LogQueries, "query">;
  readonly store: StateStore;
}

/** What is looked at once a recovery has restored the service. Nothing here changes anything. */
export function checklistActivities(ports: ChecklistPorts): readonly Activity[] {
  const { apps, traffic } = ports;
  return [
    contract.findUsersSide.implementedBy(classifyError, async ({ primary, secondary, front }) => {
      const profile = front === undefined ? undefined : await traffic.profile(front.profile);
      if (front !== undefined && profile === undefined) {
        throw terminal("no-profile", `there is no Traffic Manager profile ${front.profile}`);
      }
      const isAway =
        front !== undefined &&
        profile !== undefined &&
        secondary !== undefined &&
        sideInUse(front, profile) === "secondary";
      const app = isAway ? secondary : primary;
      const { name, location, fqdn, variables } = await apps.app(app);
      const vault = variables["KEY_VAULT_URL"];
      return {
        side: {
          app,
          ...(fqdn === undefined ? {} : { fqdn }),
          ...(vault === undefined ? {} : { vault }),
        },
        detail: `users are led to ${name} in ${location}`,
      };
    }),

    contract.checkItem.implementedBy(classifyError, async ({ check }, context) => {
      const seen = await see(ports, check, context);
      const holds = seen.every((each) => each.holds);
      return {
        holds,
        // One that will not hold any more decides for all.
        open: !holds && seen.every((each) => each.holds || each.open),
        detail: (holds ? seen : seen.filter((each) => !each.holds))
          .map(({ detail }) => detail)
          .join("; "),
        proof: seen.map(({ proof }) => proof),
      };
    }),
  ];
}

async function see(
  ports: ChecklistPorts,
  check: contract.Check,
  context: ActivityContext,
): Promise<readonly Seen[]> {
  const { run } = context.caller;
  switch (check.kind) {
    case "health":
      return [await seeHealth(ports.health, check)];
    case "probes":
      return seeProbes(ports, check, context);
    case "receipts":
      return [await seeReceipts(ports.store, run)];
    case "audit":
      return [await seeAudit(ports.store, run, check)];
    case "papers":
      return [await seePapers(ports.store, run, check)];
  }
}

async function seeHealth(
  health: HealthProbe,
  { side, rule }: Extract<contract.Check, { readonly kind: "health" }>,
): Promise<Seen> {
  const what = `GET ${side.fqdn === undefined ? side.app : `https://${side.fqdn}`}${rule.path}`;
  if (side.fqdn === undefined) {
    return { holds: false, open: false, detail: "the app has no ingress", proof: { what } };
  }
  const { healthy, status, latency, detail, checks } = await health.probe(side.fqdn, rule);
  const named = Object.keys(checks);
  return {
    holds: healthy,
    open: !healthy,
    detail: named.length === 0 ? detail : `${detail}; checks: ${named.join(", ")}`,
    proof: { what, ...(status === undefined ? {} : { status }), latency },
  };
}

/** One after the other: a later probe may ask for what an earlier one has left. */
async function seeProbes(
  ports: ChecklistPorts,
  { side, probes, component, workspaceId, since }: Extract<contract.Check, { kind: "probes" }>,
  { caller, log }: ActivityContext,
): Promise<readonly Seen[]> {
  const fill = (text: string): string =>
    text
      .replaceAll("{run}", caller.run)
      .replaceAll("{component}", component)
      .replaceAll("{since}", since);
  const keep: Kept = (title, text) =>
    ports.store.evidence.keep(caller.run, title, text).catch(() => {
      log("evidence not kept", { title });
      return undefined;
    });
  const seen: Seen[] = [];
  for (const probe of probes) {
    seen.push(
      probe.kind === "http"
        ? await seeOverHttp(ports, side, probe, { fill, keep })
        : await seeInLogs(ports.logs, workspaceId, probe, fill),
    );
  }
  return seen;
}
