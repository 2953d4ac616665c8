/** What a role definition allows. `*` stands for any text, as in Azure. */
export interface Role {
  readonly name: string;
  readonly actions: readonly string[];
  readonly notActions?: readonly string[];
  readonly dataActions?: readonly string[];
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
]);
