import { MOST_VERSIONS_IN_A_BACKUP } from "../profiles/limits.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import { forbidden, placeOf } from "./access.js";
import type { BackupContents } from "./backup-blob.js";
import { badParameter, type SetSecret, type UpdateSecret } from "./secret-schema.js";
import { latest, type Secret, type SecretVersion, versionId } from "./secrets.js";
import type { Vault } from "./state.js";

const DAY_MS = 24 * 60 * 60 * 1000;

export function checkSecretName(name: string): void {
  if (/^[0-9a-z-]{1,127}$/i.test(name)) return;
  throw badParameter(`The request URI contains an invalid name: ${name}`);
}

/** A secret that can be used; 404 for one that is not there or not there any more. */
export function findSecret(vault: Vault, name: string): Secret {
  const secret = vault.secrets.get(name);
  if (secret?.state === "active") return secret;
  throw secretNotFound(name);
}

export function findVersion(secret: Secret, version: string | undefined): SecretVersion {
  if (version === undefined) return latest(secret);
  const found = secret.versions.find(({ id }) => id === version.toLowerCase());
  if (found) return found;
  throw secretNotFound(`${secret.name}/${version}`);
}

/** A secret in soft deletion; one that is still on its way there cannot be seen yet. */
export function findDeletedSecret(vault: Vault, name: string): Secret {
  const secret = vault.secrets.get(name);
  if (secret?.state === "deleted") return secret;
  throw new Refusal(404, "SecretNotFound", `Deleted Secret not found: ${name}`);
}

/** A value can be read only while its version is enabled; a backup can always be taken. */
export function checkReadable({ enabled }: SecretVersion): void {
  if (enabled) return;
  throw forbidden("SecretDisabled", "Operation get is not allowed on a disabled secret.");
}

/** Certificates keep their secrets themselves. */
export function checkNotManaged(secret: Secret | undefined, operation: string): void {
  if (secret?.managed !== true) return;
  throw forbidden(
    "SecretManagedByKeyVault",
    `Operation "${operation}" is not allowed as this object's lifetime is managed by Key Vault.`,
  );
}

export function checkVersionCount({ name, versions }: Secret): void {
  if (versions.length <= MOST_VERSIONS_IN_A_BACKUP) return;
  // That it fails is documented; how it says so is assumed.
  throw badParameter(
    `Secret ${name} has more than ${MOST_VERSIONS_IN_A_BACKUP} versions and cannot be backed up.`,
  );
}

/** Adds a version, and with the first one the secret. */
export function setSecret(
  vault: Vault,
  name: string,
  { value, contentType, tags, attributes }: SetSecret,
  at: number,
): { secret: Secret; version: SecretVersion } {
  const known = vault.secrets.get(name);
  checkNotManaged(known, "set");
  checkNameIsFree(known, "set");
  const secret = known ?? newSecret(name);
  const version: SecretVersion = {
    id: versionId(vault.id, secret.name, secret.versions.length, at),
    value,
    createdAt: at,
    updatedAt: at,
    contentType,
    tags,
    enabled: attributes?.enabled ?? true,
    notBefore: attributes?.nbf,
    expires: attributes?.exp,
  };
  secret.versions.push(version);
  if (known === undefined) vault.secrets.put(secret);
  return { secret, version };
}

/** Changes what is said about a version; its value stays. */
export function updateSecret(
  version: SecretVersion,
  { contentType, tags, attributes }: UpdateSecret,
  at: number,
): void {
  version.contentType = contentType ?? version.contentType;
  version.tags = tags ?? version.tags;
  version.enabled = attributes?.enabled ?? version.enabled;
  version.notBefore = attributes?.nbf ?? version.notBefore;
  version.expires = attributes?.exp ?? version.expires;
  version.updatedAt = at;
}

/** Puts a secret of a backup into a vault, with its versions as they were. */
export function restoreSecret(vault: Vault, { name, versions }: BackupContents): Secret {
  const known = vault.secrets.get(name);
  checkNameIsFree(known, "restore");
  const secret = newSecret(name);
  for (const version of versions) {
    secret.versions.push({
      ...version,
      contentType: version.contentType,
      tags: version.tags,
      notBefore: version.notBefore,
      expires: version.expires,
    });
  }
  vault.secrets.put(secret);
  return secret;
}

/** Soft deletion goes on for a moment after it was accepted; then the secret can be recovered. */
export function deleteSecret(vault: Vault, secret: Secret, world: World): void {
  const { timeline, durations } = world;
  const now = timeline.now();
  secret.state = "deleting";
  secret.deletedAt = now;
  secret.purgesAt = now + vault.properties.softDeleteRetentionInDays * DAY_MS;
  follow(vault, secret, "deleting", world, durations.secretDeletion, "is deleted", () => {
    secret.state = "deleted";
  });
  const { purgesAt } = secret;
  timeline.plan(purgesAt, `${vault.name}/${secret.name} is purged`, () => {
    if (secret.state === "deleted" && secret.purgesAt === purgesAt) vault.secrets.remove(secret);
  });
}

export function recoverSecret(vault: Vault, secret: Secret, world: World): void {
  secret.state = "recovering";
  const { secretRecovery } = world.durations;
  follow(vault, secret, "recovering", world, secretRecovery, "is recovered", () => {
    secret.state = "active";
  });
}

/** Where purging is allowed at all: the name is free a moment later. */
export function purgeSecret(vault: Vault, secret: Secret, world: World): void {
  if (vault.properties.enablePurgeProtection) {
    throw new Refusal(
      403,
      "Forbidden",
      `Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed.\r\nVault: ${placeOf(vault)}`,
    );
  }
  secret.state = "purging";
  follow(vault, secret, "purging", world, world.durations.secretPurge, "is purged", () => {
    vault.secrets.remove(secret);
  });
}

/** Refuses recovery and purge of what is still being deleted. */
export function checkDeletionEnded(vault: Vault, name: string): void {
  if (vault.secrets.get(name)?.state !== "deleting") return;
  throw conflict("ObjectIsBeingDeleted", "Secret is currently being deleted.");
}

function follow(
  vault: Vault,
  secret: Secret,
  from: Secret["state"],
  world: World,
  duration: number,
  what: string,
  act: () => void,
): void {
  const { timeline, vaults } = world;
  timeline.plan(timeline.now() + duration, `${vault.name}/${secret.name} ${what}`, () => {
    if (secret.state !== from) return;
    act();
    vaults.changed();
  });
}

/** A name that a secret in soft deletion still has cannot be used anew; to `set` an active one adds a version. */
function checkNameIsFree(secret: Secret | undefined, purpose: "set" | "restore"): void {
  if (secret === undefined) return;
  const { name } = secret;
  switch (secret.state) {
    case "active":
      if (purpose === "set") return;
      // That it conflicts is documented; the words are assumed.
      throw conflict(undefined, `Secret ${name} already exists in this key vault.`);
    case "deleting":
    case "purging":
      throw conflict(
        "ObjectIsBeingDeleted",
        `Secret ${name} is currently being deleted and cannot be re-created; retry later.`,
      );
    case "recovering":
      throw conflict(
        "ObjectIsBeingRecovered",
        `Secret ${name} is currently being recovered and cannot be re-created; retry later.`,
      );
    case "deleted":
      throw conflict(
        "ObjectIsDeletedButRecoverable",
        `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`,
      );
  }
}

function newSecret(name: string): Secret {
  return { name, managed: false, versions: [], state: "active", deletedAt: 0, purgesAt: 0 };
}

function secretNotFound(name: string): Refusal {
  return new Refusal(
    404,
    "SecretNotFound",
    `A secret with (name/id) ${name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  );
}

function conflict(reason: string | undefined, message: string): Refusal {
  return new Refusal(409, "Conflict", message, reason === undefined ? {} : { reason });
}
