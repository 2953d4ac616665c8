import type { ContainerApps } from "../azure/container-apps.js";
import type { AppCheck, HealthProbe, Probe } from "../azure/health-probe.js";
import type { HealthRule } from "../domain/estate.js";

/** What an app says of one of its dependencies. */
export interface AppsWord {
  /** Where it answers; absent without ingress. */
  readonly fqdn?: string;
  /** Undefined where the app says nothing of it. */
  readonly use?: AppCheck;
  readonly detail: string;
}

/** What the app's check says; where it has no such check, whether the app is well at all. */
export function checkIn({ healthy, detail, checks }: Probe, name: string): AppCheck {
  return checks[name] ?? { well: healthy, detail };
}

/** Asks the app itself how it finds a dependency. */
export async function appsWord(
  apps: ContainerApps,
  health: HealthProbe,
  wanted: { readonly app: string; readonly health: HealthRule; readonly check: string },
): Promise<AppsWord> {
  const { fqdn } = await apps.app(wanted.app);
  if (fqdn === undefined) return { detail: "it has no ingress to ask at" };
  const probe = await health.probe(fqdn, wanted.health);
  const { detail } = probe;
  // An app that is ill for a reason of its own is no witness against its dependency.
  const speaks = probe.checks[wanted.check] !== undefined || probe.healthy;
  return speaks ? { fqdn, use: checkIn(probe, wanted.check), detail } : { fqdn, detail };
}
