import { withoutNulls } from "../arm/merge-patch.js";
import { guidFrom } from "../world/names.js";
import type { World } from "../world/world.js";
import { systemAssigned, userAssigned } from "./identity.js";
import { secretsOf } from "./secrets.js";
import { configuredTraffic, latestReadyRevision, latestRevision, weightOf } from "./traffic.js";
import type { ContainerApp, ManagedEnvironment, Replica, Revision } from "./state.js";

/** An app as GET answers it. */
export function appResource(app: ContainerApp, world: World): unknown {
  const { properties, ...envelope } = app.envelope;
  const { configuration, template } = properties;
  const domain = environmentOf(app, world)?.defaultDomain;
  const latest = latestRevision(app);
  const ingress = configuration?.ingress;
  return withoutNulls({
    id: app.id,
    name: app.name,
    type: "Microsoft.App/containerApps",
    ...envelope,
    identity: identityOf(app, world),
    systemData: systemData(app),
    properties: {
      provisioningState: app.provisioningState,
      runningStatus: app.runningStatus,
      managedEnvironmentId: properties.managedEnvironmentId ?? properties.environmentId,
      environmentId: properties.environmentId ?? properties.managedEnvironmentId,
      workloadProfileName: properties.workloadProfileName ?? null,
      outboundIpAddresses: ["203.0.113.10"],
      latestRevisionName: latest?.name ?? "",
      latestReadyRevisionName: latestReadyRevision(app)?.name ?? "",
      latestRevisionFqdn: latest && domain ? `${latest.name}.${domain}` : "",
      customDomainVerificationId: guidFrom(app.id, "domain").replaceAll("-", "").toUpperCase(),
      configuration: {
        ...configuration,
        activeRevisionsMode: configuration?.activeRevisionsMode ?? "Single",
        secrets: configuration?.secrets?.map(({ value: _value, ...secret }) => secret) ?? null,
        ingress: ingress
          ? {
              ...ingress,
              fqdn: domain === undefined ? null : fqdnOf(app, domain),
              external: ingress.external ?? false,
              exposedPort: ingress.exposedPort ?? 0,
              transport: capitalized(ingress.transport ?? "auto"),
              allowInsecure: ingress.allowInsecure ?? false,
              traffic: configuredTraffic(app),
            }
          : null,
      },
      template: { revisionSuffix: "", ...template },
      eventStreamEndpoint: `${logHost(app)}${dataPlanePath(app)}/eventstream`,
    },
  });
}

export function revisionResource(app: ContainerApp, revision: Revision, world: World): unknown {
  const domain = environmentOf(app, world)?.defaultDomain ?? "";
  return withoutNulls({
    id: `${app.id}/revisions/${revision.name}`,
    name: revision.name,
    type: "Microsoft.App/containerapps/revisions",
    properties: {
      createdTime: new Date(revision.createdAt).toISOString(),
      lastActiveTime: new Date(
        revision.active ? world.timeline.now() : revision.lastActiveAt,
      ).toISOString(),
      fqdn: `${revision.name}.${domain}`,
      template: revision.template,
      active: revision.active,
      replicas: revision.replicas.filter(({ scheduled }) => scheduled).length,
      trafficWeight: weightOf(app, revision),
      provisioningError: revision.provisioningError ?? null,
      healthState: healthState(revision),
      provisioningState: revision.provisioningState,
      runningState: runningState(app, revision),
    },
  });
}

export function replicaResource(app: ContainerApp, revision: Revision, replica: Replica): unknown {
  const path = `${dataPlanePath(app)}/revisions/${revision.name}/replicas/${replica.name}`;
  const waiting = revision.pulling
    ? "ImagePullBackOff"
    : revision.crashing !== undefined && !replica.ready
      ? "CrashLoopBackOff"
      : "";
  return {
    id: `${app.id}/revisions/${revision.name}/replicas/${replica.name}`,
    name: replica.name,
    type: "Microsoft.App/containerapps/revisions/replicas",
    properties: {
      createdTime: new Date(replica.createdAt).toISOString(),
      runningState: replica.ready ? "Running" : "NotRunning",
      runningStateDetails: waiting,
      containers: revision.template.containers.map(({ name }) => ({
        name,
        containerId: `containerd://${guidFrom(replica.name, name).replaceAll("-", "").repeat(2)}`,
        ready: replica.ready,
        started: replica.scheduled && waiting === "",
        restartCount: replica.restarts,
        runningState: replica.ready ? "Running" : "Waiting",
        runningStateDetails: waiting,
        logStreamEndpoint: `${logHost(app)}${path}/containers/${name}/logstream`,
        execEndpoint: `${logHost(app).replace("https:", "wss:")}${path}/containers/${name}/exec`,
      })),
      initContainers: [],
    },
  };
}

/** What listSecrets answers: values, and references as they are; what they refer to stays in its vault. */
export function secretResources(app: ContainerApp): unknown {
  return secretsOf(app.envelope).map(({ name, value, keyVaultUrl, identity }) =>
    keyVaultUrl === undefined ? { name, value } : { name, keyVaultUrl, identity },
  );
}

function environmentOf(app: ContainerApp, world: World): ManagedEnvironment | undefined {
  return world.environments.get(app.environmentKey);
}

/** The name under which ingress answers; an app without external ingress is reachable inside alone. */
export function fqdnOf(app: ContainerApp, domain: string): string {
  const external = app.envelope.properties.configuration?.ingress?.external ?? false;
  return external ? `${app.name}.${domain}` : `${app.name}.internal.${domain}`;
}

/** The regional host of log streams. */
export function logHostName(region: string): string {
  return `${region}.azurecontainerapps.dev`;
}

function logHost(app: ContainerApp): string {
  return `https://${logHostName(app.region)}`;
}

function dataPlanePath(app: ContainerApp): string {
  return app.id.replace(/\/providers\/Microsoft\.App/i, "");
}

function healthState(revision: Revision): string {
  if (!revision.active) return "None";
  if (revision.provisioningState === "Failed") return "Unhealthy";
  if (revision.crashing !== undefined) return "Unhealthy";
  if (revision.replicas.length === 0) return "None";
  return revision.ready ? "Healthy" : "None";
}

function runningState(app: ContainerApp, revision: Revision): string {
  const some = revision.replicas.some(({ ready }) => ready);
  if (revision.provisioningState === "Failed") return some ? "Degraded" : "Failed";
  if (!revision.active || app.runningStatus === "Stopped") return "Stopped";
  if (revision.crashing !== undefined) return "Degraded";
  return revision.ready ? "Running" : "Processing";
}

function identityOf(app: ContainerApp, world: World): unknown {
  const { identity } = app.envelope;
  if (identity === undefined) return { type: "None" };
  const own = systemAssigned(app);
  const assigned = userAssigned(app.envelope, world);
  return {
    type: identity.type,
    ...(own !== undefined && { principalId: own, tenantId: world.tenantId() }),
    ...(assigned.size > 0 && { userAssignedIdentities: Object.fromEntries(assigned) }),
  };
}

function systemData(app: ContainerApp): unknown {
  return {
    createdBy: "deployment",
    createdByType: "Application",
    createdAt: new Date(app.createdAt).toISOString(),
    lastModifiedBy: "deployment",
    lastModifiedByType: "Application",
    lastModifiedAt: new Date(app.modifiedAt).toISOString(),
  };
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
