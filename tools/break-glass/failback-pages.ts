import type { Environment } from "../../src/domain/estate.js";
import { bringBlobsHome, compareBlobs } from "./blobs-home.js";
import { bringKeysHome, isClassicCache, isPremiumPair, linkAgain } from "./keys-home.js";
import type { Command, Page } from "./page.js";
import { bringSecretsHome, compareSecrets } from "./secrets-home.js";
import {
  findApp,
  findRevision,
  groupOf,
  nameOf,
  restartRevision,
  setVariables,
  threeTimes,
  untilHealthy,
  whatItUses,
  writeConnection,
} from "./snippets.js";
import { leadEdge } from "./storage-page.js";

const once = (command: Command, why: string): Command => ({
  ...command,
  what: `${command.what}, ${why}`,
});
export const meanwhile = "once more: what was written in the minutes of the move";

const waitFor = ({ containerApp: { health } }: Environment, where: string): Command => ({
  what: `Wait until the app is well ${where}`,
  run: untilHealthy(health.path, health.expectedStatus),
  prints: `${health.expectedStatus} at last. After 48 others lead it back to where it was, and look for the cause`,
});
export const verified = ({ containerApp: { health } }: Environment): Command => ({
  what: "Ask for the app's health three times in a row",
  run: threeTimes(health.path),
  prints: `${health.expectedStatus}, three times`,
});
const away = (what: string): string =>
  `A recovery has led the app to another ${what}, and the original has been well for some while.`;
const notRegion =
  "Users are still in this region. Where they are in the other one, it is the page of the region failback.";

/** The pages of the ways back of one environment; without another side there is no way back to go. */
export function keyVaultFailbackPage(environment: string, estate: Environment): Page | undefined {
  const { primary, secondary } = estate.keyVault;
  if (secondary === undefined) return undefined;
  const [compare, bring] = [compareSecrets(secondary, primary), bringSecretsHome(primary)];
  return {
    scenario: "key-vault-failback",
    environment,
    title: "Key Vault failback",
    when: [away("vault"), notRegion],
    see: [...findApp(estate.containerApp.primary), whatItUses("KEY_VAULT_URL"), compare],
    act: [
      bring,
      setVariables({ KEY_VAULT_URL: `https://${nameOf(primary)}.vault.azure.net/` }),
      waitFor(estate, "at home"),
      once(compare, meanwhile),
      once(bring, "where there are any"),
    ],
    lost: "Nothing: both vaults keep every version. A secret that was deleted in the vault in use is still there at home.",
    verify: [verified(estate)],
    back: [
      `It is the page of the Key Vault failure: tell the app KEY_VAULT_URL of ${nameOf(secondary)}.`,
    ],
  };
}

export function storageFailbackPage(environment: string, estate: Environment): Page | undefined {
  const { primary, secondary, containers } = estate.storage;
  if (secondary === undefined) return undefined;
  const compare = compareBlobs(secondary, primary, containers);
  const bring = bringBlobsHome(secondary, primary, containers);
  return {
    scenario: "storage-failback",
    environment,
    title: "storage failback",
    when: [away("account"), notRegion],
    see: [
      ...findApp(estate.containerApp.primary),
      whatItUses("STORAGE_ACCOUNT_URL"),
      {
        what: "Look at the original account",
        run: `az storage account show -g ${groupOf(primary)} -n ${nameOf(primary)} --query "{sku:sku.name,primary:statusOfPrimary,location:primaryLocation}"`,
        prints: `\`available\`, in ${estate.primaryRegion}. Has it failed over, go back by a planned failover first`,
      },
      compare,
    ],
    act: [
      bring,
      setVariables({ STORAGE_ACCOUNT_URL: `https://${nameOf(primary)}.blob.core.windows.net` }),
      ...leadEdge(estate, nameOf(primary)),
      waitFor(estate, "at home"),
      once(compare, meanwhile),
      once(bring, "where there are any"),
    ],
    lost: "The version at home of each blob that is copied over it, where versioning is off. A blob that was deleted in the account in use is still there at home.",
    verify: [verified(estate)],
    back: [
      `It is the page of the storage failure: tell the app STORAGE_ACCOUNT_URL of ${nameOf(secondary)}, and lead the edge there.`,
    ],
  };
}

export function redisFailbackPage(environment: string, estate: Environment): Page | undefined {
  const { redis, keyVault, secondaryRegion } = estate;
  const { primary, secondary } = redis;
  if (secondary === undefined || !isClassicCache(primary)) return undefined;
  const premium = isPremiumPair(estate);
  return {
    scenario: "redis-failback",
    environment,
    title: "Redis failback",
    when: [away("cache"), notRegion],
    see: [
      ...findApp(estate.containerApp.primary),
      {
        what: "Look at the original cache",
        run: `az redis show -g ${groupOf(primary)} -n ${nameOf(primary)} --query "{state:provisioningState,sku:sku.name,links:length(linkedServers)}"`,
        prints:
          "`Succeeded`, and no links. Does it follow the cache in use, unlink it there: it has all keys, and nothing is to be brought home",
      },
    ],
    act: [
      ...(premium ? bringKeysHome(estate) : []),
      writeConnection(primary, keyVault.primary, redis.connectionSecret),
      findRevision,
      restartRevision,
      waitFor(estate, "on its own cache"),
      ...(premium ? [linkAgain(primary, secondary, secondaryRegion ?? "")] : []),
    ],
    lost: premium
      ? "What was written after the export, and what the original held from before its failure."
      : "All keys that were written since the failure: only the service copies them from a cache that is not Premium.",
    verify: [verified(estate)],
    back: [
      `Before it is linked again: write the connection string of ${nameOf(secondary)}, restart. Afterwards it is the page of the Redis failure.`,
    ],
  };
}
