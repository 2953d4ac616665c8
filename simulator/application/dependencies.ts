/** What the application depends on beside its own process; the names of the checks in its /health. */
export type DependencyName = "redis" | "keyVault" | "storage";

/** The application as its dependencies meet it: a process that knows its variables and has an identity. */
export interface Application {
  /** The resource id of its container app. */
  readonly id: string;
  readonly region: string;
  /** The variables of its first container as they were when it started, secrets filled in. */
  readonly env: ReadonlyMap<string, string>;
  /** Whom its tokens name; undefined where it has no identity. */
  readonly principalId: string | undefined;
}

export interface Check {
  readonly status: "healthy" | "unhealthy";
  /** One sentence for /health, users' errors and logs: never a credential. */
  readonly detail: string;
}

/**
 * Says how the application finds a dependency at the timeline's instant, from what the simulator holds: it is asked
 * often and must not wait for anything. Undefined where the application does not use it or the seed has none.
 */
export type DependencyCheck = (application: Application) => Check | undefined;

/** Reads the secret behind a Key Vault URL as a principal; undefined where the vault would refuse or has none. */
export type SecretReader = (url: string, principalId: string) => string | undefined;

/** The seam between the recovered application and the services that it uses. */
export class Dependencies {
  readonly #checks = new Map<DependencyName, DependencyCheck>();
  readonly #listeners: (() => void)[] = [];
  #readSecret: SecretReader = () => undefined;

  register(name: DependencyName, check: DependencyCheck): void {
    this.#checks.set(name, check);
  }

  readSecretsWith(reader: SecretReader): void {
    this.#readSecret = reader;
  }

  readSecret(url: string, principalId: string): string | undefined {
    return this.#readSecret(url, principalId);
  }

  /** What /health says of each dependency that the application has. */
  checks(application: Application): ReadonlyMap<DependencyName, Check> {
    const found = new Map<DependencyName, Check>();
    for (const [name, check] of this.#checks) {
      const result = check(application);
      if (result) found.set(name, result);
    }
    return found;
  }

  /** To be called after every change that may turn a check around, so that users meet it from that instant on. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
