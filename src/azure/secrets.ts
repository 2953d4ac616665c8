import type { DeletedSecret, SecretClient, SecretProperties } from "@azure/keyvault-secrets" with {
  "resolution-mode": "import",
};
import type { TokenCredential } from "@azure/identity";
import type { Instant } from "../domain/instant.js";
import { dateOf, instantOf } from "../domain/instant.js";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";
import { unlessMissing } from "./unless-missing.js";

/** What is said about a secret. All of it may enter history; a value never does. */
export interface SecretDescription {
  readonly contentType: string | undefined;
  readonly enabled: boolean;
  readonly notBeforeAt: Instant | undefined;
  readonly expiresAt: Instant | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** A secret in a list, without its value. */
export interface SecretSummary extends SecretDescription {
  readonly name: string;
  readonly updatedAt: Instant | undefined;
  /** Belongs to a certificate: it can neither be set nor backed up as a secret. */
  readonly managed: boolean;
}

/** A secret with its value. It stays inside the activity that asked for it. */
export interface SecretValue extends SecretSummary {
  readonly version: string;
  readonly value: string;
}

/** One version of a secret, without its value. */
export interface SecretVersion {
  readonly version: string;
  readonly createdAt: Instant | undefined;
  readonly updatedAt: Instant | undefined;
  readonly enabled: boolean;
}

export interface DeletedSecretSummary {
  readonly name: string;
  readonly deletedAt: Instant | undefined;
  readonly purgesAt: Instant | undefined;
}

/** The secrets of key vaults. Vaults are given by the address that ARM gave. */
export interface Secrets {
  /** Page by page, as the service answers; a page may be empty and another still follow. */
  pages(vaultUri: string): AsyncIterable<readonly SecretSummary[]>;
  /** The latest version or a given one; undefined if there is none. A disabled one is refused. */
  value(vaultUri: string, name: string, version?: string): Promise<SecretValue | undefined>;
  /** All versions of a secret, also of a disabled one; none of a secret that is not there. */
  versions(vaultUri: string, name: string): Promise<readonly SecretVersion[]>;
  /** Adds a version, also where the value is the same: look first. Answers with its name. */
  set(
    vaultUri: string,
    name: string,
    value: string,
    description: SecretDescription,
  ): Promise<string>;
  /** All versions as one blob, which opens in vaults of the same subscription and geography only. */
  backup(vaultUri: string, name: string): Promise<Uint8Array>;
  /** Conflicts with a secret of that name, be it in soft deletion. Answers with the name. */
  restore(vaultUri: string, backup: Uint8Array): Promise<string>;
  /** Soft deletion. It has ended once the secret is among the deleted ones. */
  remove(vaultUri: string, name: string): Promise<void>;
  deletedPages(vaultUri: string): AsyncIterable<readonly DeletedSecretSummary[]>;
  /** Undefined if no secret of that name is in soft deletion, or not yet. */
  deleted(vaultUri: string, name: string): Promise<DeletedSecretSummary | undefined>;
  /** Asks for a deleted secret back. It is there once its value can be read. */
  recover(vaultUri: string, name: string): Promise<void>;
}

export function keyVaultSecrets(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): Secrets {
  const clients = new Map<string, () => Promise<SecretClient>>();
  // Repeating is the orchestrator's decision alone; see container-apps.ts. The audience comes with
  // the vault's challenge, which the SDK holds against the vault's host name.
  const client = (vaultUri: string): Promise<SecretClient> => {
    const known = clients.get(vaultUri);
    if (known !== undefined) return known();
    const made = lazily(async () => {
      const { SecretClient } = await import("@azure/keyvault-secrets");
      return new SecretClient(vaultUri, await credential(), { retryOptions: { maxRetries: 0 } });
    });
    clients.set(vaultUri, made);
    return made();
  };
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });

  return {
    async *pages(vaultUri) {
      const secrets = await client(vaultUri);
      yield* pageByPage(
        (options) => secrets.listPropertiesOfSecrets(options).byPage(),
        summaryOf,
        settings.callTimeLimit,
      );
    },

    async versions(vaultUri, name) {
      const secrets = await client(vaultUri);
      const found: SecretVersion[] = [];
      const pages = pageByPage(
        (options) => secrets.listPropertiesOfSecretVersions(name, options).byPage(),
        versionOf,
        settings.callTimeLimit,
      );
      for await (const page of pages) found.push(...page);
      return found;
    },

    async value(vaultUri, name, version) {
      const secrets = await client(vaultUri);
      return unlessMissing(async () => {
        const { value, properties } = await secrets.getSecret(name, {
          ...limit(),
          ...(version === undefined ? {} : { version }),
        });
        return { ...summaryOf(properties), version: properties.version ?? "", value: value ?? "" };
      }, absences);
    },

    async set(vaultUri, name, value, description) {
      const { contentType, enabled, notBeforeAt, expiresAt, tags } = description;
      const { properties } = await (
        await client(vaultUri)
      ).setSecret(name, value, {
        ...limit(),
        enabled,
        tags: { ...tags },
        ...(contentType !== undefined && { contentType }),
        ...(notBeforeAt !== undefined && { notBefore: dateOf(notBeforeAt) }),
        ...(expiresAt !== undefined && { expiresOn: dateOf(expiresAt) }),
      });
      return properties.version ?? "";
    },

    async backup(vaultUri, name) {
      const blob = await (await client(vaultUri)).backupSecret(name, limit());
      if (blob === undefined) throw new Error(`the backup of ${name} came without a blob`);
      return blob;
    },

    async restore(vaultUri, backup) {
      const { name } = await (await client(vaultUri)).restoreSecretBackup(backup, limit());
      return name;
    },

    async remove(vaultUri, name) {
      // The SDK's poller holds what the service answers; it is never kept.
      await (await client(vaultUri)).beginDeleteSecret(name, limit());
    },

    async *deletedPages(vaultUri) {
      const secrets = await client(vaultUri);
      yield* pageByPage(
        (options) => secrets.listDeletedSecrets(options).byPage(),
        deletedSummaryOf,
        settings.callTimeLimit,
      );
    },

    async deleted(vaultUri, name) {
      const secrets = await client(vaultUri);
      return unlessMissing(
        async () => deletedSummaryOf(await secrets.getDeletedSecret(name, limit())),
        absences,
      );
    },

    async recover(vaultUri, name) {
      await (await client(vaultUri)).beginRecoverDeletedSecret(name, limit());
    },
  };
}

/** The pages of a list, each within the time limit of a call: a large vault has hundreds. */
async function* pageByPage<From, To>(
  list: (options: { abortSignal: AbortSignal }) => AsyncIterable<From[]>,
  view: (item: From) => To,
  timeLimit: number,
): AsyncIterable<readonly To[]> {
  const late = new AbortController();
  const pages = list({ abortSignal: late.signal })[Symbol.asyncIterator]();
  for (;;) {
    const timer = setTimeout(() => {
      late.abort(new DOMException("a page took too long", "TimeoutError"));
    }, timeLimit);
    let next: IteratorResult<From[]>;
    try {
      next = await pages.next();
    } finally {
      clearTimeout(timer);
    }
    if (next.done === true) return;
    yield next.value.map(view);
  }
}

/** A vault that is gone is no answer to whether it has a secret. */
const absences = ["SecretNotFound"];

function summaryOf(properties: SecretProperties): SecretSummary {
  return {
    name: properties.name,
    contentType: properties.contentType,
    enabled: properties.enabled ?? true,
    notBeforeAt: properties.notBefore && instantOf(properties.notBefore),
    expiresAt: properties.expiresOn && instantOf(properties.expiresOn),
    updatedAt: properties.updatedOn && instantOf(properties.updatedOn),
    managed: properties.managed ?? properties.certificateKeyId !== undefined,
    tags: { ...properties.tags },
  };
}

const versionOf = ({
  version,
  createdOn,
  updatedOn,
  enabled,
}: SecretProperties): SecretVersion => ({
  version: version ?? "",
  createdAt: createdOn && instantOf(createdOn),
  updatedAt: updatedOn && instantOf(updatedOn),
  enabled: enabled ?? true,
});

function deletedSummaryOf({
  name,
  deletedOn,
  scheduledPurgeDate,
}: DeletedSecret): DeletedSecretSummary {
  return {
    name,
    deletedAt: deletedOn && instantOf(deletedOn),
    purgesAt: scheduledPurgeDate && instantOf(scheduledPurgeDate),
  };
}
