import { nameFrom, regionOf } from "../world/names.js";
import { connectionStringOf } from "../redis-server/connection-string.js";
import type { World } from "../world/world.js";
import { propertiesOfPut, tenantOf } from "./rules.js";
import type { VaultProperties } from "./schema.js";
import type { SeedDeletedVault, SeedSecret, SeedVault } from "./seed-schema.js";
import { type Secret, Secrets, type SecretVersion, versionId } from "./secrets.js";
import { networkRulesOf, type Vault } from "./state.js";
import { keepUntilPurge } from "./vault-lifecycle.js";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Puts a seed's vaults into the world, those in soft deletion too. */
export function seedVaults(
  live: readonly SeedVault[],
  deleted: readonly SeedDeletedVault[],
  world: World,
): void {
  for (const seed of live) {
    const vault = vaultOf(seed, world);
    world.vaults.live.set(vault.name.toLowerCase(), vault);
  }
  for (const seed of deleted) {
    const vault = vaultOf(seed, world);
    const deletedAt = world.timeline.now() - (seed.deletedDaysAgo ?? 0) * DAY_MS;
    const purgesAt = deletedAt + vault.properties.softDeleteRetentionInDays * DAY_MS;
    keepUntilPurge({ vault, deletedAt, purgesAt, purging: false }, world);
  }
}

function vaultOf(seed: SeedVault, world: World): Vault {
  const { id, location, tags } = seed;
  const properties = propertiesOf(seed, world);
  const vault: Vault = {
    id,
    name: id.split("/").at(-1) ?? "",
    location: regionOf(location),
    region: regionOf(location),
    createdAt: 0,
    createdBy: "",
    modifiedAt: 0,
    modifiedBy: "",
    tags: tags ?? {},
    properties,
    provisioningState: "Succeeded",
    registration: undefined,
    networkRulesInForce: networkRulesOf(properties),
    closing: undefined,
    secrets: new Secrets(),
  };
  const now = world.timeline.now();
  for (const secret of [...generated(vault, seed), ...(seed.secrets ?? [])]) {
    vault.secrets.put(secretOf(vault, withConnectionString(secret, world), now));
  }
  return vault;
}

function propertiesOf(seed: SeedVault, world: World): VaultProperties {
  const tenantId = tenantOf(world, seed.id.split("/")[2] ?? "");
  return propertiesOfPut(
    {
      tenantId,
      sku: { family: "A", name: seed.sku ?? "standard" },
      accessPolicies: seed.accessPolicies ?? [],
      enableRbacAuthorization: seed.rbac ?? true,
      ...(seed.purgeProtection === true && { enablePurgeProtection: true }),
      softDeleteRetentionInDays: seed.retentionDays ?? 90,
      networkAcls: seed.networkAcls,
      publicNetworkAccess: seed.publicNetworkAccess === "Disabled" ? "disabled" : "enabled",
    },
    undefined,
    tenantId,
    "",
  );
}

function generated({ name }: Vault, { generate }: SeedVault): SeedSecret[] {
  if (generate === undefined) return [];
  const { count, prefix } = generate;
  return Array.from({ length: count }, (_, index) => {
    const secret = `${prefix}-${String(index + 1).padStart(5, "0")}`;
    return { name: secret, value: nameFrom(32, name, secret) };
  });
}

/** Ports and keys of caches are made when the simulator starts, so a seed cannot write them down. */
function withConnectionString(seed: SeedSecret, world: World): SeedSecret {
  if (seed.connectionStringOf === undefined) return seed;
  const value = connectionStringOf(seed.connectionStringOf, world);
  return { ...seed, ...(value !== undefined && { value }) };
}

function secretOf(vault: Vault, seed: SeedSecret, now: number): Secret {
  const versions = seed.versions ?? [{ value: seed.value ?? "", ageMinutes: undefined }];
  const secret: Secret = {
    name: seed.name,
    managed: seed.managed ?? false,
    versions: versions.map((version, index): SecretVersion => {
      const age = version.ageMinutes ?? (versions.length - index) * 24 * 60;
      const at = now - age * MINUTE_MS;
      const last = index === versions.length - 1;
      return {
        id: versionId(vault.id, seed.name, index, at),
        value: version.value,
        createdAt: at,
        updatedAt: at,
        contentType: seed.contentType ?? (seed.managed ? "application/x-pkcs12" : undefined),
        tags: seed.tags,
        enabled:
          ("enabled" in version ? version.enabled : undefined) ??
          (last ? seed.enabled : undefined) ??
          true,
        notBefore: undefined,
        expires: seed.expiresOn === undefined ? undefined : Date.parse(seed.expiresOn) / 1000,
      };
    }),
    state: seed.deleted === true ? "deleted" : "active",
    deletedAt: now,
    purgesAt: now + vault.properties.softDeleteRetentionInDays * DAY_MS,
  };
  return secret;
}
