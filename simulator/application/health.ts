import { tokenPrincipal } from "../container-apps/identity.js";
import { variablesOf } from "../container-apps/secrets.js";
import type { Ailment, ContainerApp, Replica, Revision, Share } from "../container-apps/state.js";
import { ownAilment, sharesOf } from "../container-apps/traffic.js";
import type { World } from "../world/world.js";
import type { Application, Check } from "./dependencies.js";

export interface HealthReport {
  readonly status: "healthy" | "unhealthy";
  readonly checks: Readonly<Record<string, Check>>;
}

/** What health depends on. */
export type Surroundings = Pick<World, "identities" | "dependencies">;

/** What a replica says of itself at /health: its own process, and each dependency that it has. */
export function healthReport(
  app: ContainerApp,
  revision: Revision,
  replica: Replica,
  surroundings: Surroundings,
): HealthReport {
  const ailment = ownAilment(app, revision, replica);
  const server: Check =
    ailment === undefined
      ? { status: "healthy", detail: "ok" }
      : { status: "unhealthy", detail: ailment.detail };
  const dependencies = surroundings.dependencies.checks(
    applicationIn(app, revision, replica, surroundings),
  );
  const checks = { server, ...Object.fromEntries(dependencies) };
  const well = Object.values(checks).every(({ status }) => status === "healthy");
  return { status: well ? "healthy" : "unhealthy", checks };
}

/** Why a replica answers 503, if it does: what fails at /health fails for users too. */
export function ailmentOf(
  app: ContainerApp,
  revision: Revision,
  replica: Replica,
  surroundings: Surroundings,
): Ailment | undefined {
  const own = ownAilment(app, revision, replica);
  if (own) return own;
  const { checks } = healthReport(app, revision, replica, surroundings);
  const failing = Object.entries(checks).find(([, { status }]) => status === "unhealthy");
  return failing && { fault: "", check: failing[0], detail: failing[1].detail };
}

/** Where traffic goes now, and what it meets there. */
export function trafficOf(app: ContainerApp, surroundings: Surroundings): readonly Share[] {
  return sharesOf(app, (revision, replica) => ailmentOf(app, revision, replica, surroundings));
}

/** The application that runs in a replica. */
export function applicationIn(
  app: ContainerApp,
  revision: Revision,
  replica: Replica,
  { identities }: Surroundings,
): Application {
  replica.env ??= variablesOf(app, revision.template);
  return {
    id: app.id,
    region: app.region,
    env: replica.env,
    principalId: tokenPrincipal(app, replica.env.get("AZURE_CLIENT_ID"), { identities }),
  };
}
