import { keyOf } from "../arm/resource-id.js";
import { fqdnOf } from "../container-apps/representation.js";
import type { ContainerApp, Revision, Share } from "../container-apps/state.js";
import { labelled } from "../container-apps/traffic.js";
import type { World } from "../world/world.js";
import { trafficOf } from "./health.js";

/** What ways to the application lead through. */
export type Reached = Pick<
  World,
  "containerApps" | "environments" | "conditions" | "identities" | "dependencies"
>;

/** An app behind a host name; `revision` is set where the host names one revision instead of the app. */
export interface Addressed {
  readonly app: ContainerApp;
  readonly revision: Revision | undefined;
}

/** Somebody from outside who wants to know whether the application answers. */
export interface Visit {
  /** Where the connection goes. */
  readonly target: string;
  /** The name in the Host header: ingress routes by it. */
  readonly host: string;
  readonly protocol: "HTTP" | "HTTPS" | "TCP";
  readonly port: number;
  readonly path: string;
}

const PAGES = ["/", "/health"];

/** The app that ingress sends a host name to. */
export function addressedBy(host: string, world: Reached): Addressed | undefined {
  for (const app of world.containerApps.values()) {
    const domain = world.environments.get(app.environmentKey)?.defaultDomain;
    if (domain === undefined) continue;
    if (host === fqdnOf(app, domain)) return { app, revision: undefined };
    const revision = app.revisions.find(({ name }) => host === `${name}.${domain}`);
    if (revision) return { app, revision };
    const [, label] = host.startsWith(`${app.name}---`)
      ? (host.split(".", 1)[0]?.split("---") ?? [])
      : [];
    const behind = label === undefined ? undefined : labelled(app, label);
    if (behind && host.endsWith(`.${domain}`)) return { app, revision: behind };
  }
  return undefined;
}

/** Who answers for what is addressed, with all of the traffic. */
export function sharesFor({ app, revision }: Addressed, world: Reached): readonly Share[] {
  if (revision === undefined) return trafficOf(app, world);
  const { serving, revisions } = app;
  const shares = trafficOf(
    {
      ...app,
      serving: serving === undefined ? undefined : revision.name,
      revisions: revisions.filter((one) => one === revision),
    },
    world,
  );
  return shares.map((share) => ({ ...share, weight: 100 }));
}

/** The environment whose ingress has a name. */
export function environmentAt(
  host: string,
  { environments }: Pick<World, "environments">,
): { readonly key: string; readonly region: string; readonly staticIp: string } | undefined {
  const found = [...environments.values()].find(({ defaultDomain }) =>
    host.endsWith(`.${defaultDomain}`),
  );
  return found && { key: keyOf(found.id), region: found.region, staticIp: found.staticIp };
}

/**
 * The status that a visitor from the Internet gets, or undefined where nothing answers. One well replica is enough:
 * a visitor who comes again and again meets it.
 */
export function answerAt(visit: Visit, world: Reached): number | undefined {
  const { target, host, protocol, port, path } = visit;
  const environment = environmentAt(target, world);
  if (environment === undefined || target.includes(".internal.")) return undefined;
  const { conditions } = world;
  if (
    conditions.isDown("dns", environment.region) ||
    conditions.isDown("data", environment.region)
  ) {
    return undefined;
  }
  if (protocol === "TCP") return port === 443 || port === 80 ? 200 : undefined;
  if (port !== (protocol === "HTTPS" ? 443 : 80)) return undefined;
  const addressed = addressedBy(host, world);
  if (addressed?.app.environmentKey !== environment.key) return 404;
  const { app } = addressed;
  if (app.runningStatus === "Stopped") return 404;
  const insecure = app.envelope.properties.configuration?.ingress?.allowInsecure === true;
  if (protocol === "HTTP" && !insecure) return 301;
  const backends = sharesFor(addressed, world).flatMap((share) => share.backends);
  if (backends.every(({ ailment }) => ailment !== undefined)) return 503;
  return PAGES.includes(path.split("?", 1)[0] ?? "") ? 200 : 404;
}
