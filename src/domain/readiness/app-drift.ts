/** A container app as its template and configuration have it; values of secrets are not among it. */
export interface AppConfiguration {
  readonly id: string;
  readonly name: string;
  readonly provisioningState: string;
  readonly runningStatus: string;
  readonly latestReadyRevision: string | undefined;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Each as text that is equal where the rule is. */
  readonly scaleRules: readonly string[];
  readonly ingress: Readonly<Record<string, string>>;
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    readonly variables: readonly {
      readonly name: string;
      readonly value?: string;
      readonly secret?: string;
    }[];
    /** By type, as text that is equal where the probe is. */
    readonly probes: Readonly<Record<string, string>>;
  }[];
  readonly secrets: readonly {
    readonly name: string;
    /** The name of the secret in a vault that it refers to. */
    readonly refersTo?: string;
    /** The host of that vault. */
    readonly vault?: string;
  }[];
}

export interface Drift {
  readonly field: string;
  readonly here: string | undefined;
  readonly there: string | undefined;
}

/**
 * Fields that must or may differ: each side has an address of its own, the standby's replicas are the
 * estate's to say, and images have a check of their own.
 */
const mayDiffer: readonly RegExp[] = [/^ingress fqdn$/, /^scale minimum$/, / image$/];

/** Field by field what two apps differ in. Variables are compared by name and origin: a value may be a secret. */
export function driftBetween(one: AppConfiguration, other: AppConfiguration): readonly Drift[] {
  const [here, there] = [fieldsOf(one), fieldsOf(other)];
  return [...new Set([...here.keys(), ...there.keys()])]
    .filter((field) => !mayDiffer.some((pattern) => pattern.test(field)))
    .filter((field) => here.get(field) !== there.get(field))
    .map((field) => ({ field, here: here.get(field), there: there.get(field) }));
}

function fieldsOf(app: AppConfiguration): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  fields.set("scale minimum", String(app.minReplicas));
  fields.set("scale maximum", String(app.maxReplicas));
  fields.set("scale rules", [...app.scaleRules].sort().join(", "));
  for (const [name, value] of Object.entries(app.ingress)) fields.set(`ingress ${name}`, value);
  for (const { name, refersTo } of app.secrets) {
    const origin = refersTo === undefined ? "a value of its own" : `the vault's ${refersTo}`;
    fields.set(`secret ${name}`, origin);
  }
  for (const { name, image, variables, probes } of app.containers) {
    fields.set(`container ${name} image`, image);
    for (const variable of variables) {
      const { secret } = variable;
      const origin = secret === undefined ? "a plain value" : `secret ${secret}`;
      fields.set(`container ${name} variable ${variable.name}`, origin);
    }
    for (const [type, probe] of Object.entries(probes)) {
      fields.set(`container ${name} probe ${type}`, probe);
    }
  }
  return fields;
}
