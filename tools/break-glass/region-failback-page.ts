import type { Environment } from "../../src/domain/estate.js";
import { bringBlobsHome, compareBlobs } from "./blobs-home.js";
import { meanwhile, verified } from "./failback-pages.js";
import { bringKeysHome, isClassicCache, isPremiumPair, linkAgain } from "./keys-home.js";
import type { Command, Page } from "./page.js";
import { bringSecretsHome, compareSecrets } from "./secrets-home.js";
import {
  findApp,
  findRevision,
  nameOf,
  proveByRecord,
  restartRevision,
  setVariables,
  untilHealthy,
  writeConnection,
} from "./snippets.js";
import { leadEdge } from "./storage-page.js";
import { trafficCommands } from "./traffic-commands.js";

export function regionFailbackPage(environment: string, estate: Environment): Page | undefined {
  const { containerApp, redis, keyVault, storage, trafficManager, secondaryRegion } = estate;
  if (
    trafficManager?.secondaryEndpoint === undefined ||
    keyVault.secondary === undefined ||
    storage.secondary === undefined ||
    redis.secondary === undefined
  ) {
    return undefined;
  }
  const { health, proof } = containerApp;
  const { primaryEndpoint, secondaryEndpoint } = trafficManager;
  const { endpoints, lead } = trafficCommands(trafficManager);
  // Each vault names the cache of its own side.
  const compareVaults = compareSecrets(
    keyVault.secondary,
    keyVault.primary,
    redis.connectionSecret,
  );
  const compareAccounts = compareBlobs(storage.secondary, storage.primary, storage.containers);
  const bringHome: readonly Command[] = [
    bringSecretsHome(keyVault.primary),
    bringBlobsHome(storage.secondary, storage.primary, storage.containers),
  ];
  const premium = isPremiumPair(estate);
  return {
    scenario: "region-failback",
    environment,
    title: "region failback",
    when: [
      `Users are in ${secondaryRegion ?? ""}, and ${estate.primaryRegion} has been well for hours by Azure's own word.`,
      "There is no hurry: users are served. Choose an hour with few of them.",
      "Two people: what is written in the minutes of the move may stay behind.",
    ],
    see: [
      {
        what: "See which side users are led to",
        run: endpoints,
        prints: `${secondaryEndpoint} Enabled and Online, ${primaryEndpoint} Disabled. Leave it disabled for now`,
      },
      ...findApp(containerApp.primary),
      {
        what: "Ask the original app for its health, which it must have been for a while",
        run: `curl -s -m 10 -w '\\n%{http_code}\\n' "https://$FQDN${health.path}"`,
        prints: `${health.expectedStatus}; ask again after a quarter of an hour`,
      },
      compareVaults,
      compareAccounts,
    ],
    act: [
      ...bringHome,
      ...(premium ? bringKeysHome(estate) : []),
      ...(isClassicCache(redis.primary)
        ? [writeConnection(redis.primary, keyVault.primary, redis.connectionSecret)]
        : []),
      setVariables({
        KEY_VAULT_URL: `https://${nameOf(keyVault.primary)}.vault.azure.net/`,
        STORAGE_ACCOUNT_URL: `https://${nameOf(storage.primary)}.blob.core.windows.net`,
      }),
      { what: "Wait a minute for the new revision", run: "sleep 60", prints: "nothing" },
      findRevision,
      { ...restartRevision, what: "Restart it, so that it reads the connection string" },
      {
        what: "Wait until the original app is well",
        run: untilHealthy(health.path, health.expectedStatus),
        prints: `${health.expectedStatus} at last. Else **touch no endpoint**: users are served where they are`,
      },
      ...proveByRecord(proof),
      ...leadEdge(estate, nameOf(storage.primary)),
      ...lead(
        primaryEndpoint,
        secondaryEndpoint,
        ", or users write in both regions. Then wait for the record's TTL",
      ),
      ...[compareVaults, compareAccounts].map((command) => ({
        ...command,
        what: `${command.what}, ${meanwhile}`,
      })),
      ...bringHome.map((command) => ({
        ...command,
        what: `${command.what}, where there are any`,
      })),
      ...(premium ? [linkAgain(redis.primary, redis.secondary, secondaryRegion ?? "")] : []),
    ],
    lost: premium
      ? "Keys of the cache that were written after its export. Secrets and blobs keep what is newer."
      : "Keys of the cache that were written in the other region: only the service copies them. Secrets and blobs keep what is newer.",
    verify: [
      {
        what: "See which side users are led to",
        run: endpoints,
        prints: `${primaryEndpoint} Enabled and Online, ${secondaryEndpoint} Disabled`,
      },
      verified(estate),
    ],
    back: [
      "It is the page of the region outage. What was written at home since is in the other region only as far as it was copied.",
    ],
  };
}
