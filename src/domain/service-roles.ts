import type { Environment } from "./estate.js";
import { parseResourceId, sameResource } from "./resource-id.js";

/*
 * What this service's identity may do, and why: the one source. `infra/roles.bicep` makes these roles
 * and grants, readiness asks whether they hold, and the simulated Azure lets it do no more.
 */

/** A role made for this service, or a built-in one of a data plane. */
export interface ServiceRole {
  /** The name of the definition, before the environment's name in brackets. */
  readonly title: string;
  /** The GUID of a built-in role; absent where the role is made for this service. */
  readonly builtIn?: string;
  /** Actions of the control plane, each with the activities that need it. */
  readonly actions: Readonly<Record<string, string>>;
  /** Actions of a data plane, likewise. */
  readonly dataActions?: Readonly<Record<string, string>>;
  /** Actions that no call names, each with the reason why Azure wants them all the same. */
  readonly besides?: Readonly<Record<string, string>>;
  /** The only roles that may be given by it. */
  readonly gives?: readonly string[];
}

const app = "Microsoft.App/containerApps";
const redis = "Microsoft.Cache/redis";
const managed = "Microsoft.Cache/redisEnterprise";
const vault = "Microsoft.KeyVault/vaults";
const secrets = `${vault}/secrets`;
const account = "Microsoft.Storage/storageAccounts";
const containers = `${account}/blobServices/containers`;
const traffic = "Microsoft.Network/trafficManagerProfiles";
const cdn = "Microsoft.Cdn/profiles";
const registry = "Microsoft.ContainerRegistry/registries";
const workspace = "Microsoft.OperationalInsights/workspaces";
const assignments = "Microsoft.Authorization/roleAssignments";
const status = { "Microsoft.ResourceHealth/availabilityStatuses/read": "witnessRegion" };

/** Built-in roles that the service gives: to the app, and to itself at what it has made. */
const given = {
  keyVaultSecretsUser: "4633458b-17de-408a-b874-0445c86b69e6",
  keyVaultSecretsOfficer: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
  storageBlobDataContributor: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  storageBlobDataReader: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
} as const;

export const serviceRoles = {
  "container-apps": {
    title: "Disaster recovery: container apps",
    actions: {
      [`${app}/read`]: "observeApp, findActiveVault, findActiveAccount, observeSide",
      [`${app}/write`]:
        "startRollForward, startTrafficShift, startVaultMove, startStorageMove, startSideChange",
      [`${app}/listSecrets/action`]: "startVaultMove",
      [`${app}/getAuthToken/action`]: "captureAppLogs",
      [`${app}/revisions/read`]: "chooseKnownGood, observeRevision, checkStandbyApp",
      [`${app}/revisions/restart/action`]: "restartRevision",
      [`${app}/revisions/activate/action`]: "activateRevision, undoFault",
      [`${app}/revisions/deactivate/action`]: "injectFault",
      [`${app}/revisions/replicas/read`]: "observeRestart, captureAppLogs",
      "Microsoft.Insights/metrics/read": "countRequests",
      ...status,
    },
    dataActions: { [`${app}/logstream/action`]: "captureAppLogs" },
  },
  environments: {
    title: "Disaster recovery: environments of container apps",
    actions: {},
    besides: {
      "Microsoft.App/managedEnvironments/join/action":
        "whoever writes an app has to be allowed to join its environment (not yet run against Azure)",
    },
  },
  caches: {
    title: "Disaster recovery: caches",
    actions: {
      [`${redis}/read`]: "findActiveCache, inspectCache, observeCreation, findMadeCaches",
      [`${redis}/write`]: "startCreation, stopPersistence, persistCache",
      [`${redis}/listKeys/action`]: "probeCache, copyKeys, writeConnection",
      [`${redis}/regenerateKey/action`]: "regenerateKey",
      [`${redis}/forceReboot/action`]: "rebootPrimary",
      [`${redis}/export/action`]: "startExport",
      [`${redis}/import/action`]: "startImport, beginScratchImport",
      [`${redis}/linkedServers/read`]: "inspectStandby, observeLinks, checkReplication",
      [`${redis}/linkedServers/write`]: "startLink",
      [`${redis}/linkedServers/delete`]: "startUnlink",
      [`${redis}/patchSchedules/read`]: "protectCache",
      [`${redis}/patchSchedules/write`]: "protectCache",
      ...status,
    },
  },
  "cache-lists": {
    title: "Disaster recovery: lists of caches",
    actions: {
      [`${redis}/read`]: "findMadeCaches",
      [`${managed}/read`]: "findMadeCaches",
    },
  },
  "managed-caches": {
    title: "Disaster recovery: Azure Managed Redis",
    actions: {
      [`${managed}/read`]: "findActiveCache, inspectCache, observeCreation, findMadeCaches",
      [`${managed}/write`]: "startCreation",
      [`${managed}/databases/read`]: "findActiveCache, inspectCache, observeCreation",
      [`${managed}/databases/write`]: "startDatabase",
      [`${managed}/databases/listKeys/action`]: "probeCache, copyKeys, writeConnection",
      [`${managed}/databases/export/action`]: "startExport",
      [`${managed}/databases/import/action`]: "startImport, beginScratchImport",
      ...status,
    },
  },
  vaults: {
    title: "Disaster recovery: vaults",
    actions: {
      [`${vault}/read`]: "findActiveVault, diagnoseVault, observeVault, checkScratchVault",
      [`${vault}/write`]: "setVaultNetwork, startVaultRecovery, startVaultCreation, protectVault",
      [`${assignments}/read`]: "diagnoseVault, findVaultUsers",
      "Microsoft.Insights/diagnosticSettings/read": "auditVault",
      "Microsoft.Insights/diagnosticSettings/write": "auditVault",
      ...status,
    },
  },
  accounts: {
    title: "Disaster recovery: storage accounts",
    actions: {
      [`${account}/read`]: "findActiveAccount, diagnoseStorage, observeAccount, checkReplication",
      [`${account}/write`]: "startAccountCreation, setRedundancy",
      [`${account}/failover/action`]: "startStorageFailover",
      [`${account}/blobServices/read`]: "protectAccount, prepareExport",
      [`${account}/blobServices/write`]: "protectAccount",
      [`${assignments}/read`]: "findStorageUsers",
      ...status,
    },
  },
  "data-access": {
    title: "Disaster recovery: access to data",
    actions: { [`${assignments}/write`]: "grantVaultRole, grantStorageRole" },
    gives: Object.values(given),
  },
  traffic: {
    title: "Disaster recovery: Traffic Manager",
    actions: {
      [`${traffic}/read`]: "observeTraffic, enableEndpoint, disableEndpoint, checkTraffic",
      [`${traffic}/externalEndpoints/write`]: "enableEndpoint, disableEndpoint",
    },
    besides: {
      [`${traffic}/nestedEndpoints/write`]: "the same, where the estate's endpointType is nested",
      [`${traffic}/azureEndpoints/write`]: "the same, where the estate's endpointType is azure",
    },
  },
  edge: {
    title: "Disaster recovery: edge",
    actions: {
      [`${cdn}/origingroups/read`]: "observeEdge",
      [`${cdn}/origingroups/origins/read`]: "observeEdge, pollEdgeOperation",
      [`${cdn}/origingroups/origins/write`]: "startOriginMove",
      [`${cdn}/afdendpoints/read`]: "observeEdge",
      [`${cdn}/afdendpoints/routes/read`]: "observeEdge",
      [`${cdn}/afdendpoints/Purge/action`]: "startEdgePurge",
      // The classic CDN.
      [`${cdn}/endpoints/read`]: "observeEdge",
      [`${cdn}/endpoints/write`]: "startOriginMove",
      [`${cdn}/endpoints/origins/read`]: "observeEdge",
      [`${cdn}/endpoints/origins/write`]: "startOriginMove",
      [`${cdn}/endpoints/Purge/action`]: "startEdgePurge",
    },
  },
  images: {
    title: "Disaster recovery: images",
    actions: {
      [`${registry}/read`]: "keepImages, checkImages",
      [`${registry}/replications/read`]: "keepImages, checkImages",
    },
    besides: {
      [`${registry}/write`]:
        "keepImages, where images without a tag are kept shorter than the estate says; only the port's own tests see that",
    },
  },
  telemetry: {
    title: "Disaster recovery: telemetry",
    actions: {
      [`${workspace}/query/read`]: "captureAppLogs, captureErrorRates, exportTelemetry",
      [`${workspace}/read`]: "streamTelemetry",
      [`${workspace}/dataExports/read`]: "streamTelemetry",
      [`${workspace}/dataExports/write`]: "streamTelemetry",
    },
    besides: {
      [`${workspace}/query/*/read`]:
        "Azure asks for the right to each table that a query reads (not yet run against Azure)",
    },
  },
  components: {
    title: "Disaster recovery: Application Insights",
    actions: { "Microsoft.Insights/diagnosticSettings/read": "streamTelemetry" },
  },
  alerts: {
    title: "Disaster recovery: alert rules",
    actions: {
      "Microsoft.Insights/metricAlerts/read": "checkAlerting",
      "Microsoft.Insights/activityLogAlerts/read": "checkAlerting",
      "Microsoft.Insights/scheduledQueryRules/read": "checkAlerting",
      "Microsoft.Insights/actionGroups/read": "checkAlerting",
    },
  },
  subscription: {
    title: "Disaster recovery: subscription",
    actions: {
      "Microsoft.KeyVault/locations/deletedVaults/read": "diagnoseVault, startVaultRecovery",
      [`${vault}/read`]: "diagnoseVault, where the app uses one that the estate does not name",
      [`${account}/read`]: "diagnoseStorage, where the app uses one that the estate does not name",
      "Microsoft.KeyVault/checkNameAvailability/read": "chooseVault, checkRecoveryResources",
      "Microsoft.Storage/checknameavailability/read": "chooseAccount, checkRecoveryResources",
      "Microsoft.ResourceHealth/events/read": "witnessRegion",
      "Microsoft.Authorization/permissions/read": "checkRights",
      "Microsoft.Resources/subscriptions/resourceGroups/read": "checkReplication, checkTraffic",
    },
    besides: {
      "Microsoft.Resources/subscriptions/read":
        "startVaultRecovery: a vault names the tenant of its subscription, which anybody with a role there may read",
      "Microsoft.Resources/subscriptions/resources/read":
        "checkRecoveryResources: a list that leaves out what may not be read",
    },
  },
  "vault-data": {
    title: "Key Vault Secrets Officer",
    builtIn: given.keyVaultSecretsOfficer,
    actions: {},
    dataActions: {
      [`${secrets}/readMetadata/action`]: "listSecrets, compareVaults, checkSecretParity",
      [`${secrets}/getSecret/action`]: "syncSecrets, compareVaults, writeConnection",
      [`${secrets}/setSecret/action`]: "syncSecrets, writeConnection, overwriteSecrets",
      [`${secrets}/backup/action`]: "copySecrets",
      [`${secrets}/restore/action`]: "restoreSecrets, proveSecrets",
      [`${secrets}/recover/action`]: "restoreSecrets",
      [`${secrets}/delete`]: "restoreSecrets, clearScratchVault",
      [`${secrets}/purge/action`]: "clearScratchVault",
    },
  },
  "blob-data": {
    title: "Storage Blob Data Contributor",
    builtIn: given.storageBlobDataContributor,
    actions: {
      [`${containers}/read`]: "clearScratchContainer, planPruning",
      [`${containers}/delete`]: "pruneSet",
      [`${containers}/write`]: "prepareContainers, prepareTarget, prepareExport",
      [`${account}/blobServices/generateUserDelegationKey/action`]: "startExport, startImport",
    },
    dataActions: {
      [`${containers}/blobs/read`]: "copyBlobs, compareBlobs, bringBlobs, saveRecord",
      [`${containers}/blobs/write`]: "copyBlobs, bringBlobs, takeLease, saveRecord",
      [`${containers}/blobs/delete`]: "pruneSet, removeCacheFiles, clearScratchContainer",
    },
  },
  "telemetry-data": {
    title: "Monitoring Metrics Publisher",
    builtIn: "3913510d-42f4-4e42-8a64-420c390055eb",
    actions: {},
    dataActions: {
      "Microsoft.Insights/Telemetry/Write":
        "saveRecord, concludeReadiness, checkBackups, and every other activity with what it did",
    },
  },
  "image-data": {
    title: "AcrPull",
    builtIn: "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    actions: { [`${registry}/pull/read`]: "keepImages, checkImages" },
  },
} as const satisfies Readonly<Record<string, ServiceRole>>;
export type ServiceRoleId = keyof typeof serviceRoles;

export const serviceRole = (id: ServiceRoleId): ServiceRole => serviceRoles[id];
export const serviceRoleIds = Object.keys(serviceRoles) as readonly ServiceRoleId[];

/** A role at a scope and at all that lies below it. */
export interface Grant {
  readonly scope: string;
  readonly role: ServiceRoleId;
}

const groupOf = (id: string): string => id.split("/").slice(0, 5).join("/");

/** Of which role a cache is. */
const cacheRole = (id: string): "caches" | "managed-caches" =>
  parseResourceId(id)?.type === "microsoft.cache/redis" ? "caches" : "managed-caches";

/** All that the service is granted in an environment. */
export function grantsOf(environment: Environment): readonly Grant[] {
  const { containerApp, redis: caches, keyVault, storage, proof, images, alerting } = environment;
  const { applicationInsights, trafficManager, frontDoor } = environment;
  const at = (role: ServiceRoleId, ...scopes: readonly (string | undefined)[]): Grant[] =>
    scopes.flatMap((scope) => (scope === undefined ? [] : [{ scope, role }]));
  const both = ({ primary, secondary }: { primary: string; secondary?: string | undefined }) =>
    secondary === undefined ? [primary] : [primary, secondary];
  const beside = (sides: { primary: string; secondary?: string | undefined }) =>
    groupOf(sides.secondary ?? sides.primary);
  const { workspace: logs, component } = applicationInsights;
  return withoutRepeats([
    ...at("subscription", `/subscriptions/${environment.subscriptionId}`),
    // What a recovery makes lies beside the last side, and is used like the rest as soon as it is there.
    ...at("caches", beside(caches)),
    ...at("managed-caches", beside(caches)),
    ...at("accounts", beside(storage)),
    // A deleted vault takes the grants at it along, so they hold at its group.
    ...at("vaults", ...both(keyVault).map(groupOf)),
    ...at("data-access", ...both(keyVault).map(groupOf), beside(storage)),
    ...at("environments", ...both(containerApp).map(groupOf)),
    ...at(
      "alerts",
      ...[alerting?.actionGroup, ...(alerting?.rules ?? [])].map((id) => id && groupOf(id)),
    ),
    // A cache that an earlier run made may lie beside either side.
    ...at("cache-lists", caches.secondary === undefined ? undefined : groupOf(caches.primary)),
    // Without the workspace's name it is looked for beside the component.
    ...at("telemetry", logs ?? groupOf(component)),
    ...at("container-apps", ...both(containerApp)),
    ...[caches.primary, proof.scratchCache].flatMap((id) =>
      id === undefined ? [] : at(cacheRole(id), id),
    ),
    ...at("accounts", storage.primary, caches.staging),
    ...at("vaults", proof.scratchVault),
    ...at("traffic", trafficManager?.profile),
    ...at("edge", frontDoor?.profile),
    ...at("components", component),
    ...at("images", images?.registry, images?.recoveryRegistry),
    ...at("image-data", images?.registry, images?.recoveryRegistry),
    ...at("vault-data", ...both(keyVault), proof.scratchVault),
    ...at("blob-data", ...both(storage), caches.staging),
  ]);
}

/** One grant of a role is enough at a scope, and at what lies below a scope that has it. */
function withoutRepeats(grants: readonly Grant[]): readonly Grant[] {
  return grants.filter(
    ({ scope, role }, index) =>
      !grants.some(
        (other, place) =>
          other.role === role &&
          (sameResource(other.scope, scope)
            ? place < index
            : `${scope.toLowerCase()}/`.startsWith(`${other.scope.toLowerCase()}/`)),
      ),
  );
}
