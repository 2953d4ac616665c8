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

export const unlinkReplica = (primary: string, secondary: string): readonly Command[] => [
  {
    what: "Unlink the geo-replica, asked of its own side, which makes it a cache of its own",
    run: rest("delete", "Microsoft.Cache", `${secondary}/linkedServers/${nameOf(primary)}`),
    prints: "nothing; 404 means that it is linked no more",
    changes: true,
  },
  {
    what: "Wait until it is unlinked and can be written to",
    run: [
      "for i in $(seq 48); do",
      `  ${keep("LINKS", rest("get", "Microsoft.Cache", secondary, "--query 'length(properties.linkedServers || `[]`)' -o tsv"))}`,
      '  echo "$LINKS"; [ "$LINKS" = 0 ] && break',
      "  sleep 10",
      "done",
    ].join("\n"),
    prints: "numbers, and 0 at last",
  },
];

export function redisPage(environment: string, estate: Environment): Page {
  const { redis, containerApp, keyVault } = estate;
  const { primary, secondary } = redis;
  const { health } = containerApp;
  const isClassic = isClassicCache(primary);
  const of = `-g ${groupOf(primary)} -n ${nameOf(primary)}`;
  const show = isClassic
    ? `az redis show ${of} --query "{state:provisioningState,sku:sku.name,links:linkedServers}"`
    : rest(
        "get",
        "Microsoft.Cache",
        primary,
        '--query "{state:properties.provisioningState,resource:properties.resourceState}"',
      ).replace("2024-11-01", "2025-07-01");
  const reboot: Command[] = isClassic
    ? [
        {
          what: "Reboot the primary node, never all nodes: that loses every key",
          run: `az redis force-reboot ${of} --reboot-type PrimaryNode`,
          prints:
            "a message that the reboot was begun. Of a Basic cache the only node is rebooted, and every key is lost: export first if you can",
          changes: true,
        },
      ]
    : [];
  const move: Command[] =
    secondary === undefined || !isClassic
      ? []
      : [
          ...unlinkReplica(primary, secondary),
          writeConnection(secondary, keyVault.primary, redis.connectionSecret),
          findRevision,
          restartRevision,
          {
            what: "Wait until the app is well on the other cache",
            run: untilHealthy(health.path, health.expectedStatus),
            prints: `${health.expectedStatus} at last`,
          },
        ];
  return {
    scenario: "redis-failure",
    environment,
    title: "Redis failure",
    when: [
      `The health of the app names its cache, ${nameOf(primary)}: connections are refused or time out, and the app itself runs.`,
      "Regenerating a key heals no cache, and cuts off every client that holds the old one: do not.",
    ],
    see: [
      ...findApp(containerApp.primary),
      {
        what: "Ask the app for its health",
        run: `curl -s -m 10 "https://$FQDN${health.path}"`,
        prints: `the check \`${redis.healthCheck}\` as failing`,
      },
      {
        what: "Look at the cache",
        run: show,
        prints: "its state and size; `Succeeded` means that Azure takes it for well",
      },
    ],
    act: [
      ...reboot,
      {
        what: "Wait until the app is well",
        run: untilHealthy(health.path, health.expectedStatus),
        prints: `${health.expectedStatus} at last: go to Verify. After 48 others ${move.length === 0 ? "a new cache has to be made: docs/scenarios/redis-failure.md says which, `POST /api/restores` brings the keys back" : "go on with the other cache"}`,
      },
      ...move,
    ],
    lost: "By the reboot of a primary node with a replica: nothing, but for writes of the last moment. On the other cache: what had not been replicated; where it is no replica, all keys since they were copied there.",
    verify: [
      {
        what: "Ask for the app's health three times in a row",
        run: threeTimes(health.path),
        prints: `${health.expectedStatus}, three times`,
      },
    ],
    back: [
      `When the original is well: \`POST /api/failbacks {"environment":"${environment}","resource":"redis","reason":"…"}\`, which brings the keys home.${secondary === undefined ? "" : " By hand: the page of the Redis failback."}`,
    ],
  };
}
