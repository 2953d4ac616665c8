import { RedisManagementClient } from "@azure/arm-rediscache";
import { SecretClient } from "@azure/keyvault-secrets";
import {
  BlobSASPermissions,
  BlobServiceClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import { waitFor } from "./pause.js";
import { addressOf, partsOf, program, type Console } from "./program.js";

/*
 * Scenario 2 as the runbook has it, its commands one after the other: look at the cache, give it a new
 * key, make another cache, import the newest export, write its connection string, restart the app.
 * With `backup` it exported the cache, as the night before.
 */

const [, , , , task = "recover"] = process.argv;
const exported = "redis-backups";

program(async (console) => {
  const { credential, production, run, isWell } = console;
  const { subscription, group, name } = partsOf(production.redis.primary);
  const azure = new RedisManagementClient(credential, subscription);
  const addressOfCache = async (cache: string): Promise<string | undefined> => {
    const { provisioningState, hostName = "", sslPort = 0 } = await azure.redis.get(group, cache);
    return provisioningState === "Succeeded" ? `${hostName}:${sslPort}` : undefined;
  };
  const transfer = { format: "RDB", preferredDataArchiveAuthMethod: "SAS" };
  if (task === "backup") {
    const container = await signed(console, undefined);
    const content = { ...transfer, container, prefix: "nightly" };
    const operation = await azure.redis.beginExportData(group, name, content);
    await waitFor("the export", () => whenDone(operation));
    return;
  }

  await run("az redis show", () => azure.redis.get(group, name));
  await run("az redis regenerate-keys", () =>
    azure.redis.regenerateKey(group, name, { keyType: "Primary" }),
  );
  if (await run("curl /health", isWell)) return;

  const other = `${name}-dr2`;
  await run("az redis create", () =>
    azure.redis.beginCreate(group, other, {
      location: production.primaryRegion,
      sku: { name: "Premium", family: "P", capacity: 1 },
      minimumTlsVersion: "1.2",
    }),
  );
  const address = await waitFor("the new cache", () => addressOfCache(other));
  const file = await run("az storage blob generate-sas", async () =>
    signed(console, await newestExport(console)),
  );
  const imported = await run("az redis import", () =>
    azure.redis.beginImportData(group, other, { ...transfer, files: [file] }),
  );
  await waitFor("the import", () => whenDone(imported));
  const { primaryKey = "" } = await run("az redis list-keys", () =>
    azure.redis.listKeys(group, other),
  );
  await run("az keyvault secret set", () =>
    new SecretClient(addressOf(production.keyVault.primary), credential).setSecret(
      production.redis.connectionSecret,
      `${address},password=${primaryKey},ssl=True,abortConnect=False`,
    ),
  );
  await run("az containerapp revision restart", () => restart(console));
  await run("curl /health", () => waitFor("the app", async () => (await isWell()) || undefined));
});

async function newestExport(console: Console): Promise<string> {
  let newest: { readonly name: string; readonly at: Date } | undefined;
  const found = backupsOf(console).getContainerClient(exported).listBlobsFlat();
  for await (const { name, properties } of found) {
    const at = properties.lastModified;
    if (newest === undefined || at > newest.at) newest = { name, at };
  }
  if (newest === undefined) throw new Error(`there is no export in ${exported}`);
  return newest.name;
}

/** The address of a blob that a cache may read, or of the container that it may write to. */
async function signed(console: Console, blobName: string | undefined): Promise<string> {
  const service = backupsOf(console);
  const container = service.getContainerClient(exported);
  await container.createIfNotExists();
  const [startsOn, expiresOn] = [new Date(Date.now() - 900_000), new Date(Date.now() + 21_600_000)];
  const sas = generateBlobSASQueryParameters(
    {
      containerName: exported,
      expiresOn,
      ...(blobName === undefined
        ? { permissions: ContainerSASPermissions.parse("racwdl") }
        : { permissions: BlobSASPermissions.parse("r"), blobName }),
    },
    await service.getUserDelegationKey(startsOn, expiresOn),
    service.accountName,
  );
  const { url } = blobName === undefined ? container : container.getBlobClient(blobName);
  return `${url}?${sas.toString()}`;
}

async function restart({ apps, app: [group, name] }: Console): Promise<void> {
  const { latestReadyRevisionName = "" } = await apps.containerApps.get(group, name);
  await apps.containerAppsRevisions.restartRevision(group, name, latestReadyRevisionName);
}

async function whenDone(operation: {
  poll(): Promise<unknown>;
  isDone(): boolean;
}): Promise<true | undefined> {
  await operation.poll();
  return operation.isDone() ? true : undefined;
}

function backupsOf({ credential, production }: Console): BlobServiceClient {
  const { name } = partsOf(production.storage.primary);
  return new BlobServiceClient(`https://${name}.blob.core.windows.net`, credential);
}
