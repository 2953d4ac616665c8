import { keyOf } from "../arm/resource-id.js";
import { guidFrom, nameFrom, regionOf } from "../world/names.js";
import type { Seed } from "../world/seed.js";
import type { World } from "../world/world.js";
import { replicaCount } from "./rules.js";
import type { Envelope, Template, TrafficWeight } from "./schema.js";
import { refreshReferences } from "./secrets.js";
import type { ContainerApp, ManagedEnvironment, Revision } from "./state.js";
import { sharesOf } from "./traffic.js";

type SeedEnvironment = Seed["managedEnvironments"][number];
type SeedApp = Seed["containerApps"][number];
type Settling = Pick<World, "containerApps" | "lifecycle" | "identities" | "dependencies">;
type SeedRevision = SeedApp["revisions"][number];

const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;

// Documented default of "Managed Environment Consumption Cores".
const DEFAULT_CORE_QUOTA = 100;

export function seedEnvironment(seed: SeedEnvironment): ManagedEnvironment {
  const region = regionOf(seed.location);
  const label = `${nameFrom(8, seed.id)}-${guidFrom(seed.id).slice(0, 8)}`;
  return {
    id: seed.id,
    name: nameOf(seed.id),
    location: seed.location,
    region,
    // A DNS label starts with a letter.
    defaultDomain: seed.defaultDomain ?? `env${label}.${region}.azurecontainerapps.io`,
    workspaceCustomerId: seed.workspaceCustomerId,
    // Of the addresses that are reserved for documentation.
    staticIp: `203.0.113.${(Number.parseInt(guidFrom(seed.id, "ip").slice(0, 4), 16) % 254) + 1}`,
    coreQuota: seed.coreQuota ?? DEFAULT_CORE_QUOTA,
  };
}

/** An app as it stands after some deployments, all of which went well. */
export function seedContainerApp(
  seed: SeedApp,
  { timeline }: Pick<World, "timeline">,
): ContainerApp {
  const now = timeline.now();
  const name = nameOf(seed.id);
  const history = [...seed.revisions].sort((a, b) => createdAt(a, now) - createdAt(b, now));
  const single = seed.activeRevisionsMode === "Single";
  const revisions = history.map((revision, index) =>
    seedRevision(seed, revision, {
      name: `${name}--${revision.suffix}`,
      at: createdAt(revision, now),
      active:
        revision.active ??
        (single
          ? index === history.length - 1
          : (revision.weight ?? 0) > 0 || index === history.length - 1),
    }),
  );
  const latest = revisions.at(-1);
  const app: ContainerApp = {
    id: seed.id,
    name,
    region: regionOf(seed.location),
    environmentKey: keyOf(seed.environmentId),
    componentKey: seed.component === undefined ? undefined : keyOf(seed.component),
    createdAt: revisions[0]?.createdAt ?? now,
    modifiedAt: latest?.createdAt ?? now,
    envelope: {
      location: seed.location,
      ...(seed.identity && { identity: identityOf(seed.identity) }),
      properties: {
        environmentId: seed.environmentId,
        managedEnvironmentId: seed.environmentId,
        configuration: {
          activeRevisionsMode: seed.activeRevisionsMode,
          ...(seed.secrets && { secrets: seed.secrets }),
          ingress: {
            external: true,
            targetPort: seed.targetPort ?? 8080,
            transport: "auto",
            allowInsecure: false,
            traffic: trafficOf(name, history, single),
          },
        },
        ...(latest && { template: latest.template }),
      },
    },
    provisioningState: "Succeeded",
    runningStatus: "Running",
    operation: undefined,
    revisions,
    serving: single ? revisions.findLast(({ active }) => active)?.name : undefined,
    ailments: [],
    secrets: new Map(),
    watched: false,
    cutOff: false,
    phases: [],
    audience: [],
    lives: [],
    events: [],
    requests: [],
    telemetry: [],
    requestsSeen: 0,
  };
  for (const { name: secret, value } of seed.secrets ?? []) {
    if (value !== undefined) app.secrets.set(secret, value);
  }
  // The app was in use before the simulator started, and was well.
  const from = Math.max(app.modifiedAt, now - DAY_MS);
  app.phases = [{ from, shares: sharesOf(app, () => undefined) }];
  return app;
}

/** What the seed's Key Vault references name is read once the vaults are there; everybody was well until then. */
export function settleSeed(world: Settling): void {
  for (const app of world.containerApps.values()) {
    refreshReferences(app, world);
    world.lifecycle.watchSecrets(app);
    world.lifecycle.recordTraffic(app);
  }
}

function seedRevision(
  seed: SeedApp,
  revision: SeedRevision,
  { name, at, active }: { name: string; at: number; active: boolean },
): Revision {
  const template = templateOf(seed, revision);
  const replicas = active
    ? Array.from({ length: replicaCount(template) }, (_, index) => {
        const id = nameFrom(15, seed.id, name, index + 1);
        return {
          name: `${name}-${id.slice(0, 10)}-${id.slice(10)}`,
          createdAt: at,
          scheduled: true,
          ready: true,
          ailments: [],
          env: undefined,
          restarts: 0,
        };
      })
    : [];
  return {
    name,
    template,
    createdAt: at,
    lastActiveAt: at,
    active,
    provisioningState: active ? "Provisioned" : "Deprovisioned",
    provisioningError: undefined,
    ready: active,
    hasBeenReady: true,
    wedged: false,
    pulling: false,
    crashing: undefined,
    restarting: false,
    ailments: [],
    replicas,
    course: 0,
    replicasMade: replicas.length,
  };
}

function identityOf({
  systemAssigned,
  userAssigned = [],
}: NonNullable<SeedApp["identity"]>): NonNullable<Envelope["identity"]> {
  const own = systemAssigned === true;
  return {
    type:
      userAssigned.length === 0
        ? own
          ? "SystemAssigned"
          : "None"
        : own
          ? "SystemAssigned,UserAssigned"
          : "UserAssigned",
    ...(userAssigned.length > 0 && {
      userAssignedIdentities: Object.fromEntries(userAssigned.map((id) => [id, {}])),
    }),
  };
}

function templateOf(seed: SeedApp, revision: SeedRevision): Template {
  return {
    revisionSuffix: revision.suffix,
    containers: seed.containers.map((container, index) => ({
      name: container.name,
      image: index === 0 ? (revision.image ?? container.image) : container.image,
      env: index === 0 ? (revision.env ?? container.env ?? []) : (container.env ?? []),
      resources: { cpu: 0.5, memory: "1Gi" },
    })),
    scale: { minReplicas: seed.minReplicas ?? 1, maxReplicas: Math.max(10, seed.minReplicas ?? 1) },
  };
}

function trafficOf(
  app: string,
  history: readonly SeedRevision[],
  single: boolean,
): TrafficWeight[] {
  const weighted = history.filter(({ weight }) => (weight ?? 0) > 0);
  if (single || weighted.length === 0) return [{ latestRevision: true, weight: 100 }];
  return weighted.map(({ suffix, weight = 0 }) => ({ revisionName: `${app}--${suffix}`, weight }));
}

function createdAt({ createdAt: at, ageMinutes }: SeedRevision, now: number): number {
  return at === undefined ? now - (ageMinutes ?? 0) * MINUTE_MS : Date.parse(at);
}

function nameOf(id: string): string {
  return id.split("/").at(-1) ?? "";
}
