import type { BlobProbe } from "../../azure/blob-probe.js";
import { classifyError } from "../../azure/classify-error.js";
import type { ControlPlane } from "../../azure/control-plane.js";
import type { KeyVaults } from "../../azure/key-vault.js";
import type { RedisCaches } from "../../azure/redis-caches.js";
import type { RedisConnections } from "../../azure/redis-connection.js";
import type { Secrets } from "../../azure/secrets.js";
import type { StorageAccounts } from "../../azure/storage-accounts.js";
import type { Environment } from "../../domain/estate.js";
import { inParallel } from "../../domain/in-parallel.js";
import type { CheckResult, Found } from "../../domain/readiness/readiness.js";
import { neededRights, rightsFindings } from "../../domain/readiness/rights.js";
import { scenariosOf } from "../../domain/readiness/scope-of-resource.js";
import { checked, looked } from "./checked.js";

/** What the checks of rights look with. */
export interface RightsPorts {
  readonly controlPlane: ControlPlane;
  readonly vaults: KeyVaults;
  readonly secrets: Secrets;
  readonly accounts: StorageAccounts;
  readonly probe: BlobProbe;
  readonly caches: RedisCaches;
  readonly connectTo: RedisConnections;
}

const atATime = 6;

/** The control plane is asked what the service may do; of the data planes only a real read tells. */
export async function checkRights(
  ports: RightsPorts,
  estate: Environment,
): Promise<readonly CheckResult[]> {
  const results = await Promise.all([
    checked(["control-plane-rights"], async () => {
      const found = await inParallel(neededRights(estate), atATime, (needed) =>
        looked(
          needed.scope,
          async () => rightsFindings(needed, await ports.controlPlane.permissions(needed.scope)),
          [...needed.scenarios],
        ),
      );
      return [{ check: "control-plane-rights", found: found.flat() }];
    }),
    checked(["data-plane-rights"], async () => {
      const found = await Promise.all(dataReads(ports, estate).map(readFinding));
      return [{ check: "data-plane-rights", found: found.flat() }];
    }),
  ]);
  return results.flat();
}

interface DataRead {
  readonly id: string;
  readonly kind: "key-vault" | "storage" | "redis";
  /** What is tried, in words. */
  readonly what: string;
  readonly role: string;
  /** False where what would be read is not there, which other checks are about. */
  readonly read: () => Promise<unknown>;
}

function dataReads(ports: RightsPorts, estate: Environment): readonly DataRead[] {
  const { keyVault, storage, redis } = estate;
  const both = ({ primary, secondary }: { primary: string; secondary?: string | undefined }) =>
    secondary === undefined ? [primary] : [primary, secondary];
  const [container = ""] = storage.containers;
  return [
    ...both(keyVault).map((id) => ({
      id,
      kind: "key-vault" as const,
      what: "list its secrets and read one",
      role: "Key Vault Secrets Officer",
      read: () => readSecret(ports, id),
    })),
    ...both(storage).map((id) => ({
      id,
      kind: "storage" as const,
      what: `list the container ${container}`,
      role: "Storage Blob Data Contributor",
      read: async () => {
        const account = await ports.accounts.account(id);
        return account && ports.probe.read(account.blobEndpoint, container);
      },
    })),
    ...both(redis).map((id) => ({
      id,
      kind: "redis" as const,
      what: "connect to it with its key",
      role: "Disaster recovery: caches",
      read: () => connect(ports, id),
    })),
  ];
}

async function readFinding({ id, kind, what, role, read }: DataRead): Promise<readonly Found[]> {
  const scenarios = [...scenariosOf[kind]];
  return looked(
    id,
    async () => {
      try {
        await read();
        return [];
      } catch (error) {
        const failure = classifyError(error);
        const refused = failure?.class === "permission-lag" || failure?.class === "terminal";
        if (failure === null || !refused) throw error;
        return [
          {
            about: id,
            level: "not-ready",
            what: `this service may not ${what} (${id.split("/").slice(-2).join("/")}): ${failure.code}`,
            remedy: `give this service's identity the role ${role} there, and let its network through; a role is felt after up to ten minutes`,
            scenarios,
          },
        ];
      }
    },
    scenarios,
  );
}

/** The value is read and dropped: to list is another right than to read. */
async function readSecret({ vaults, secrets }: RightsPorts, id: string): Promise<void> {
  const vault = await vaults.vault(id);
  if (vault === undefined) return;
  for await (const page of secrets.pages(vault.uri)) {
    const one = page.find(({ enabled, managed }) => enabled && !managed);
    if (one === undefined) continue;
    await secrets.value(vault.uri, one.name);
    return;
  }
}

async function connect({ caches, connectTo }: RightsPorts, id: string): Promise<void> {
  const cache = await caches.cache(id);
  if (cache === undefined) return;
  const { host, port } = cache;
  const connection = await connectTo({ host, port, password: await caches.key(id), tls: true });
  connection.close();
}
