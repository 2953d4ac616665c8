import type { Environment } from "../../src/domain/estate.js";
import { isClassicCache } from "./keys-home.js";
import type { Command, Page } from "./page.js";
import {
  findApp,
  findRevision,
  groupOf,
  keep,
  nameOf,
  rest,
  restartRevision,
  threeTimes,
  untilHealthy,
  writeConnection,
} from "./snippets.js";

/** Undefined for Azure Managed Redis, whose keys these commands do not reach. */
export function keyRotationPage(environment: string, estate: Environment): Page | undefined {
  const { redis, containerApp, keyVault } = estate;
  const { connectionSecret: secret, primary: cache } = redis;
  const { path, expectedStatus } = containerApp.health;
  const vault = keyVault.primary;
  if (!isClassicCache(cache)) return undefined;
  const of = `-g ${groupOf(cache)} -n ${nameOf(cache)}`;
  const hash = `az redis list-keys ${of} --query primaryKey -o tsv | sha256sum`;
  const well = (what: string, prints: string): Command => ({
    ...{ what, prints },
    run: untilHealthy(path, expectedStatus),
  });
  const move = (key: "primary" | "secondary"): readonly Command[] => [
    writeConnection(cache, vault, secret, key),
    { ...restartRevision, what: `${restartRevision.what}: it reads the ${key} key then` },
    {
      what: `Wait until every replica is younger than the secret's version with the ${key} key`,
      run: youngerThan(secret),
      prints: "how many are older, and 0 at last. Until then some still use the other key",
    },
    well(
      `Wait until the app is well with the ${key} key`,
      `${expectedStatus} at last. After 48 others stop: ${key === "secondary" ? "both keys are still good" : "the secondary key is still good, write that one again"}; look for the cause`,
    ),
  ];
  return {
    scenario: "redis-key-rotation",
    environment,
    title: "Redis key rotation",
    when: [
      `Somebody may know the primary key of ${nameOf(cache)} who should not have it.`,
      "Never to heal a cache: a new key heals none, and cuts off every client that holds the old one.",
      `The app uses ${nameOf(cache)} and ${nameOf(vault)}. Where a recovery has led it to others, put their names into the commands.`,
    ],
    see: [
      ...findApp(containerApp.primary),
      {
        what: "Ask for the app's health three times in a row",
        run: threeTimes(path),
        prints: `${expectedStatus}, three times. Anything else is the page of the failure: do not rotate`,
      },
      {
        what: `See which cache ${nameOf(vault)} names, without the key`,
        run: [
          keep(
            "VAULT",
            `az keyvault show -g ${groupOf(vault)} -n ${nameOf(vault)} --query properties.vaultUri -o tsv`,
          ),
          `${secretOf(secret)} --query value -o tsv | cut -d, -f1`,
        ].join("\n"),
        prints: `host and port of ${nameOf(cache)}; another one is in use otherwise`,
      },
      {
        what: "Note the hash of the primary key",
        run: `${keep("OLD", hash)}\necho "$OLD"`,
        prints: "a hash, by which you see later that the key is another one",
      },
      findRevision,
    ],
    act: [
      ...move("secondary"),
      {
        what: "Make the primary key anew. Whoever else uses it is locked out at once",
        run: `az redis regenerate-keys ${of} --key-type Primary -o none`,
        prints: "nothing: both keys are left out on purpose",
        changes: true,
      },
      {
        what: "See that the primary key is another one",
        run: `NEW=$(${hash})\n[ "$NEW" = "$OLD" ] && echo "still the old one" || echo "another one"`,
        prints: "`another one`. Else ask again after a minute, before you write it",
      },
      ...move("primary"),
    ],
    lost: "Nothing: the app is never without a good key. Whoever else holds the old primary key is locked out.",
    verify: [
      {
        what: "Ask for the app's health three times in a row",
        run: threeTimes(path),
        prints: `${expectedStatus}, three times`,
      },
      {
        what: "List the versions of the secret",
        run: `az rest --method get --resource https://vault.azure.net --url "\${VAULT}secrets/${secret}/versions?api-version=7.4" --query "value[].{id:id,created:attributes.created,enabled:attributes.enabled}" -o table`,
        prints:
          "two new ones. The one before the newest holds the secondary key, which is still good: who may read old versions knows it",
      },
    ],
    back: [
      "An old key cannot be had back. Half-way through, the app stays on the secondary key; begin again from the first step that is not done.",
      "Tell whoever else uses the cache to read its primary key anew.",
    ],
  };
}

const secretOf = (secret: string): string =>
  `az rest --method get --resource https://vault.azure.net --url "\${VAULT}secrets/${secret}?api-version=7.4"`;

/** Counts the replicas that were there before the secret was written, until there are none. */
const youngerThan = (secret: string): string =>
  [
    keep("SINCE", `${secretOf(secret)} --query attributes.created -o tsv`),
    "for i in $(seq 48); do",
    `  OLDER=$(${rest("get", "Microsoft.App", "$APP/revisions/$REVISION/replicas")} | jq --argjson since "$SINCE" '[.value[].properties.createdTime[0:19] + "Z" | fromdateiso8601 | select(. < $since)] | length'); echo "$OLDER"`,
    '  [ "$OLDER" = 0 ] && break',
    "  sleep 5",
    "done",
  ].join("\n");
