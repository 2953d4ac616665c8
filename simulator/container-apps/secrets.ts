import { keyOf } from "../arm/resource-id.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import { referencedPrincipal, systemAssigned, userAssigned } from "./identity.js";
import type { Envelope, Secret, Template } from "./schema.js";
import type { ContainerApp } from "./state.js";

/** Where Key Vault references are looked up. */
type Vaults = Pick<World, "identities" | "dependencies">;

const REFERENCE = /^https:\/\/[a-z0-9-]+(\.[a-z0-9-]+)+\/secrets\/[0-9a-z-]+(\/[0-9a-f]+)?\/?$/i;

export function secretsOf({ properties }: Envelope): readonly Secret[] {
  return properties.configuration?.secrets ?? [];
}

/** The rules for secrets: a value, or a reference and an identity of the app to read it with. */
export function checkSecrets(app: { readonly id: string; readonly envelope: Envelope }): void {
  const secrets = secretsOf(app.envelope);
  const names = secrets.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalidSecret(twice, "the name is used twice.");
  for (const { name, value, keyVaultUrl, identity } of secrets) {
    if (keyVaultUrl === undefined || keyVaultUrl === "") {
      if (value !== undefined && value !== "") continue;
      throw invalidSecret(name, "value or keyVaultUrl and identity should be provided.");
    }
    if (!REFERENCE.test(keyVaultUrl)) {
      throw new Refusal(
        400,
        "ContainerAppSecretKeyVaultUrlInvalid",
        `Invalid Request: Container app secret(s) with name(s) '${name}' are invalid: keyVaultUrl must be like https://{vault}/secrets/{name} with or without a version.`,
      );
    }
    if (identity === undefined || identity === "") {
      throw invalidSecret(name, "value or keyVaultUrl and identity should be provided.");
    }
    if (!isAssigned(app, identity)) {
      throw invalidSecret(name, `the identity '${identity}' is not assigned to the container app.`);
    }
  }
}

/** Reads the references that a change brings along, as the service does before it accepts the change. */
export function checkReferences(
  app: { readonly id: string; readonly envelope: Envelope },
  before: ContainerApp | undefined,
  vaults: Vaults,
): ReadonlyMap<string, string> {
  const known = new Map(
    before === undefined ? [] : secretsOf(before.envelope).map((one) => [one.name, one]),
  );
  const values = new Map<string, string>();
  for (const secret of secretsOf(app.envelope)) {
    const { name, keyVaultUrl, identity = "" } = secret;
    const old = known.get(name);
    if (keyVaultUrl === undefined) {
      values.set(name, secret.value ?? "");
      continue;
    }
    const kept = before?.secrets.get(name);
    const same = old?.keyVaultUrl === keyVaultUrl && old.identity === identity;
    const value = read(app, secret, vaults) ?? (same ? kept : undefined);
    if (value === undefined && !same) {
      throw new Refusal(
        400,
        "InvalidParameterValueInContainerTemplate",
        `The following field(s) are either invalid or missing. Field 'configuration.secrets' is invalid with details: 'Invalid value: "${name}": Unable to get value using Managed identity ${identity} for secret ${name}. Error: unable to fetch secret '${name}' using Managed identity '${identity}'';.`,
      );
    }
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

/** Reads every reference again and says which values have changed; what cannot be read keeps its value. */
export function refreshReferences(app: ContainerApp, vaults: Vaults): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const secret of secretsOf(app.envelope)) {
    const value = secret.keyVaultUrl === undefined ? secret.value : read(app, secret, vaults);
    if (value === undefined || app.secrets.get(secret.name) === value) continue;
    app.secrets.set(secret.name, value);
    changed.add(secret.name);
  }
  return changed;
}

/** Whether the platform looks for newer versions by itself. */
export function hasVersionlessReference(envelope: Envelope): boolean {
  return secretsOf(envelope).some(
    ({ keyVaultUrl }) => keyVaultUrl !== undefined && /\/secrets\/[^/]+\/?$/i.test(keyVaultUrl),
  );
}

/** The variables of the application's container, secrets filled in with what the platform knows. */
export function variablesOf(app: ContainerApp, template: Template): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const { name, value, secretRef } of template.containers[0]?.env ?? []) {
    const known = secretRef === undefined ? (value ?? "") : app.secrets.get(secretRef);
    if (known !== undefined) variables.set(name, known);
  }
  return variables;
}

/** The names of the secrets that a template needs, and who needs them. */
export function secretReferencesOf(
  template: Template,
): readonly { readonly secretRef: string; readonly by: string }[] {
  const containers = [...template.containers, ...(template.initContainers ?? [])];
  return [
    ...containers.flatMap(({ name, env }) =>
      (env ?? []).flatMap(({ secretRef }) =>
        secretRef === undefined ? [] : [{ secretRef, by: `container '${name}'` }],
      ),
    ),
    ...(template.volumes ?? []).flatMap(({ name, secrets }) =>
      (secrets ?? []).map(({ secretRef }) => ({ secretRef, by: `volume '${name}'` })),
    ),
    ...(template.scale?.rules ?? []).flatMap(({ name, azureQueue, custom, http, tcp }) =>
      [azureQueue, custom, http, tcp].flatMap((rule) =>
        (rule?.auth ?? []).map(({ secretRef }) => ({ secretRef, by: `scale rule '${name}'` })),
      ),
    ),
  ];
}

function isAssigned(
  app: { readonly id: string; readonly envelope: Envelope },
  identity: string,
): boolean {
  if (identity.toLowerCase() === "system") return systemAssigned(app) !== undefined;
  const assigned = [...userAssigned(app.envelope, { identities: [] }).keys()];
  return assigned.some((id) => keyOf(id) === keyOf(identity));
}

function read(
  app: { readonly id: string; readonly envelope: Envelope },
  { keyVaultUrl, identity }: Secret,
  { identities, dependencies }: Vaults,
): string | undefined {
  const principal = referencedPrincipal(app, identity ?? "", { identities });
  return keyVaultUrl === undefined || principal === undefined
    ? undefined
    : dependencies.readSecret(keyVaultUrl, principal);
}

function invalidSecret(name: string, why: string): Refusal {
  return new Refusal(
    400,
    "ContainerAppSecretInvalid",
    `Invalid Request: Container app secret(s) with name(s) '${name}' are invalid: ${why}`,
  );
}
