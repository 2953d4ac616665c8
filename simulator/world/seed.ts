import { z } from "zod";
import { roleGuid } from "../access/role-guid.js";
import { ROLES } from "../access/roles.js";
import { SeedAlert } from "../alerts/seed-schema.js";
import { keyOf } from "../arm/resource-id.js";
import { SeedRegistry } from "../container-registry/seeding.js";
import { checkEdge, SeedCdnProfile, SeedFrontDoor } from "../front-door/seed-schema.js";
import { SeedDeletedVault, SeedVault } from "../key-vault/seed-schema.js";
import { SeedRequestHistory } from "../log-analytics/request-history.js";
import { SeedManagedRedis } from "../managed-redis/seed.js";
import { SeedCaches } from "../redis/seed.js";
import { storageAccountSchema } from "../storage-accounts/seed-schema.js";
import { SeedTrafficProfile } from "../traffic-manager/seeding.js";
import { seededId } from "./seeded-id.js";

const Guid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "must be a GUID (8-4-4-4-12 hex digits)");

const Environment = z.array(
  z
    .strictObject({
      name: z.string().min(1),
      value: z.string().optional(),
      secretRef: z.string().min(1).optional(),
    })
    .refine(({ value, secretRef }) => (value === undefined) !== (secretRef === undefined), {
      error: "needs value or secretRef, one of the two",
    }),
);

const Secret = z
  .strictObject({
    name: z.string().min(1),
    value: z.string().min(1).optional(),
    keyVaultUrl: z.url().optional(),
    identity: z.string().min(1).optional(),
  })
  .refine(
    ({ value, keyVaultUrl, identity }) =>
      (value !== undefined) !== (keyVaultUrl !== undefined && identity !== undefined),
    { error: "needs value, or keyVaultUrl and identity" },
  );

const Revision = z
  .strictObject({
    suffix: z.string().min(1),
    createdAt: z.iso.datetime().optional(),
    ageMinutes: z.number().nonnegative().optional(),
    image: z.string().min(1).optional(),
    env: Environment.optional(),
    active: z.boolean().optional(),
    weight: z.int().min(0).max(100).optional(),
  })
  .refine((revision) => revision.createdAt === undefined || revision.ageMinutes === undefined, {
    error: "has both createdAt and ageMinutes; give one of them",
  });

/** What exists at "Azure" when the simulator starts. README.md says it in prose. */
export const Seed = z
  .strictObject({
    subscriptions: z
      .array(
        z.strictObject({
          id: Guid,
          tenantId: Guid,
          displayName: z.string().optional(),
          mayCreateClassicRedis: z.boolean().optional(),
        }),
      )
      .min(1),
    resourceGroups: z.array(
      z.strictObject({
        id: z
          .string()
          .regex(
            /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+$/i,
            "must be /subscriptions/{id}/resourceGroups/{name}",
          ),
        location: z.string().min(1),
      }),
    ),
    identities: z
      .array(
        z.strictObject({
          clientId: Guid,
          principalId: Guid,
          resourceId: seededId("Microsoft.ManagedIdentity/userAssignedIdentities"),
          outboundAddress: z.ipv4().optional(),
        }),
      )
      .min(1),
    roleAssignments: z.array(
      z.strictObject({
        scope: z.string().startsWith("/"),
        principalId: Guid,
        roleDefinitionId: z.string().min(1),
        assigns: z.array(Guid).optional(),
      }),
    ),
    roleDefinitions: z
      .array(
        z.strictObject({
          id: Guid,
          name: z.string().min(1),
          actions: z.array(z.string().min(1)),
          notActions: z.array(z.string().min(1)).optional(),
          dataActions: z.array(z.string().min(1)).optional(),
        }),
      )
      .default([]),
    managedEnvironments: z
      .array(
        z.strictObject({
          id: seededId("Microsoft.App/managedEnvironments"),
          location: z.string().min(1),
          defaultDomain: z.string().endsWith(".azurecontainerapps.io").optional(),
          workspaceCustomerId: Guid.optional(),
          coreQuota: z.number().positive().optional(),
        }),
      )
      .default([]),
    containerApps: z
      .array(
        z.strictObject({
          id: seededId("Microsoft.App/containerApps"),
          location: z.string().min(1),
          environmentId: seededId("Microsoft.App/managedEnvironments"),
          component: seededId("Microsoft.Insights/components").optional(),
          activeRevisionsMode: z.enum(["Single", "Multiple"]),
          targetPort: z.int().min(1).max(65_535).optional(),
          minReplicas: z.int().min(0).max(30).optional(),
          identity: z
            .strictObject({
              systemAssigned: z.boolean().optional(),
              userAssigned: z
                .array(seededId("Microsoft.ManagedIdentity/userAssignedIdentities"))
                .optional(),
            })
            .optional(),
          secrets: z.array(Secret).optional(),
          containers: z
            .array(
              z.strictObject({
                name: z.string().min(1),
                image: z.string().min(1),
                env: Environment.optional(),
              }),
            )
            .min(1),
          revisions: z.array(Revision).min(1),
        }),
      )
      .default([]),
    storageAccounts: z
      .array(storageAccountSchema(seededId("Microsoft.Storage/storageAccounts")))
      .default([]),
    redisCaches: SeedCaches,
    managedRedis: SeedManagedRedis,
    workspaces: z
      .array(
        z.strictObject({
          id: seededId("Microsoft.OperationalInsights/workspaces"),
          location: z.string().min(1),
          customerId: Guid,
        }),
      )
      .default([]),
    trafficManagerProfiles: z.array(SeedTrafficProfile).default([]),
    frontDoors: z.array(SeedFrontDoor).default([]),
    cdnProfiles: z.array(SeedCdnProfile).default([]),
    dnsRecords: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          target: z.string().min(1),
          ttl: z.int().min(0).default(3600),
        }),
      )
      .default([]),
    components: z
      .array(
        z.strictObject({
          id: seededId("Microsoft.Insights/components"),
          location: z.string().min(1),
          workspaceCustomerId: Guid,
          requests: SeedRequestHistory.optional(),
          /** What telemetry is sent under; without it nobody sends any. */
          instrumentationKey: Guid.optional(),
        }),
      )
      .default([]),
    /** https://learn.microsoft.com/azure/azure-monitor/service-limits: what a log query answers with at most. */
    logLimits: z
      .strictObject({
        rows: z.int().positive().default(500_000),
        bytes: z.int().positive().default(64_000_000),
      })
      .prefault({}),
    registries: z.array(SeedRegistry).default([]),
    alerts: z.array(SeedAlert).default([]),
    keyVaults: z.array(SeedVault).default([]),
    deletedVaults: z.array(SeedDeletedVault).default([]),
  })
  .superRefine((seed, context) => {
    const groups = new Set(seed.resourceGroups.map(({ id }) => keyOf(id)));
    const subscriptions = new Set(seed.subscriptions.map(({ id }) => keyOf(id)));
    const environments = new Set(seed.managedEnvironments.map(({ id }) => keyOf(id)));
    const fail = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: "custom", path, message });
    };
    const madeRoles = new Set(seed.roleDefinitions.map(({ id }) => id.toLowerCase()));
    seed.roleAssignments.forEach(({ roleDefinitionId }, index) => {
      const guid = roleGuid(roleDefinitionId);
      if (ROLES.has(guid) || madeRoles.has(guid)) return;
      fail(
        ["roleAssignments", index, "roleDefinitionId"],
        `names no role of the seed's roleDefinitions, and none that the simulator knows; it knows ${[...ROLES].map(([id, { name }]) => `${name} (${id})`).join(", ")}`,
      );
    });
    seed.resourceGroups.forEach(({ id }, index) => {
      if (!subscriptions.has(keyOf(id.split("/")[2] ?? ""))) {
        fail(["resourceGroups", index, "id"], "lies in a subscription that the seed does not list");
      }
    });
    for (const kind of [
      "managedEnvironments",
      "containerApps",
      "storageAccounts",
      "redisCaches",
      "managedRedis",
      "workspaces",
      "components",
      "registries",
      "alerts",
      "keyVaults",
      "deletedVaults",
      "trafficManagerProfiles",
      "frontDoors",
      "cdnProfiles",
    ] as const) {
      const seen = new Set<string>();
      seed[kind].forEach(({ id }, index) => {
        if (!groups.has(keyOf(id.split("/").slice(0, 5).join("/")))) {
          fail([kind, index, "id"], "lies in a resource group that the seed does not list");
        }
        if (seen.has(keyOf(id))) fail([kind, index, "id"], "is listed twice");
        seen.add(keyOf(id));
      });
    }
    const caches = new Set([...seed.redisCaches, ...seed.managedRedis].map(({ id }) => keyOf(id)));
    seed.keyVaults.forEach(({ secrets = [] }, index) => {
      secrets.forEach(({ connectionStringOf }, place) => {
        if (connectionStringOf === undefined || caches.has(keyOf(connectionStringOf))) return;
        const path = ["keyVaults", index, "secrets", place, "connectionStringOf"];
        fail(path, "names no cache of the seed");
      });
    });
    const vaultNames = new Set<string>();
    for (const kind of ["keyVaults", "deletedVaults"] as const) {
      seed[kind].forEach(({ id }, index) => {
        const name = (id.split("/").at(-1) ?? "").toLowerCase();
        if (vaultNames.has(name)) fail([kind, index, "id"], "has the name of another vault");
        vaultNames.add(name);
      });
    }
    const apps = new Set(seed.containerApps.map(({ id }) => keyOf(id)));
    const profiles = new Set(seed.trafficManagerProfiles.map(({ id }) => keyOf(id)));
    seed.trafficManagerProfiles.forEach(({ endpoints }, index) => {
      endpoints.forEach(({ containerApp, targetResourceId }, place) => {
        const path = ["trafficManagerProfiles", index, "endpoints", place];
        if (containerApp !== undefined && !apps.has(keyOf(containerApp))) {
          fail([...path, "containerApp"], "names no app of the seed");
        }
        if (targetResourceId !== undefined && !profiles.has(keyOf(targetResourceId))) {
          fail([...path, "targetResourceId"], "names no profile of the seed");
        }
      });
    });
    checkEdge(seed, fail);
    const components = new Set(seed.components.map(({ id }) => keyOf(id)));
    seed.containerApps.forEach(({ environmentId, component }, index) => {
      if (!environments.has(keyOf(environmentId))) {
        fail(["containerApps", index, "environmentId"], "names no environment of the seed");
      }
      if (component !== undefined && !components.has(keyOf(component))) {
        fail(["containerApps", index, "component"], "names no component of the seed");
      }
    });
  });
export type Seed = z.infer<typeof Seed>;

/** Parses a seed; the message of the error names each path that is wrong. */
export function parseSeed(value: unknown, origin: string): Seed {
  const parsed = Seed.safeParse(value);
  if (parsed.success) return parsed.data;
  const findings = parsed.error.issues.map(
    ({ path, message }) => `  ${path.map(String).join(".") || "(top level)"}: ${message}`,
  );
  throw new Error(`the seed ${origin} is not valid:\n${findings.join("\n")}`);
}
