import type { z } from "zod";
import type { Seed } from "../world/seed.js";

const SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001";
const PRODUCTION = `${SUBSCRIPTION}/resourceGroups/mcp-server-prod`;
const RECOVERY = `${SUBSCRIPTION}/resourceGroups/mcp-dr`;
const PRINCIPAL = "00000000-0000-0000-0000-0000000000b1";
const VAULT = `${PRODUCTION}/providers/Microsoft.KeyVault/vaults/mcp-server-prod-kv`;
const WORKSPACE = "00000000-0000-0000-0000-0000000000d1";

/** One app with three revisions, a cache, a storage account, a vault, a workspace: enough to look around. */
export const smallSeed: z.input<typeof Seed> = {
  subscriptions: [
    {
      id: "00000000-0000-0000-0000-000000000001",
      tenantId: "00000000-0000-0000-0000-0000000000a1",
      displayName: "Enterprise MCP",
    },
  ],
  resourceGroups: [
    { id: PRODUCTION, location: "eastus" },
    { id: RECOVERY, location: "westus" },
  ],
  identities: [
    {
      clientId: "00000000-0000-0000-0000-0000000000c1",
      principalId: PRINCIPAL,
      resourceId: `${RECOVERY}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mcp-dr`,
    },
  ],
  roleAssignments: [
    ["358470bc-b998-42bd-ab17-a7e34c199c0f", PRODUCTION],
    ["f3bd1b5c-91fa-40e7-afe7-0c11d331232c", PRODUCTION],
    ["73c42c96-874c-492b-b04d-ab87d138a893", PRODUCTION],
    ["e0f68234-74aa-48ed-b826-c38b57376e17", PRODUCTION],
    ["ba92f5b4-2d11-453d-a403-e96b0029c9fe", RECOVERY],
    ["f25e0fa2-a7c8-4377-a976-54943a77a395", VAULT],
    ["b86a8fe4-44ce-4948-aee5-eccb2c155cd7", VAULT],
  ].map(([roleDefinitionId = "", scope = ""]) => ({
    roleDefinitionId,
    scope,
    principalId: PRINCIPAL,
  })),
  managedEnvironments: [
    {
      id: `${PRODUCTION}/providers/Microsoft.App/managedEnvironments/mcp-env`,
      location: "eastus",
      defaultDomain: "happysand-1a2b3c4d.eastus.azurecontainerapps.io",
      workspaceCustomerId: WORKSPACE,
    },
  ],
  containerApps: [
    {
      id: `${PRODUCTION}/providers/Microsoft.App/containerApps/mcp-server`,
      location: "eastus",
      environmentId: `${PRODUCTION}/providers/Microsoft.App/managedEnvironments/mcp-env`,
      component: `${PRODUCTION}/providers/Microsoft.Insights/components/mcp-insights`,
      activeRevisionsMode: "Single",
      targetPort: 3000,
      minReplicas: 2,
      containers: [
        {
          name: "mcp-server",
          image: "mcpregistry.azurecr.io/mcp-server:1.4.2",
          env: [{ name: "NODE_ENV", value: "production" }],
        },
      ],
      revisions: [
        { suffix: "v140", ageMinutes: 20_160, image: "mcpregistry.azurecr.io/mcp-server:1.4.0" },
        { suffix: "v141", ageMinutes: 10_080, image: "mcpregistry.azurecr.io/mcp-server:1.4.1" },
        { suffix: "v142", ageMinutes: 1440 },
      ],
    },
  ],
  storageAccounts: [
    {
      id: `${RECOVERY}/providers/Microsoft.Storage/storageAccounts/mcpdrstate`,
      location: "westus",
      sku: "Standard_GRS",
    },
  ],
  keyVaults: [
    {
      id: VAULT,
      location: "eastus",
      purgeProtection: true,
      secrets: [{ name: "redis-connection-string", value: "simulated" }],
    },
  ],
  redisCaches: [
    {
      id: `${PRODUCTION}/providers/Microsoft.Cache/redis/mcp-redis`,
      location: "eastus",
      sku: "Standard_C1",
      data: { keys: 1000, bytes: 64 },
    },
  ],
  registries: [
    {
      id: `${PRODUCTION}/providers/Microsoft.ContainerRegistry/registries/mcpregistry`,
      location: "eastus",
      images: ["1.4.0", "1.4.1", "1.4.2"].map((tag) => ({ repository: "mcp-server", tag })),
    },
  ],
  components: [
    {
      id: `${PRODUCTION}/providers/Microsoft.Insights/components/mcp-insights`,
      location: "eastus",
      workspaceCustomerId: WORKSPACE,
    },
  ],
  workspaces: [
    {
      id: `${PRODUCTION}/providers/Microsoft.OperationalInsights/workspaces/mcp-logs`,
      location: "eastus",
      customerId: WORKSPACE,
    },
  ],
};
