import type { Environment } from "../../src/domain/estate.js";
import type { Command } from "./page.js";
import { groupOf, nameOf, rest } from "./snippets.js";

/**
 * Premium alone: an export of the cache in use, imported into the original, which is emptied by it. A
 * cache exports to an account of its own region, so the file goes from one to the other.
 */
export function bringKeysHome({ redis, storage }: Environment): readonly Command[] {
  const { primary, secondary = "" } = redis;
  const from = nameOf(storage.secondary ?? "");
  const to = nameOf(redis.staging ?? storage.primary);
  const of = (cache: string): string => `-g ${groupOf(cache)} -n ${nameOf(cache)}`;
  const container = (account: string, verb: string): string =>
    `az storage container ${verb} --auth-mode login --account-name ${account} -n by-hand`;
  const signed = (account: string, rights: string): string =>
    `SAS=$(${container(account, "generate-sas --as-user")} --permissions ${rights} --expiry "$(date -u -d '+4 hours' +%Y-%m-%dT%H:%MZ)" --https-only -o tsv)`;
  return [
    {
      what: `Export the keys of ${nameOf(secondary)}, which is in use`,
      run: [
        `${container(from, "create")} --query created -o tsv`,
        signed(from, "rwl"),
        `PREFIX="by-hand-$(date +%s)"`,
        `az redis export ${of(secondary)} --prefix "$PREFIX" --container "https://${from}.blob.core.windows.net/by-hand?$SAS" --file-format RDB`,
        `az storage blob list --auth-mode login --account-name ${from} -c by-hand --prefix "$PREFIX" --query "[].name" -o tsv | tee export.txt`,
      ].join("\n"),
      prints: "the name of the file; of a cache with shards one for each",
      changes: true,
    },
    {
      what: `Copy it to ${to}, which the original can reach`,
      run: [
        `${container(to, "create")} --query created -o tsv`,
        `for NAME in $(cat export.txt); do`,
        `  az storage blob copy start --auth-mode login --account-name ${to} --destination-container by-hand --destination-blob "$NAME" --source-uri "https://${from}.blob.core.windows.net/by-hand/$NAME?$SAS" -o none`,
        `done`,
      ].join("\n"),
      prints: "`success`; after `pending` look at it by `az storage blob show` until it is through",
      changes: true,
    },
    {
      what: `Import it into ${nameOf(primary)}: what that holds is gone then`,
      run: [
        signed(to, "r"),
        `az redis import ${of(primary)} --file-format RDB --files $(jq -Rr --arg sas "$SAS" '"https://${to}.blob.core.windows.net/by-hand/\\(.)?\\($sas)"' export.txt)`,
      ].join("\n"),
      prints: "nothing, after minutes. It takes no connections meanwhile",
      changes: true,
    },
    {
      what: "Delete the files: they hold what the cache held",
      run: `${container(from, "delete")} --query deleted -o tsv\n${container(to, "delete")} --query deleted -o tsv`,
      prints: "True, twice",
      changes: true,
    },
  ];
}

/** Makes the other cache a replica again, which empties it. */
export const linkAgain = (original: string, other: string, location: string): Command => ({
  what: `Link ${nameOf(other)} again, as the replica of ${nameOf(original)}: what it holds is gone then. Persistence has to be off at both`,
  run: rest(
    "put",
    "Microsoft.Cache",
    `${original}/linkedServers/${nameOf(other)}`,
    `--body '{"properties":{"linkedRedisCacheId":"${other}","linkedRedisCacheLocation":"${location}","serverRole":"Secondary"}}' --query properties.provisioningState -o tsv`,
  ),
  prints: "Creating, Linking or Succeeded",
  changes: true,
});

export const isClassicCache = (id: string): boolean =>
  id.toLowerCase().includes("/microsoft.cache/redis/");

/** Whether keys can be taken home by an export, and the two can be linked. */
export const isPremiumPair = ({ redis, storage }: Environment): boolean =>
  redis.tier === "Premium" &&
  storage.secondary !== undefined &&
  [redis.primary, redis.secondary ?? ""].every((cache) => isClassicCache(cache));
