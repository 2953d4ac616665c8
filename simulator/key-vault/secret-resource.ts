import { type Secret, type SecretVersion, latest } from "./secrets.js";
import { type Vault, vaultUri } from "./state.js";

/** The id of a secret or of one of its versions. */
function secretId(vault: Vault, { name }: Secret, version?: SecretVersion): string {
  return `${vaultUri(vault)}secrets/${name}${version ? `/${version.id}` : ""}`;
}

/** A secret with its value. */
export function secretBundle(vault: Vault, secret: Secret, version: SecretVersion): object {
  return { value: version.value, ...withoutValue(vault, secret, version) };
}

/** A secret as the answer to a change: the id names the version, the value is left out. */
export function withoutValue(vault: Vault, secret: Secret, version: SecretVersion): object {
  return {
    contentType: version.contentType,
    id: secretId(vault, secret, version),
    ...ofCertificate(vault, secret, version),
    attributes: attributes(vault, version),
    tags: version.tags,
  };
}

/** A secret in a list: its id names no version, and what is told is its latest one's. */
export function secretItem(vault: Vault, secret: Secret): object {
  const version = latest(secret);
  return {
    contentType: version.contentType,
    id: secretId(vault, secret),
    ...(secret.managed && { managed: true }),
    attributes: attributes(vault, version),
    tags: version.tags,
  };
}

/** A version in a list of versions. */
export function versionItem(vault: Vault, secret: Secret, version: SecretVersion): object {
  return {
    contentType: version.contentType,
    id: secretId(vault, secret, version),
    ...(secret.managed && { managed: true }),
    attributes: attributes(vault, version),
    tags: version.tags,
  };
}

/** What a deleted secret has beside what a secret has. */
export function deletion(vault: Vault, { name, deletedAt, purgesAt }: Secret): object {
  return {
    recoveryId: `${vaultUri(vault)}deletedsecrets/${name}`,
    deletedDate: seconds(deletedAt),
    scheduledPurgeDate: seconds(purgesAt),
  };
}

function ofCertificate(vault: Vault, { name, managed }: Secret, { id }: SecretVersion): object {
  return managed ? { kid: `${vaultUri(vault)}keys/${name}/${id}`, managed: true } : {};
}

function attributes({ properties }: Vault, version: SecretVersion): object {
  const { softDeleteRetentionInDays: days, enablePurgeProtection } = properties;
  const level = `${days < 90 ? "Customized" : ""}Recoverable`;
  return {
    enabled: version.enabled,
    nbf: version.notBefore,
    exp: version.expires,
    created: seconds(version.createdAt),
    updated: seconds(version.updatedAt),
    recoveryLevel: enablePurgeProtection ? level : `${level}+Purgeable`,
    recoverableDays: days,
  };
}

function seconds(at: number): number {
  return Math.floor(at / 1000);
}
