/** What a role definition allows. `*` stands for any text, as in Azure. */
export interface Role {
  readonly name: string;
  readonly actions: readonly string[];
  readonly notActions?: readonly string[];
  readonly dataActions?: readonly string[];
  /** The only roles that may be assigned or taken away with this one, where its condition names some. */
  readonly assigns?: readonly string[];
}

const readAuthorization = [
  "Microsoft.Authorization/*/read",
  "Microsoft.Insights/alertRules/*",
  "Microsoft.Resources/deployments/*",
  "Microsoft.Resources/subscriptions/resourceGroups/read",
];

// The published definitions of the two Container Apps roles list only the wildcard forms of read, write and
// delete. Reports disagree whether those cover the app itself (`containerApps/read`); here they do.
const readContainerApps = [
  "Microsoft.App/containerApps/read",
  "Microsoft.App/containerApps/*/read",
  "Microsoft.App/managedEnvironments/read",
  "Microsoft.App/managedEnvironments/*/read",
  "Microsoft.App/managedEnvironments/join/action",
  "Microsoft.App/locations/*/read",
];

/** What the vault roles for data may do to vaults themselves. */
const readVaults = [
  ...readAuthorization,
  "Microsoft.KeyVault/checkNameAvailability/read",
  "Microsoft.KeyVault/deletedVaults/read",
  "Microsoft.KeyVault/locations/*/read",
  "Microsoft.KeyVault/vaults/*/read",
  "Microsoft.KeyVault/operations/read",
];

const KEY_VAULT_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483";
const KEY_VAULT_READER = "21090545-7ca7-4776-b22c-e363652d74d2";
const KEY_VAULT_SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";
const KEY_VAULT_SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6";

const blobs = "Microsoft.Storage/storageAccounts/blobServices";

/** The built-in roles that the simulated services know, by role definition id. */
export const ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  ["8e3af657-a8ff-443c-a75c-2fe8c4bcb635", { name: "Owner", actions: ["*"] }],
  [
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    {
      name: "Contributor",
      actions: ["*"],
      notActions: [
        "Microsoft.Authorization/*/Delete",
        "Microsoft.Authorization/*/Write",
        "Microsoft.Authorization/elevateAccess/Action",
      ],
    },
  ],
  [
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    { name: "User Access Administrator", actions: ["*/read", "Microsoft.Authorization/*"] },
  ],
  [
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    {
      name: "Role Based Access Control Administrator",
      actions: [
        "*/read",
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.Authorization/roleAssignments/delete",
      ],
    },
  ],
  ["acdd72a7-3385-48ef-bd42-f606fba81ae7", { name: "Reader", actions: ["*/read"] }],
  [
    "358470bc-b998-42bd-ab17-a7e34c199c0f",
    {
      name: "Container Apps Contributor",
      actions: [
        ...readAuthorization,
        ...readContainerApps,
        "Microsoft.App/containerApps/write",
        "Microsoft.App/containerApps/*/write",
        "Microsoft.App/containerApps/delete",
        "Microsoft.App/containerApps/*/delete",
        "Microsoft.App/containerApps/*/action",
      ],
    },
  ],
  [
    "f3bd1b5c-91fa-40e7-afe7-0c11d331232c",
    {
      name: "Container Apps Operator",
      actions: [...readAuthorization, ...readContainerApps, "Microsoft.App/containerApps/*/action"],
      dataActions: [
        "Microsoft.App/containerApps/exec/action",
        "Microsoft.App/containerApps/logstream/action",
      ],
    },
  ],
  [
    "e0f68234-74aa-48ed-b826-c38b57376e17",
    {
      // Of Microsoft.Cache/redis alone: redisEnterprise needs another role.
      name: "Redis Cache Contributor",
      actions: [
        ...readAuthorization,
        "Microsoft.Cache/register/action",
        "Microsoft.Cache/redis/*",
        "Microsoft.ResourceHealth/availabilityStatuses/read",
        "Microsoft.Support/*",
      ],
    },
  ],
  [
    "3913510d-42f4-4e42-8a64-420c390055eb",
    {
      name: "Monitoring Metrics Publisher",
      actions: [
        "Microsoft.Insights/Register/Action",
        "Microsoft.Support/*",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
      ],
      dataActions: ["Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write"],
    },
  ],
  [
    "a4b10055-b0c7-44c2-b00f-c7b5b3550cf7",
    {
      name: "Traffic Manager Contributor",
      actions: [...readAuthorization, "Microsoft.Network/trafficManagerProfiles/*"],
    },
  ],
  [
    "ec156ff8-a8d1-4d15-830c-5b80698ca432",
    {
      name: "CDN Profile Contributor",
      actions: [
        ...readAuthorization,
        "Microsoft.Cdn/edgenodes/read",
        "Microsoft.Cdn/operationresults/*",
        "Microsoft.Cdn/profiles/*",
        "Microsoft.Support/*",
      ],
    },
  ],
  [
    "8f96442b-4075-438f-813d-ad51ab4019af",
    {
      name: "CDN Profile Reader",
      actions: [
        ...readAuthorization,
        "Microsoft.Cdn/edgenodes/read",
        "Microsoft.Cdn/operationresults/*",
        // As with container apps: the published wildcard covers the profile itself here.
        "Microsoft.Cdn/profiles/read",
        "Microsoft.Cdn/profiles/*/read",
        "Microsoft.Support/*",
      ],
    },
  ],
  [
    "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    { name: "AcrPull", actions: ["Microsoft.ContainerRegistry/registries/pull/read"] },
  ],
  [
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
    {
      name: "Monitoring Reader",
      actions: ["*/read", "Microsoft.OperationalInsights/workspaces/search/action"],
    },
  ],
  [
    "73c42c96-874c-492b-b04d-ab87d138a893",
    {
      name: "Log Analytics Reader",
      actions: [
        "*/read",
        "Microsoft.OperationalInsights/workspaces/analytics/query/action",
        "Microsoft.OperationalInsights/workspaces/search/action",
      ],
      notActions: ["Microsoft.OperationalInsights/workspaces/sharedKeys/read"],
    },
  ],
  [
    "92aaf0da-9dab-42b6-94a3-d43ce8ce7293",
    {
      name: "Log Analytics Contributor",
      actions: [
        "*/read",
        "Microsoft.Insights/alertRules/*",
        "Microsoft.Insights/diagnosticSettings/*",
        "Microsoft.OperationalInsights/*",
        "Microsoft.OperationsManagement/*",
        "Microsoft.Resources/deployments/*",
        "Microsoft.Storage/storageAccounts/listKeys/action",
        "Microsoft.Support/*",
      ],
    },
  ],
  [
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    {
      name: "Storage Blob Data Reader",
      actions: [`${blobs}/containers/read`, `${blobs}/generateUserDelegationKey/action`],
      dataActions: [`${blobs}/containers/blobs/read`],
    },
  ],
  [
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    {
      name: "Storage Blob Data Contributor",
      actions: [
        `${blobs}/containers/delete`,
        `${blobs}/containers/read`,
        `${blobs}/containers/write`,
        `${blobs}/generateUserDelegationKey/action`,
      ],
      dataActions: [
        `${blobs}/containers/blobs/delete`,
        `${blobs}/containers/blobs/read`,
        `${blobs}/containers/blobs/write`,
        `${blobs}/containers/blobs/move/action`,
        `${blobs}/containers/blobs/add/action`,
      ],
    },
  ],
  [
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    {
      name: "Storage Blob Data Owner",
      actions: [`${blobs}/containers/*`, `${blobs}/generateUserDelegationKey/action`],
      dataActions: [`${blobs}/containers/blobs/*`],
    },
  ],
  [
    KEY_VAULT_ADMINISTRATOR,
    {
      name: "Key Vault Administrator",
      actions: readVaults,
      dataActions: ["Microsoft.KeyVault/vaults/*"],
    },
  ],
  [
    "f25e0fa2-a7c8-4377-a976-54943a77a395",
    {
      name: "Key Vault Contributor",
      actions: [...readAuthorization, "Microsoft.KeyVault/*"],
      notActions: [
        "Microsoft.KeyVault/locations/deletedVaults/purge/action",
        "Microsoft.KeyVault/hsmPools/*",
        "Microsoft.KeyVault/managedHsms/*",
      ],
    },
  ],
  [
    KEY_VAULT_READER,
    {
      name: "Key Vault Reader",
      actions: readVaults,
      dataActions: [
        "Microsoft.KeyVault/vaults/*/read",
        "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
      ],
    },
  ],
  [
    KEY_VAULT_SECRETS_OFFICER,
    {
      name: "Key Vault Secrets Officer",
      actions: readVaults,
      dataActions: ["Microsoft.KeyVault/vaults/secrets/*"],
    },
  ],
  [
    KEY_VAULT_SECRETS_USER,
    {
      name: "Key Vault Secrets User",
      actions: [],
      dataActions: [
        "Microsoft.KeyVault/vaults/secrets/getSecret/action",
        "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
      ],
    },
  ],
  [
    "a68e7c17-0ab2-4c09-9a58-125dae29748c",
    {
      name: "Key Vault Purge Operator",
      actions: [
        ...readAuthorization,
        "Microsoft.KeyVault/deletedVaults/read",
        "Microsoft.KeyVault/locations/*/read",
        "Microsoft.KeyVault/locations/deletedVaults/purge/action",
      ],
    },
  ],
  [
    "8b54135c-b56d-4d72-a534-26097cfdc8d8",
    {
      name: "Key Vault Data Access Administrator",
      actions: [
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.Authorization/roleAssignments/delete",
        "Microsoft.Authorization/*/read",
        "Microsoft.Resources/deployments/*",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Resources/subscriptions/read",
        "Microsoft.Management/managementGroups/read",
        "Microsoft.KeyVault/vaults/*/read",
      ],
      assigns: [
        KEY_VAULT_ADMINISTRATOR,
        KEY_VAULT_READER,
        KEY_VAULT_SECRETS_OFFICER,
        KEY_VAULT_SECRETS_USER,
        "a4417e6f-fecd-4de8-b567-7b0420556985", // Key Vault Certificates Officer
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603", // Key Vault Crypto Officer
        "e147488a-f6f5-4113-8e2d-b22465e65bf6", // Key Vault Crypto Service Encryption User
        "12338af0-0e69-4776-bea7-57ae8d297424", // Key Vault Crypto User
      ],
    },
  ],
  [
    "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
    {
      name: "Storage Blob Delegator",
      actions: [`${blobs}/generateUserDelegationKey/action`],
    },
  ],
  [
    "17d1049b-9a84-46fb-8f53-869881c3d3ab",
    {
      name: "Storage Account Contributor",
      actions: [
        "Microsoft.Authorization/*/read",
        "Microsoft.Insights/alertRules/*",
        "Microsoft.Insights/diagnosticSettings/*",
        "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
        "Microsoft.ResourceHealth/availabilityStatuses/read",
        "Microsoft.Resources/deployments/*",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Storage/storageAccounts/*",
        "Microsoft.Support/*",
      ],
    },
  ],
  [
    "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
    {
      name: "Monitoring Contributor",
      actions: [
        "*/read",
        "Microsoft.AlertsManagement/alerts/*",
        "Microsoft.AlertsManagement/alertsSummary/*",
        "Microsoft.Insights/actiongroups/*",
        "Microsoft.Insights/activityLogAlerts/*",
        "Microsoft.Insights/alertRules/*",
        "Microsoft.Insights/components/*",
        "Microsoft.Insights/dataCollectionRules/*",
        "Microsoft.Insights/diagnosticSettings/*",
        "Microsoft.Insights/eventtypes/*",
        "Microsoft.Insights/logDefinitions/*",
        "Microsoft.Insights/metricAlerts/*",
        "Microsoft.Insights/metricDefinitions/*",
        "Microsoft.Insights/metrics/*",
        "Microsoft.Insights/register/action",
        "Microsoft.Insights/scheduledQueryRules/*",
        "Microsoft.Insights/webtests/*",
        "Microsoft.OperationalInsights/workspaces/search/action",
        "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
        "Microsoft.Support/*",
      ],
    },
  ],
]);
