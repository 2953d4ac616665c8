import { invalidContent } from "../arm/invalid-content.js";
import { mergePatch, omitReadOnly, withoutNulls } from "../arm/merge-patch.js";
import { keyOf } from "../arm/resource-id.js";
import { Refusal } from "../server/refusal.js";
import { regionOf } from "../world/names.js";
import type { World } from "../world/world.js";
import {
  checkEnvelope,
  checkReferencedSecrets,
  checkSuffix,
  checkTraffic,
  modeOf,
  needsRevision,
} from "./rules.js";
import { Envelope, READ_ONLY } from "./schema.js";
import { checkReferences, checkSecrets, secretsOf } from "./secrets.js";
import type { ContainerApp } from "./state.js";

/** A change that has been checked whole and may be applied. */
export interface Change {
  readonly envelope: Envelope;
  readonly newRevision: boolean;
  readonly newMode: boolean;
  /** The values of its secrets by name, Key Vault references read. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** Checks the body of a PATCH against the app as it is. */
export function checkPatch(app: ContainerApp, body: unknown, world: World): Change {
  return checkChange(app.id, app, mergePatch(app.envelope, withoutReadOnly(body)), world);
}

/** Checks the body of a PUT; `app` is undefined where there is none yet. */
export function checkPut(
  id: string,
  app: ContainerApp | undefined,
  body: unknown,
  world: World,
): Change {
  return checkChange(id, app, withoutReadOnly(body), world);
}

function checkChange(
  id: string,
  app: ContainerApp | undefined,
  value: unknown,
  world: World,
): Change {
  const envelope = parseEnvelope(withoutNulls(value));
  const { configuration, template, environmentId, managedEnvironmentId } = envelope.properties;
  if (app && regionOf(app.envelope.location) !== regionOf(envelope.location)) {
    throw new Refusal(
      409,
      "InvalidResourceLocation",
      `The resource '${app.name}' already exists in location '${app.envelope.location}'. A resource with the same name cannot be created in location '${envelope.location}'. Please select a new resource name.`,
    );
  }
  const environment = environmentId ?? managedEnvironmentId;
  if (environment === undefined || !world.environments.has(keyOf(environment))) {
    throw new Refusal(
      400,
      "ManagedEnvironmentNotFound",
      `The managed environment '${environment ?? ""}' of properties.environmentId does not exist.`,
    );
  }
  if (app && keyOf(environment) !== app.environmentKey) {
    throw new Refusal(
      400,
      "ContainerAppEnvironmentCannotBeChanged",
      "properties.environmentId cannot be changed after creation.",
    );
  }
  if (template === undefined) {
    throw new Refusal(400, "ContainerAppInvalidTemplate", "properties.template is required.");
  }
  checkEnvelope(envelope);
  checkSecrets({ id, envelope });
  const known = new Set(secretsOf(envelope).map((secret) => secret.name));
  for (const revision of app?.revisions ?? []) {
    // In single mode the latest takes the place of the others.
    if (revision.active && modeOf(configuration) === "Multiple") {
      checkReferencedSecrets(revision.template, known);
    }
  }
  const newRevision = needsRevision(app?.envelope.properties.template, template);
  const revisions = app?.revisions ?? [];
  const suffix = template.revisionSuffix ?? "";
  const name = app?.name ?? "";
  if (newRevision && suffix !== "") {
    checkSuffix(
      name,
      suffix,
      revisions.map((revision) => revision.name),
    );
  }
  const mode = modeOf(configuration);
  const targets = revisions.filter(({ active }) => active).map((revision) => revision.name);
  if (newRevision && suffix !== "") targets.push(`${name}--${suffix}`);
  checkTraffic(mode, configuration?.ingress?.traffic ?? [], targets);
  return {
    envelope,
    newRevision,
    newMode: app !== undefined && modeOf(app.envelope.properties.configuration) !== mode,
    secrets: checkReferences({ id, envelope }, app, world),
  };
}

function parseEnvelope(value: unknown): Envelope {
  const parsed = Envelope.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidContent(parsed.error);
}

/** What only Azure says is ignored when a client says it. */
function withoutReadOnly(body: unknown): unknown {
  return omitReadOnly(body, READ_ONLY);
}
