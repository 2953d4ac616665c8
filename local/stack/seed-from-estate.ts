import type { Environment, Estate } from "../../src/domain/estate.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import { grantsOf } from "../../src/domain/service-roles.js";
import { seededEdge } from "./seeded-edge.js";
import { seededApplication } from "./seeded-application.js";
import { imageOf, seededRegistries } from "./seeded-registries.js";
import { seededAlerting } from "./seeded-alerting.js";
import { granted, madeRoles } from "./seeded-grants.js";
import { seededTelemetry } from "./seeded-telemetry.js";
import { seededTraffic } from "./seeded-traffic.js";

/** The identity the service runs as in the simulated Azure. */
const serviceIdentity = {
  clientId: "c11e0000-0000-4000-8000-000000000001",
  principalId: "0b1ec700-0000-4000-8000-000000000001",
};
export { alertHostName } from "./seeded-alerting.js";
export const stateAccount = "mcpdrstate";
export const backupAccount = "mcpdrbackup";

const tenantId = "7e4a0000-0000-4000-8000-000000000001";
/** A simulated Azure in which the estate's resources exist and are well. */
export function seedFromEstate(estate: Estate): unknown {
  const environments = Object.values(estate.environments);
  const subscriptions = [...new Set(environments.map(({ subscriptionId }) => subscriptionId))];
  const first = subscriptions[0] ?? "";
  const serviceGroup = `/subscriptions/${first}/resourceGroups/mcp-dr-service`;
  const accountIds = [stateAccount, backupAccount].map(
    (name) => `${serviceGroup}/providers/Microsoft.Storage/storageAccounts/${name}`,
  );
  const applications = environments.map(seededApplication);
  const vaults = environments.flatMap(vaultsOf);
  const scratchVaults = environments.flatMap(scratchVaultOf);
  const apps = environments.flatMap(appsOf);
  const accounts = environments.flatMap(storageAccountsOf);
  const edge = seededEdge(environments);
  const traffic = seededTraffic(environments);
  const images = seededRegistries(environments);
  const alerting = seededAlerting(environments);
  const serviceRegion = environments[0]?.serviceRegion ?? "westus";
  const telemetry = seededTelemetry(serviceGroup, serviceRegion);
  const groups = new Map<string, string>([
    [serviceGroup, serviceRegion],
    ...environments.map(
      ({ applicationInsights: { component }, primaryRegion }) =>
        [groupOf(component), primaryRegion] as const,
    ),
    ...images.resourceGroups,
    ...alerting.resourceGroups,
    ...edge.resourceGroups,
    ...traffic.resourceGroups,
    ...applications.flatMap(({ resourceGroups }) => resourceGroups),
    ...apps.map(({ group, location }) => [group, location] as const),
  ]);
  return {
    subscriptions: subscriptions.map((id) => ({ id, tenantId, displayName: estate.name })),
    resourceGroups: [...groups].map(([id, location]) => ({ id, location })),
    identities: [
      {
        ...serviceIdentity,
        resourceId: `${serviceGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mcp-dr`,
      },
      ...telemetry.identities,
      ...applications.flatMap(({ identities }) => identities),
      ...edge.identities,
    ],
    roleDefinitions: madeRoles,
    roleAssignments: [
      ...accountIds.map((scope) => granted({ scope, role: "blob-data" }, serviceIdentity)),
      granted({ scope: telemetry.component.id, role: "telemetry-data" }, serviceIdentity),
      ...telemetry.roleAssignments,
      ...environments.flatMap(grantsOf).map((grant) => granted(grant, serviceIdentity)),
      ...applications.flatMap(({ roleAssignments }) => roleAssignments),
      ...edge.roleAssignments,
    ],
    managedEnvironments: apps.map(({ group, location, workspaceId }) => ({
      id: `${group}/providers/Microsoft.App/managedEnvironments/mcp-environment`,
      location,
      workspaceCustomerId: workspaceId,
    })),
    containerApps: apps.map(({ id, group, location, component, env, application, images: of }) => ({
      id,
      location,
      component,
      environmentId: `${group}/providers/Microsoft.App/managedEnvironments/mcp-environment`,
      activeRevisionsMode: "Single",
      targetPort: 8080,
      minReplicas: 2,
      identity: application.identity,
      containers: [{ name: "mcp-server", image: of("1.4.1"), env }],
      revisions: [
        {
          suffix: "v40",
          ageMinutes: 60 * 24 * 21,
          image: of("1.4.0"),
          active: false,
        },
        { suffix: "v41", ageMinutes: 60 * 24 * 3, active: true, weight: 100 },
      ],
    })),
    storageAccounts: [
      ...accountIds.map((id) => ({
        id,
        location: serviceRegion,
        sku: "Standard_GRS",
      })),
      ...accounts,
    ],
    redisCaches: applications.flatMap(({ redisCaches }) => redisCaches),
    managedRedis: applications.flatMap(({ managedRedis }) => managedRedis),
    keyVaults: [...vaults, ...scratchVaults],
    registries: images.registries,
    frontDoors: edge.frontDoors,
    cdnProfiles: edge.cdnProfiles,
    trafficManagerProfiles: traffic.trafficManagerProfiles,
    dnsRecords: traffic.dnsRecords,
    alerts: alerting.alerts,
    components: [
      telemetry.component,
      ...environments.map(({ applicationInsights: { component, workspaceId }, primaryRegion }) => ({
        id: component,
        location: primaryRegion,
        workspaceCustomerId: workspaceId,
      })),
    ],
    workspaces: [
      telemetry.workspace,
      ...environments.map(
        ({ applicationInsights: { workspaceId }, containerApp, primaryRegion }) => ({
          id: `${groupOf(containerApp.primary)}/providers/Microsoft.OperationalInsights/workspaces/mcp-logs`,
          location: primaryRegion,
          customerId: workspaceId,
        }),
      ),
    ],
  };
}

/** The primary application, and the standby; each names the vault of its own side. */
function appsOf(environment: Environment) {
  const application = seededApplication(environment);
  const { containerApp, primaryRegion, secondaryRegion, applicationInsights } = environment;
  const { workspaceId, component } = applicationInsights;
  const app = (id: string, location: string, side: "primary" | "secondary") => ({
    id,
    group: groupOf(id),
    location,
    workspaceId,
    component,
    application,
    images: (tag: string) => imageOf(environment, tag),
    env: [
      ...variablesFor(environment, side),
      ...application.variables.filter(
        ({ name }) => !/^(KEY_VAULT|STORAGE_ACCOUNT)_URL$/.test(name),
      ),
    ],
  });
  return [
    app(containerApp.primary, primaryRegion, "primary"),
    ...(containerApp.secondary === undefined || secondaryRegion === undefined
      ? []
      : [app(containerApp.secondary, secondaryRegion, "secondary")]),
  ];
}

/** What the application is told of the resources that it uses. */
function variablesFor({ keyVault, storage }: Environment, side: "primary" | "secondary") {
  const nameOf = (sides: { primary: string; secondary?: string | undefined }): string =>
    parseResourceId(sides[side] ?? sides.primary)?.name ?? "";
  return [
    { name: "KEY_VAULT_URL", value: `https://${nameOf(keyVault)}.vault.azure.net/` },
    { name: "STORAGE_ACCOUNT_URL", value: `https://${nameOf(storage)}.blob.core.windows.net` },
  ];
}

/** The accounts of the application, with what a tenant sees of it; the recovery accounts begin empty. */
function storageAccountsOf({ storage, frontDoor, primaryRegion, secondaryRegion }: Environment) {
  const { primary, secondary } = storage;
  // The classic CDN reads as nobody.
  const isOpen = frontDoor?.endpoint !== undefined;
  const containers = storage.containers.map((name) => ({
    name,
    ...(isOpen && { publicAccess: "Blob" }),
  }));
  const access = isOpen ? { allowBlobPublicAccess: true } : {};
  const blobs = storage.containers.flatMap((container) =>
    brandingFiles.map((file) => ({ container, ...file })),
  );
  return [
    {
      id: primary,
      location: primaryRegion,
      sku: secondary === undefined ? "Standard_LRS" : "Standard_RAGZRS",
      ...access,
      containers,
      blobs,
    },
    ...(secondary === undefined || secondaryRegion === undefined
      ? []
      : [
          {
            id: secondary,
            location: secondaryRegion,
            sku: "Standard_LRS",
            ...access,
            containers,
          },
        ]),
  ];
}

const brandingFiles = [
  {
    name: "contoso/logo.svg",
    contentType: "image/svg+xml",
    text: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4"/></svg>',
    metadata: { tenant: "contoso" },
  },
  {
    name: "contoso/theme.css",
    contentType: "text/css",
    text: ":root { --accent: #0f6cbd; --radius: 4px; }\n",
    metadata: { tenant: "contoso" },
  },
  {
    name: "fabrikam/logo.svg",
    contentType: "image/svg+xml",
    text: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>',
    metadata: { tenant: "fabrikam" },
  },
  {
    name: "tenants.json",
    contentType: "application/json",
    text: '{"contoso":{"theme":"contoso/theme.css"},"fabrikam":{"theme":null}}\n',
  },
];

/** Every vault with the secrets that the application needs; the recovery vaults begin empty. */
function vaultsOf(environment: Environment) {
  const { keyVault, primaryRegion, secondaryRegion, applicationInsights } = environment;
  const { primary, secondary } = keyVault;
  const vault = (id: string, location: string, secrets: readonly unknown[]) => ({
    id,
    location,
    secrets,
  });
  const secrets = [
    seededApplication(environment).connectionSecret,
    { name: "jwt-signing-key", value: `simulated-${applicationInsights.workspaceId}` },
    {
      name: "tenant-configuration",
      value: '{"tenants":["contoso"]}',
      contentType: "application/json",
    },
    // What the checklist says it is a tenant with.
    { name: "tenant-contoso-key", value: `simulated-key-${applicationInsights.workspaceId}` },
  ];
  return [
    vault(primary, primaryRegion, secrets),
    ...(secondary === undefined || secondaryRegion === undefined
      ? []
      : [vault(secondary, secondaryRegion, [])]),
  ];
}

/** What proofs restore secrets into: nothing is in it, and what is deleted there can be purged. */
function scratchVaultOf({ proof, recoveryRegion }: Environment) {
  const { scratchVault } = proof;
  if (scratchVault === undefined) return [];
  return [{ id: scratchVault, location: recoveryRegion, retentionDays: 7, purgeProtection: false }];
}

function groupOf(id: string): string {
  const parts = parseResourceId(id);
  if (parts === undefined) throw new Error(`${id} is no resource id`);
  return `/subscriptions/${parts.subscription}/resourceGroups/${parts.group}`;
}
