import { createHash } from "node:crypto";
import type { Environment } from "../../src/domain/estate.js";
import { parseResourceId } from "../../src/domain/resource-id.js";

const roles = {
  keyVaultSecretsUser: "4633458b-17de-408a-b874-0445c86b69e6",
  storageBlobDataContributor: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
};
const sizes = {
  Basic: "Basic_C1",
  Standard: "Standard_C1",
  Premium: "Premium_P1",
  Managed: "Balanced_B5",
};

interface Placed {
  readonly id: string;
  readonly location: string;
}

/** What the application of an environment uses, and how it is told: members of the simulator's seed. */
export function seededApplication(environment: Environment) {
  const { keyVault, storage, redis, containerApp, proof, recoveryRegion } = environment;
  const { app, caches } = identitiesOf(containerApp.primary);
  const accounts = bothSides(environment, storage);
  const storageUsers = [app, caches].flatMap(({ principalId }) =>
    accounts.map(({ id }) => role(id, principalId, roles.storageBlobDataContributor)),
  );
  const all = bothSides(environment, redis);
  const classic = all.filter(({ id }) => !isManaged(id));
  const managed = all.filter(({ id }) => isManaged(id));
  const scratch =
    proof.scratchCache === undefined ? [] : [{ id: proof.scratchCache, location: recoveryRegion }];
  return {
    identities: [app, caches],
    roleAssignments: [
      ...bothSides(environment, keyVault).map(({ id }) =>
        role(id, app.principalId, roles.keyVaultSecretsUser),
      ),
      ...storageUsers,
    ],
    resourceGroups: groupsOf([...all, ...scratch, ...accounts]),
    storageAccounts: accounts.map(({ id, location }) => ({
      id,
      location,
      sku: accounts.length > 1 ? "Standard_RAGRS" : "Standard_LRS",
      containers: storage.containers.map((name) => ({ name })),
    })),
    redisCaches: [
      ...classic.map(({ id, location }) => ({
        id,
        location,
        sku: redis.tier === "Managed" ? sizes.Premium : sizes[redis.tier],
        ...(redis.tier === "Premium" && id !== redis.primary && !isManaged(redis.primary)
          ? { copyOf: redis.primary }
          : dataOf(id, redis.primary)),
        identity: assigned(caches),
      })),
      ...scratch
        .filter(({ id }) => !isManaged(id))
        .map(({ id, location }) => ({
          id,
          location,
          sku: sizes.Premium,
          identity: assigned(caches),
        })),
    ],
    managedRedis: managed.map(({ id, location }) => ({
      id,
      location,
      sku: sizes.Managed,
      ...(managed.length > 1 && { group: "mcp", clusteringPolicy: "EnterpriseCluster" }),
      ...dataOf(id, redis.primary),
      identity: assigned(caches),
    })),
    /** Of the container app on either side: both use what is active. */
    identity: { userAssigned: [app.resourceId] },
    variables: [
      { name: "AZURE_CLIENT_ID", value: app.clientId },
      { name: "KEY_VAULT_URL", value: `https://${nameOf(keyVault.primary)}.vault.azure.net` },
      {
        name: "STORAGE_ACCOUNT_URL",
        value: `https://${nameOf(storage.primary)}.blob.core.windows.net`,
      },
      { name: "REDIS_CONNECTION_SECRET", value: redis.connectionSecret },
    ],
    /** The simulator fills it in: ports and keys are made when it starts. */
    connectionSecret: { name: redis.connectionSecret, connectionStringOf: redis.primary },
  };
}

function bothSides(
  { primaryRegion, secondaryRegion, recoveryRegion }: Environment,
  { primary, secondary }: { readonly primary: string; readonly secondary?: string | undefined },
): Placed[] {
  return [
    { id: primary, location: primaryRegion },
    ...(secondary === undefined
      ? []
      : [{ id: secondary, location: secondaryRegion ?? recoveryRegion }]),
  ];
}

/** Whom the application is, and whom its caches write their exports as. */
function identitiesOf(app: string) {
  const { subscription = "", group = "" } = parseResourceId(app) ?? {};
  const identity = (name: string) => ({
    clientId: guidFrom(app, name, "client"),
    principalId: guidFrom(app, name, "principal"),
    resourceId: `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`,
  });
  return { app: identity("mcp-server"), caches: identity("mcp-redis") };
}

function guidFrom(...parts: readonly string[]): string {
  const hex = createHash("sha256").update(parts.join("|").toLowerCase()).digest("hex");
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-4$3-8$4-$5");
}

const dataOf = (id: string, active: string) =>
  id === active ? { data: { keys: 2000, bytes: 64 } } : {};

const assigned = ({ resourceId }: { readonly resourceId: string }) => ({
  type: "UserAssigned",
  userAssignedIdentities: { [resourceId]: {} },
});

const role = (scope: string, principalId: string, roleDefinitionId: string) => ({
  scope,
  principalId,
  roleDefinitionId,
});

const isManaged = (id: string) => /\/redisEnterprise\//i.test(id);

const nameOf = (id: string) => id.split("/").at(-1) ?? "";

const groupsOf = (placed: readonly Placed[]) => [
  ...new Map(placed.map(({ id, location }) => [id.split("/").slice(0, 5).join("/"), location])),
];
