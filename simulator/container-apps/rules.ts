import { canonical } from "../arm/canonical.js";
import { Refusal } from "../server/refusal.js";
import type { Configuration, Envelope, Template, TrafficWeight } from "./schema.js";
import { secretReferencesOf } from "./secrets.js";

// A pull request of Altinn/dialogporten (3942) quotes the service's limit for app name and suffix together.
const LONGEST_REVISION_NAME = 54;

// Documented sizes of the Consumption plan: a quarter of a core up to 4, and 2 GiB for each core.
const CORE_STEP = 0.25;
const MOST_CORES = 4;
const DEFAULT_CORES = 0.5;
const DEFAULT_MEMORY = "1Gi";

/** The rules for an app's name: 2 to 32 characters, and none of what a DNS label may not hold. */
export function checkAppName(name: string): void {
  if (/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/.test(name) && !name.includes("--")) return;
  throw new Refusal(
    400,
    "ContainerAppInvalidName",
    `Invalid ContainerApp name '${name}'. A name must consist of lower case alphanumeric characters or '-', start with an alphabetic character, end with an alphanumeric character and cannot have '--'. The length must be between 2 and 32 characters.`,
  );
}

/** The rules for the suffix of a new revision. */
export function checkSuffix(app: string, suffix: string, taken: readonly string[]): void {
  const name = `${app}--${suffix}`;
  const wellFormed = /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(suffix) && !suffix.includes("--");
  if (!wellFormed || name.length > LONGEST_REVISION_NAME) {
    throw invalidField(
      "template.revisionsuffix",
      `Invalid value: "${suffix}": a revision name must consist of lower case alphanumeric characters or '-', start with a letter, end with an alphanumeric character, cannot have '--' in the suffix and is at most ${LONGEST_REVISION_NAME} characters long with the app's name`,
    );
  }
  if (taken.includes(name)) {
    throw invalidField(
      "template.revisionsuffix",
      `Invalid value: "${suffix}": revision with suffix ${suffix} already exists.`,
    );
  }
}

/** Whether going from one template to the other needs a new revision. */
export function needsRevision(before: Template | undefined, after: Template): boolean {
  return before === undefined || canonical(before) !== canonical(after);
}

/** Traffic as it may stand in the configuration. `existing` are the names of the app's active revisions. */
export function checkTraffic(
  mode: "Single" | "Multiple",
  traffic: readonly TrafficWeight[],
  active: readonly string[],
): void {
  if (traffic.length === 0) return;
  for (const { revisionName, latestRevision } of traffic) {
    if (revisionName !== undefined && latestRevision === true) {
      throw invalidField(
        "configuration.ingress.traffic",
        "an entry may have revisionName or latestRevision, not both",
      );
    }
    if (revisionName === undefined && latestRevision !== true) {
      throw invalidField(
        "configuration.ingress.traffic",
        "an entry needs revisionName, or latestRevision true",
      );
    }
    if (mode === "Single" && latestRevision !== true) {
      throw invalidField(
        "configuration.ingress.traffic",
        "in single revision mode traffic goes to the latest revision; a revision cannot be named",
      );
    }
    if (revisionName !== undefined && !active.includes(revisionName)) {
      throw new Refusal(
        400,
        "RevisionNotFound",
        `The revision '${revisionName}' named by configuration.ingress.traffic does not exist or is not active.`,
      );
    }
  }
  const names = traffic.map(({ revisionName }) => revisionName ?? "");
  if (new Set(names).size !== names.length) {
    throw invalidField("configuration.ingress.traffic", "a revision is named twice");
  }
  const labels = traffic.flatMap(({ label }) => (label === undefined ? [] : [label]));
  const odd = labels.find((label) => !/^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/.test(label));
  if (odd !== undefined || new Set(labels).size !== labels.length) {
    throw invalidField(
      "configuration.ingress.traffic",
      "labels must be lower case letters, digits and '-', and no two entries may have the same",
    );
  }
  const sum = traffic.reduce((total, { weight }) => total + (weight ?? 0), 0);
  if (sum !== 100) {
    throw invalidField(
      "configuration.ingress.traffic",
      `the weights must add up to 100, they add up to ${sum}`,
    );
  }
}

/** What must hold between the parts of an app's description. */
export function checkEnvelope({ properties }: Envelope): void {
  const { configuration, template, workloadProfileName } = properties;
  if ((configuration?.ingress?.customDomains ?? []).length > 0) {
    throw new Refusal(
      501,
      "NotSimulated",
      "configuration.ingress.customDomains is not simulated: nothing here holds the domain's own zone, whose records the service checks, or its certificates.",
    );
  }
  const known = new Set((configuration?.secrets ?? []).map(({ name }) => name));
  for (const { server, passwordSecretRef } of configuration?.registries ?? []) {
    if (passwordSecretRef === undefined || known.has(passwordSecretRef)) continue;
    throw unknownSecret(passwordSecretRef, `registry '${server}'`);
  }
  if (template === undefined) return;
  checkTemplate(template, known);
  if (workloadProfileName !== undefined && workloadProfileName !== "Consumption") {
    throw new Refusal(
      400,
      "WorkloadProfileNotFound",
      `The workload profile '${workloadProfileName}' does not exist in the managed environment; it has 'Consumption'.`,
    );
  }
}

function checkTemplate(template: Template, secrets: ReadonlySet<string>): void {
  const containers = [...template.containers, ...(template.initContainers ?? [])];
  const names = containers.map(({ name }) => name);
  if (new Set(names).size !== names.length) {
    throw invalidField("template.containers", "two containers have the same name");
  }
  checkReferencedSecrets(template, secrets);
  checkResources(template);
  const { minReplicas = 0, maxReplicas = 10 } = template.scale ?? {};
  if (minReplicas > maxReplicas) {
    throw invalidField("template.scale", "minReplicas is larger than maxReplicas");
  }
}

/** A secret that a revision uses cannot be left out. */
export function checkReferencedSecrets(template: Template, secrets: ReadonlySet<string>): void {
  for (const { secretRef, by } of secretReferencesOf(template)) {
    if (!secrets.has(secretRef)) throw unknownSecret(secretRef, by);
  }
}

/** The containers of a replica together have one of the sizes that the Consumption plan offers. */
function checkResources(template: Template): void {
  const cores = coresOf(template);
  const memory = template.containers.reduce(
    (sum, { resources }) => sum + Number.parseFloat(resources?.memory ?? DEFAULT_MEMORY),
    0,
  );
  const quarters = cores / CORE_STEP;
  const offered =
    Number.isInteger(quarters) && quarters >= 1 && cores <= MOST_CORES && memory === cores * 2;
  if (offered) return;
  const sizes = Array.from({ length: MOST_CORES / CORE_STEP }, (_, index) => {
    const size = (index + 1) * CORE_STEP;
    return `[cpu: ${size}, memory: ${size * 2}Gi]`;
  });
  throw new Refusal(
    400,
    "ContainerAppInvalidResourceTotal",
    `The total requested CPU and memory resources for this application (CPU: ${cores}, memory: ${memory}) is invalid. Total CPU and memory for all containers defined in a Consumption Container App must add up to one of the following CPU - Memory combinations: ${sizes.join("; ")}`,
  );
}

/** The cores that one replica takes. */
export function coresOf({ containers }: Template): number {
  return containers.reduce((sum, { resources }) => sum + (resources?.cpu ?? DEFAULT_CORES), 0);
}

/** A name that two variables of one container share: such a revision is accepted and never starts. */
export function hasDuplicateVariable(template: Template): boolean {
  return template.containers.some(({ env }) => {
    const names = (env ?? []).map(({ name }) => name);
    return new Set(names).size !== names.length;
  });
}

/** How many replicas an app with some traffic has. */
export function replicaCount(template: Template): number {
  return Math.max(1, template.scale?.minReplicas ?? 0);
}

export function modeOf(configuration: Configuration | undefined): "Single" | "Multiple" {
  return configuration?.activeRevisionsMode ?? "Single";
}

function unknownSecret(secretRef: string, by: string): Refusal {
  return new Refusal(
    400,
    "ContainerAppSecretRefNotFound",
    `SecretRef '${secretRef}' defined for ${by} not found.`,
  );
}

function invalidField(field: string, details: string): Refusal {
  return new Refusal(
    400,
    "ContainerAppInvalidFields",
    `The following field(s) are either invalid or missing. Field '${field}' is invalid with details: '${details}'.`,
  );
}
