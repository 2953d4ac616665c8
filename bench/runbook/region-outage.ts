import { CdnManagementClient } from "@azure/arm-cdn";
import { RedisManagementClient } from "@azure/arm-rediscache";
import { TrafficManagerManagementClient } from "@azure/arm-trafficmanager";
import { SecretClient } from "@azure/keyvault-secrets";
import { BlobServiceClient } from "@azure/storage-blob";
import { pause, waitFor } from "./pause.js";
import { addressOf, partsOf, program, type Console } from "./program.js";

/*
 * Scenario 5 as the runbook has it, its commands one after the other: unlink the other region's cache,
 * write its connection string, lead the edge, restart the app, switch the endpoints, purge. With `backup`
 * it brought secrets and blobs to the other region, as the night before.
 */

const [, , , , task = "recover"] = process.argv;

program(async (console) => {
  if (task === "backup") return bringAcross(console);

  const { run } = console;
  await run("az redis server-link delete", () => unlink(console));
  await run("az keyvault secret set", () => writeConnection(console));
  await run("az afd origin update", () => leadEdge(console));
  await run("az containerapp revision restart", () => restart(console));
  await run("curl /health", () =>
    waitFor("the app", async () => (await isWell(console)) || undefined),
  );
  const { trafficManager: front } = console.production;
  await run("az network traffic-manager endpoint update --status Enabled", () =>
    setEndpoint(console, front?.secondaryEndpoint, "Enabled"),
  );
  await run("az network traffic-manager endpoint show", () =>
    waitFor("the endpoint", async () => (await isOnline(console)) || undefined),
  );
  await run("az network traffic-manager endpoint update --status Disabled", () =>
    setEndpoint(console, front?.primaryEndpoint, "Disabled"),
  );
  await run("az afd endpoint purge", () => purge(console));
});

/** The other side of what the estate names, which this runbook is about. */
function there({ production }: Console) {
  const { containerApp, redis, keyVault, storage } = production;
  const given = (id: string | undefined): string => {
    if (id === undefined) throw new Error("the environment has no other side");
    return id;
  };
  return {
    app: partsOf(given(containerApp.secondary)),
    cache: partsOf(given(redis.secondary)),
    vault: given(keyVault.secondary),
    storage: given(storage.secondary),
  };
}

async function bringAcross(console: Console): Promise<void> {
  const { credential, production } = console;
  const { vault, storage } = there(console);
  const from = new SecretClient(addressOf(production.keyVault.primary), credential);
  const to = new SecretClient(addressOf(vault), credential);
  for await (const { name } of from.listPropertiesOfSecrets()) {
    await to.setSecret(name, (await from.getSecret(name)).value ?? "");
  }
  const service = (id: string): BlobServiceClient =>
    new BlobServiceClient(`https://${partsOf(id).name}.blob.core.windows.net`, credential);
  for (const name of production.storage.containers) {
    const source = service(production.storage.primary).getContainerClient(name);
    const target = service(storage).getContainerClient(name);
    for await (const blob of source.listBlobsFlat()) {
      const content = await source.getBlobClient(blob.name).downloadToBuffer();
      await target.getBlockBlobClient(blob.name).uploadData(content);
    }
  }
}

async function unlink(console: Console): Promise<void> {
  const { subscription, group, name } = there(console).cache;
  const { linkedServer } = new RedisManagementClient(console.credential, subscription);
  const other = partsOf(console.production.redis.primary).name;
  await linkedServer.beginDelete(group, name, other);
  await waitFor("the cache on its own", async () => {
    for await (const _link of linkedServer.list(group, name)) return undefined;
    return true;
  });
}

async function writeConnection(console: Console): Promise<void> {
  const { cache, vault } = there(console);
  const { redis } = new RedisManagementClient(console.credential, cache.subscription);
  const { hostName = "", sslPort = 0 } = await redis.get(cache.group, cache.name);
  const { primaryKey = "" } = await redis.listKeys(cache.group, cache.name);
  await new SecretClient(addressOf(vault), console.credential).setSecret(
    console.production.redis.connectionSecret,
    `${hostName}:${sslPort},password=${primaryKey},ssl=True,abortConnect=False`,
  );
}

/** The edge of the estate, its group of origins and the client for both. */
function edgeOf({ credential, production }: Console) {
  const { profile = "", originGroup = "" } = production.frontDoor ?? {};
  const { subscription, group, name } = partsOf(profile);
  return { azure: new CdnManagementClient(credential, subscription), group, name, originGroup };
}

async function leadEdge(console: Console): Promise<void> {
  const { azure, group, name, originGroup } = edgeOf(console);
  const host = `${partsOf(there(console).storage).name}.blob.core.windows.net`;
  for await (const origin of azure.afdOrigins.listByOriginGroup(group, name, originGroup)) {
    await azure.afdOrigins.beginUpdate(group, name, originGroup, origin.name ?? "", {
      hostName: host,
      originHostHeader: host,
    });
  }
}

async function purge(console: Console): Promise<void> {
  const { azure, group, name } = edgeOf(console);
  for await (const { name: endpoint = "" } of azure.afdEndpoints.listByProfile(group, name)) {
    const contentPaths = ["/*"];
    await azure.afdEndpoints.beginPurgeContent(group, name, endpoint, { contentPaths });
  }
}

async function restart(console: Console): Promise<void> {
  const { app } = there(console);
  const { latestReadyRevisionName = "" } = await console.apps.containerApps.get(
    app.group,
    app.name,
  );
  await console.apps.containerAppsRevisions.restartRevision(
    app.group,
    app.name,
    latestReadyRevisionName,
  );
}

/** The app of the other side, as often in a row as the estate wants it. */
async function isWell(console: Console): Promise<boolean> {
  const { app } = there(console);
  const { configuration } = await console.apps.containerApps.get(app.group, app.name);
  const { health } = console.production.containerApp;
  const address = `https://${configuration?.ingress?.fqdn ?? ""}${health.path}`;
  for (let well = 0; well < health.inARow; well += 1) {
    if ((await fetch(address)).status !== health.expectedStatus) return false;
    if (well + 1 < health.inARow) await pause(health.interval / 1_000);
  }
  return true;
}

function profileOf({ credential, production }: Console) {
  const { subscription, group, name } = partsOf(production.trafficManager?.profile ?? "");
  return { azure: new TrafficManagerManagementClient(credential, subscription), group, name };
}

async function setEndpoint(
  console: Console,
  endpoint: string | undefined,
  endpointStatus: "Enabled" | "Disabled",
): Promise<void> {
  const { azure, group, name } = profileOf(console);
  const kind = "ExternalEndpoints";
  await azure.endpoints.update(group, name, kind, endpoint ?? "", { endpointStatus });
}

async function isOnline(console: Console): Promise<boolean> {
  const { azure, group, name } = profileOf(console);
  const endpoint = console.production.trafficManager?.secondaryEndpoint ?? "";
  const seen = await azure.endpoints.get(group, name, "ExternalEndpoints", endpoint);
  return seen.endpointMonitorStatus === "Online";
}
