import { nameFrom } from "../world/names.js";
import { type Answer, json, type Request } from "../server/exchange.js";
import type { World } from "../world/world.js";
import type { BackupContents } from "./backup-blob.js";
import { page, type Rows } from "./pages.js";
import type { SecretRequest } from "./secret-requests.js";
import {
  deletion,
  secretBundle,
  secretItem,
  versionItem,
  withoutValue,
} from "./secret-resource.js";
import {
  checkDeletionEnded,
  checkNotManaged,
  checkReadable,
  deleteSecret,
  findDeletedSecret,
  findSecret,
  findVersion,
  purgeSecret,
  recoverSecret,
  restoreSecret,
  setSecret,
  updateSecret,
} from "./secret-rules.js";
import { parseSetSecret, parseUpdateSecret } from "./secret-schema.js";
import { compare, latest, type Secret, type SecretVersion } from "./secrets.js";
import type { Vault } from "./state.js";

interface SecretContext {
  readonly request: Request;
  readonly asked: SecretRequest;
  readonly vault: Vault;
  readonly body: unknown;
  /** What a backup holds that is to be restored. */
  readonly restored: BackupContents | undefined;
  readonly world: World;
}

/** Carries out a request that was let through. Nothing is awaited. */
export function answerSecretRequest(context: SecretContext): Answer {
  const { asked, vault, request } = context;
  const name = asked.name ?? "";
  switch (asked.verb) {
    case "list":
      return json(200, page(secretRows(vault), request));
    case "listDeleted":
      return json(200, page(deletedRows(vault), request));
    case "listVersions":
      return json(200, page(versionRows(vault, name), request));
    case "get": {
      const secret = findSecret(vault, name);
      const version = findVersion(secret, asked.version);
      checkReadable(version);
      return json(200, secretBundle(vault, secret, version));
    }
    case "getDeleted": {
      const secret = findDeletedSecret(vault, name);
      const version = latest(secret);
      checkReadable(version);
      return json(200, { ...deletion(vault, secret), ...withoutValue(vault, secret, version) });
    }
    default:
      return change(context, name);
  }
}

function change(context: SecretContext, name: string): Answer {
  const { asked, vault, body, restored, world } = context;
  const now = world.timeline.now();
  switch (asked.verb) {
    case "set": {
      const { secret, version } = setSecret(vault, name, parseSetSecret(body), now);
      return changed(context, "secret-set", secret.name, secretBundle(vault, secret, version));
    }
    case "update": {
      const secret = findSecret(vault, name);
      checkNotManaged(secret, "update");
      const version = findVersion(secret, asked.version);
      updateSecret(version, parseUpdateSecret(body), now);
      return changed(context, "secret-updated", secret.name, withoutValue(vault, secret, version));
    }
    case "delete": {
      const secret = findSecret(vault, name);
      checkNotManaged(secret, "delete");
      deleteSecret(vault, secret, world);
      return changed(context, "secret-deleted", secret.name, {
        ...deletion(vault, secret),
        ...withoutValue(vault, secret, latest(secret)),
      });
    }
    case "recover": {
      checkDeletionEnded(vault, name);
      const secret = findDeletedSecret(vault, name);
      recoverSecret(vault, secret, world);
      const bundle = withoutValue(vault, secret, latest(secret));
      return changed(context, "secret-recovered", secret.name, bundle);
    }
    case "purge": {
      checkDeletionEnded(vault, name);
      const secret = findDeletedSecret(vault, name);
      purgeSecret(vault, secret, world);
      world.vaults.changed();
      const resource = `${vault.id}/secrets/${secret.name}`;
      return { status: 204, effect: { kind: "secret-purged", resource } };
    }
    case "restore": {
      if (restored === undefined) throw new Error("there is no backup to restore");
      const secret = restoreSecret(vault, restored);
      const bundle = withoutValue(vault, secret, latest(secret));
      return changed(context, "secret-restored", secret.name, bundle);
    }
    default:
      throw new Error(`${asked.verb} changes nothing`);
  }
}

function changed(
  { vault, world }: SecretContext,
  kind: string,
  name: string,
  value: object,
): Answer {
  world.vaults.changed();
  return json(200, value, { effect: { kind, resource: `${vault.id}/secrets/${name}` } });
}

function secretRows(vault: Vault): Rows<Secret> {
  return {
    rows: vault.secrets.inOrder(),
    key: ({ name }) => name,
    item: (secret) => (secret.state === "active" ? secretItem(vault, secret) : undefined),
  };
}

function deletedRows(vault: Vault): Rows<Secret> {
  return {
    rows: vault.secrets.inOrder(),
    key: ({ name }) => name,
    item: (secret) =>
      secret.state === "deleted"
        ? { ...deletion(vault, secret), ...secretItem(vault, secret) }
        : undefined,
  };
}

/** In no order that says anything: the service documents none. Of a secret that is not there, there are none. */
function versionRows(vault: Vault, name: string): Rows<SecretVersion> {
  const secret = vault.secrets.get(name);
  const key = ({ id }: SecretVersion): string => nameFrom(12, id);
  if (secret?.state !== "active") return { rows: [], key, item: () => undefined };
  return {
    rows: [...secret.versions].sort((a, b) => compare(key(a), key(b))),
    key,
    item: (version) => versionItem(vault, secret, version),
  };
}
