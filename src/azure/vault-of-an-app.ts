import type { ContainerApp, ContainerAppSecret, Secret } from "@azure/arm-appcontainers" with {
  "resolution-mode": "import",
};
import { sameHost } from "../domain/address.js";
import type { AppIdentity, VaultMove } from "./container-apps.js";

/** Whom the app is when it reads secrets. */
export function secretReadersOf({
  identity,
  template,
  configuration,
}: ContainerApp): AppIdentity[] {
  const system: AppIdentity[] =
    identity?.principalId === undefined
      ? []
      : [{ principalId: identity.principalId, name: "system" }];
  const assigned = Object.entries(identity?.userAssignedIdentities ?? {}).flatMap(
    ([id, { principalId, clientId }]) =>
      principalId === undefined
        ? []
        : [{ id, clientId, principalId, name: id.slice(id.lastIndexOf("/") + 1) }],
  );
  const clientIds = (template?.containers ?? [])
    .flatMap(({ env }) => env ?? [])
    .flatMap(({ name, value }) => (name === "AZURE_CLIENT_ID" ? (value ?? []) : []));
  const named = (configuration?.secrets ?? []).flatMap(({ keyVaultUrl, identity: of }) =>
    keyVaultUrl === undefined || of === undefined ? [] : [of.toLowerCase()],
  );
  const readers = assigned.filter(
    ({ id, clientId }) =>
      clientIds.some((wanted) => wanted.toLowerCase() === clientId?.toLowerCase()) ||
      named.includes(id.toLowerCase()),
  );
  // Without a client id the code is the app itself.
  const own = clientIds.length === 0 || named.includes("system") ? system : [];
  return [...own, ...readers.map(({ principalId, name }) => ({ principalId, name }))];
}

/** Whether a secret of the app refers to a vault. */
export const refersTo = ({ configuration }: ContainerApp, vault: string): boolean =>
  (configuration?.secrets ?? []).some(({ keyVaultUrl }) => refers(keyVaultUrl, vault));

/** The app's secrets with their values, those that refer to the old vault referring to the new one. */
export function movedSecrets(
  { configuration }: ContainerApp,
  known: readonly ContainerAppSecret[],
  { from, to }: VaultMove,
): Secret[] {
  return (configuration?.secrets ?? []).map((secret) => {
    const { name, keyVaultUrl, identity } = secret;
    const of = {
      ...(name === undefined ? {} : { name }),
      ...(identity === undefined ? {} : { identity }),
    };
    if (keyVaultUrl !== undefined && keyVaultUrl !== "") {
      const moved = refers(keyVaultUrl, from) ? sameSecretAt(keyVaultUrl, to) : keyVaultUrl;
      return { ...of, keyVaultUrl: moved };
    }
    const value = known.find((one) => one.name === name)?.value;
    return { ...of, ...(value === undefined ? {} : { value }) };
  });
}

/** The reference to the secret of the same name in another vault. Versions are the old vault's own. */
function sameSecretAt(keyVaultUrl: string, vault: string): string {
  const [, secrets = "", name = ""] = new URL(keyVaultUrl).pathname.split("/");
  return `${vault.replace(/\/+$/, "")}/${secrets}/${name}`;
}

const refers = (url: string | undefined, vault: string): boolean =>
  url !== undefined && sameHost(url, vault);
