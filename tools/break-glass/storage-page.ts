import type { Environment } from "../../src/domain/estate.js";
import type { Command, Page } from "./page.js";
import {
  findApp,
  groupOf,
  nameOf,
  setVariables,
  threeTimes,
  untilHealthy,
  rest,
} from "./snippets.js";

/** Leads the origin of the edge, its host name and its host header. */
export function leadEdge({ frontDoor }: Environment, account: string): readonly Command[] {
  if (frontDoor === undefined) return [];
  const group = `${frontDoor.profile}/originGroups/${frontDoor.originGroup}`;
  const host = `${account}.blob.core.windows.net`;
  return [
    {
      what: "Lead the edge to the account: the origin's host name and its host header",
      run: [
        `ORIGIN=$(${rest("get", "Microsoft.Cdn", `${group}/origins`, '--query "value[0].id" -o tsv')})`,
        rest(
          "patch",
          "Microsoft.Cdn",
          "$ORIGIN",
          `--body '{"properties":{"hostName":"${host}","originHostHeader":"${host}"}}'`,
        ),
      ].join("\n"),
      prints:
        "nothing, or the origin; the edge takes some minutes. Purge it afterwards: `az afd endpoint purge --content-paths '/*'`",
      changes: true,
    },
  ];
}

export function storagePage(environment: string, estate: Environment): Page {
  const { storage, containerApp } = estate;
  const { primary, secondary } = storage;
  const { health } = containerApp;
  const of = (id: string): string => `-g ${groupOf(id)} -n ${nameOf(id)}`;
  const wait = untilHealthy(health.path, health.expectedStatus);
  const failOver: Command = {
    what: "Only where there is no other way, and Azure still shows `canFailover`: fail the account over, once",
    run: `az storage account failover ${of(primary)} --yes --no-wait`,
    prints:
      "nothing. **Never send it twice: a second one fails back.** First look whether one is under way: `failoverInProgress`",
    changes: true,
  };
  return {
    scenario: "storage-failure",
    environment,
    title: "storage failure",
    when: [
      `Neither the app nor the edge can read ${nameOf(primary)}.`,
      "Do not fail the account over at once: it loses what is newer than its last sync, and takes about an hour.",
    ],
    see: [
      ...findApp(containerApp.primary),
      {
        what: "Ask the app for its health",
        run: `curl -s -m 10 "https://$FQDN${health.path}"`,
        prints: `the check \`${storage.healthCheck}\` as failing`,
      },
      {
        what: "Look at the account",
        run: `az storage account show ${of(primary)} --expand geoReplicationStats --query "{sku:sku.name,primary:statusOfPrimary,failingOver:failoverInProgress,synced:geoReplicationStats.lastSyncTime,canFailover:geoReplicationStats.canFailover}"`,
        prints:
          "`unavailable` as the state of the primary; what is newer than `synced` a failover would lose",
      },
      ...(secondary === undefined
        ? []
        : [
            {
              what: "Look at the other account",
              run: `az storage account show ${of(secondary)} --query "{primary:statusOfPrimary,location:primaryLocation}"`,
              prints: "`available`",
            },
          ]),
    ],
    act: [
      ...(secondary === undefined
        ? []
        : [
            {
              what: "Bring the newest backup into the other account, where that lacks it",
              run: storage.containers
                .map(
                  (container) =>
                    `azcopy copy "https://<backup account>.blob.core.windows.net/${container}-backup-<yyyymmdd>/<set>/*" "https://${nameOf(secondary)}.blob.core.windows.net/${container}" --recursive --overwrite=ifSourceNewer`,
                )
                .join("\n"),
              prints: "how many blobs were copied",
              changes: true as const,
              untried: true as const,
            },
            setVariables({
              STORAGE_ACCOUNT_URL: `https://${nameOf(secondary)}.blob.core.windows.net`,
            }),
            ...leadEdge(estate, nameOf(secondary)),
            {
              what: "Wait until the app is well",
              run: wait,
              prints: `${health.expectedStatus} at last`,
            },
          ]),
      failOver,
      {
        what: "Only after that: wait until the failover is through, which takes about an hour",
        run: [
          "for i in $(seq 40); do",
          `  STATE=$(az storage account show ${of(primary)} --query "[statusOfPrimary,failoverInProgress]" -o tsv | paste -sd' ')`,
          '  echo "$STATE"; case "$STATE" in available*[Tt]rue) ;; available*) break ;; esac',
          "  sleep 180",
          "done",
        ].join("\n"),
        prints: "`available`, and no failover in progress",
      },
    ],
    lost: "On the other account: what was written since the newest copy there. By a failover: what is newer than `synced`; the account is locally redundant afterwards.",
    verify: [
      {
        what: "Ask for the app's health three times in a row",
        run: threeTimes(health.path),
        prints: `${health.expectedStatus}, three times`,
      },
    ],
    back: [
      `\`POST /api/failbacks {"environment":"${environment}","resource":"storage","reason":"…"}\` compares both accounts and brings newer blobs home.${secondary === undefined ? "" : " By hand: the page of the storage failback."} After a failover: \`az storage account update --sku Standard_RAGRS\`, wait for the sync, then a planned failover.`,
    ],
  };
}
