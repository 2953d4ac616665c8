import type { Environment } from "../../src/domain/estate.js";
import { isClassicCache } from "./keys-home.js";
import type { Page } from "./page.js";
import { unlinkReplica } from "./redis-page.js";
import {
  findApp,
  findRevision,
  nameOf,
  proveByRecord,
  rest,
  restartRevision,
  setVariables,
  threeTimes,
  untilHealthy,
  writeConnection,
} from "./snippets.js";
import { leadEdge } from "./storage-page.js";
import { trafficCommands } from "./traffic-commands.js";

/** Undefined where the environment has no other region: docs/break-glass.md is its page. */
export function regionPage(environment: string, estate: Environment): Page | undefined {
  const { containerApp, redis, keyVault, storage, trafficManager, subscriptionId } = estate;
  const { secondary: app, health, proof } = containerApp;
  const [cache, vault, account] = [redis.secondary, keyVault.secondary, storage.secondary];
  if (
    trafficManager?.secondaryEndpoint === undefined ||
    [app, cache, vault, account].includes(undefined)
  )
    return undefined;
  const [theApp, theCache, theVault, theAccount] = [app, cache, vault, account].map(
    (id) => id ?? "",
  ) as [string, string, string, string];
  const { primaryEndpoint, secondaryEndpoint, publicName } = trafficManager;
  const { endpoints, lead } = trafficCommands(trafficManager);
  const wait = untilHealthy(health.path, health.expectedStatus);
  const isClassic = isClassicCache(theCache);
  return {
    scenario: "region-outage",
    environment,
    title: "region outage",
    when: [
      `Several services of ${estate.primaryRegion} do not answer, and Azure gives no word that they will soon.`,
      "One service alone has a page of its own. A region that is promised back within the hour is waited for.",
      "Two people: what had not reached the other region is lost from the moment at which users write there.",
    ],
    see: [
      {
        what: "See which side users are led to",
        run: endpoints,
        prints: `${primaryEndpoint} Enabled and Degraded, ${secondaryEndpoint} Disabled. Are users on the other side already, stop here`,
      },
      {
        what: "See what Azure says of the region",
        run: rest(
          "get",
          "Microsoft.ResourceHealth",
          `/subscriptions/${subscriptionId}/providers/Microsoft.ResourceHealth/events`,
          "--query \"value[?properties.status=='Active'].{title:properties.title,since:properties.impactStartTime}\" -o table",
        ),
        prints: "an announcement of the region; nothing is announced in the first minutes",
      },
      ...findApp(theApp),
      {
        what: "Ask the other side's app for its health",
        run: `curl -s -m 10 -w '\\n%{http_code}\\n' "https://$FQDN${health.path}"`,
        prints:
          "an answer. It need not be well yet: its cache may be a replica, which takes no writes",
      },
    ],
    act: [
      {
        what: "Let the other side's app keep enough replicas for all users",
        run: [
          rest("get", "Microsoft.App", "$APP", "--query properties.template > template.json"),
          `jq '.scale.minReplicas = ([.scale.minReplicas // 0, ${containerApp.secondaryReplicas}] | max) | .revisionSuffix = "by-hand-'$RANDOM'" | {properties: {template: .}}' template.json > change.json`,
          rest("patch", "Microsoft.App", "$APP", "--body @change.json"),
        ].join("\n"),
        prints: "nothing, or the app",
        changes: true,
      },
      ...(isClassic ? unlinkReplica(redis.primary, theCache) : []),
      ...(isClassic ? [writeConnection(theCache, theVault, redis.connectionSecret)] : []),
      {
        what: "See that the other side's vault has every secret",
        run: `az rest --method get --resource https://vault.azure.net --url "\${VAULT:-https://${nameOf(theVault)}.vault.azure.net/}secrets?api-version=7.4" --query "value[].id" -o tsv`,
        prints:
          "their names. What is missing comes from the newest set of the backup account: `az keyvault secret restore`",
      },
      setVariables({
        KEY_VAULT_URL: `https://${nameOf(theVault)}.vault.azure.net/`,
        STORAGE_ACCOUNT_URL: `https://${nameOf(theAccount)}.blob.core.windows.net`,
      }),
      ...leadEdge(estate, nameOf(theAccount)),
      { what: "Wait a minute for the new revision", run: "sleep 60", prints: "nothing" },
      findRevision,
      { ...restartRevision, what: "Restart it, so that it reads the connection string" },
      {
        what: "Wait until the other side's app is well",
        run: wait,
        prints: `${health.expectedStatus} at last. Else **touch no endpoint**`,
      },
      ...proveByRecord(proof),
      ...lead(
        secondaryEndpoint,
        primaryEndpoint,
        ", or users go back to older data as soon as its region answers",
      ),
    ],
    lost: "What had not reached the other region: cache entries of the last seconds where the other cache is a replica, else all since they were copied; secrets and blobs since their last copy there. `GET /api/backups` says how old the sets are, where the service answers.",
    verify: [
      {
        what: "See which side users are led to",
        run: endpoints,
        prints: `${secondaryEndpoint} Enabled and Online, ${primaryEndpoint} Disabled`,
      },
      {
        what: "Ask for the health of the app three times in a row",
        run: threeTimes(health.path),
        prints: `${health.expectedStatus}, three times`,
      },
      ...(publicName === undefined
        ? []
        : [
            {
              what: "See where the name leads, at several resolvers",
              run: `nslookup ${publicName} 1.1.1.1; nslookup ${publicName} 8.8.8.8`,
              prints: "the address of the other side, after the record's TTL at the latest",
              untried: true as const,
            },
          ]),
    ],
    back: [
      "Leave the primary endpoint disabled until everything is home.",
      `\`POST /api/failbacks {"environment":"${environment}","resource":"region","reason":"…"}\` brings data home first, proves the primary app, then leads users there. By hand: the page of the region failback.`,
    ],
  };
}
