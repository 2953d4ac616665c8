import type { ContainerApps } from "../../azure/container-apps.js";
import type { KeyVaults } from "../../azure/key-vault.js";
import type { Secrets, SecretSummary } from "../../azure/secrets.js";
import type { Environment } from "../../domain/estate.js";
import { inParallel } from "../../domain/in-parallel.js";
import { isAfter } from "../../domain/instant.js";
import type { CheckResult, Found } from "../../domain/readiness/readiness.js";
import { sameSecret } from "../same-secret.js";
import { vaultInUse } from "../vault-in-use.js";
import { checked } from "./checked.js";

/** What the check of secrets looks with. */
export interface SecretPorts {
  readonly apps: ContainerApps;
  readonly vaults: KeyVaults;
  readonly secrets: Secrets;
}

const atATime = 10;
/** Names that a finding lists; the next backup's record has them all. */
const shown = 10;

/** Whether a recovery that goes on with the standby vault finds every secret there, as it is now. */
export async function checkSecretParity(
  { apps, vaults, secrets }: SecretPorts,
  { containerApp, keyVault }: Environment,
): Promise<readonly CheckResult[]> {
  return checked(["secret-parity"], async () => {
    const sides = { app: containerApp.primary, standby: containerApp.secondary };
    const { view, other } = await vaultInUse(apps, vaults, sides, keyVault);
    const result = (found: Found[]): CheckResult[] => [{ check: "secret-parity", found }];
    // Without a standby there is nothing to keep in step; a vault that is gone has checks of its own.
    if (view === undefined || other === undefined) return result([]);
    const [here, there] = await Promise.all([
      listed(secrets, view.uri),
      listed(secrets, other.uri),
    ]);
    const known = new Map(there.map((secret) => [secret.name, secret]));
    const wanted = here.filter(({ enabled, managed }) => enabled && !managed);
    const missing = wanted.filter(({ name }) => !known.has(name)).map(({ name }) => name);
    const others = wanted.filter(({ name }) => known.has(name));
    const states = await inParallel(others, atATime, async ({ name }) => {
      const [one, two] = await Promise.all([
        secrets.value(view.uri, name),
        known.get(name)?.enabled === true ? secrets.value(other.uri, name) : undefined,
      ]);
      if (one === undefined || (two !== undefined && sameSecret(one, two))) return undefined;
      const isNewer =
        two?.updatedAt !== undefined &&
        one.updatedAt !== undefined &&
        isAfter(two.updatedAt, one.updatedAt);
      return { name, isNewer };
    });
    const differing = states.flatMap((state) => state ?? []);
    const older = differing.filter(({ isNewer }) => !isNewer).map(({ name }) => name);
    const newer = differing.filter(({ isNewer }) => isNewer).map(({ name }) => name);
    const found: Found[] = [];
    const find = (kind: string, names: readonly string[], what: string, remedy: string): void => {
      if (names.length === 0) return;
      const rest = names.length > shown ? ` and ${names.length - shown} more` : "";
      found.push({
        about: `${other.id}#${kind}`,
        level: "not-ready",
        what: `${other.name} ${what}: ${names.slice(0, shown).join(", ")}${rest}`,
        remedy,
      });
    };
    const sync = 'bring the standby into step: POST /api/backups with kinds ["key-vault"]';
    find("missing", missing, `lacks ${missing.length} secrets of ${view.name}`, sync);
    find("older", older, `has older values than ${view.name} of ${older.length} secrets`, sync);
    find(
      "newer",
      newer,
      `has other, newer values than ${view.name} of ${newer.length} secrets`,
      "find out who wrote into the standby vault; what is right has to stand in the vault in use",
    );
    return result(found);
  });
}

async function listed(secrets: Secrets, uri: string): Promise<readonly SecretSummary[]> {
  const all: SecretSummary[] = [];
  for await (const page of secrets.pages(uri)) all.push(...page);
  return all;
}
