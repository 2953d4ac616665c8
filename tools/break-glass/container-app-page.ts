import type { Environment } from "../../src/domain/estate.js";
import type { Page } from "./page.js";
import {
  findApp,
  findRevision,
  keep,
  nameOf,
  rest,
  restartRevision,
  threeTimes,
  untilHealthy,
} from "./snippets.js";

export function containerAppPage(environment: string, { containerApp }: Environment): Page {
  const { primary, health } = containerApp;
  const wait = untilHealthy(health.path, health.expectedStatus);
  const older =
    ".value | map(select(.properties.createdTime < $since)) | sort_by(.properties.createdTime)[-1].name";
  return {
    scenario: "container-app-failure",
    environment,
    title: "container app failure",
    when: [
      `${nameOf(primary)} answers ${health.path} with an error or not at all, and its cache, vault and storage are well.`,
      "The service is away, or has given up with `needs-operator`.",
      "Not where several services of the region fail: that is the page of the region outage.",
    ],
    see: [
      ...findApp(primary),
      {
        what: "Ask for its health",
        run: `curl -s -m 10 -w '\\n%{http_code}\\n' "https://$FQDN${health.path}"`,
        prints: `what is wrong, and another number than ${health.expectedStatus}; ${health.expectedStatus} means that it is well`,
      },
      {
        what: "List its revisions",
        run: rest(
          "get",
          "Microsoft.App",
          "$APP/revisions",
          '--query "value[].{name:name,active:properties.active,traffic:properties.trafficWeight,created:properties.createdTime,health:properties.healthState,image:properties.template.containers[0].image}" -o table',
        ),
        prints:
          "one line for each; a new revision that came shortly before the failure is the likely cause",
      },
      findRevision,
    ],
    act: [
      restartRevision,
      {
        what: `Wait until it is well`,
        run: wait,
        prints: `numbers, and ${health.expectedStatus} at last: then go to Verify. After 48 others the restart has not helped: go on here`,
      },
      {
        what: "Choose the newest revision that is older than the failing one",
        run: [
          keep(
            "SINCE",
            rest(
              "get",
              "Microsoft.App",
              "$APP/revisions/$REVISION",
              "--query properties.createdTime -o tsv",
            ),
          ),
          keep(
            "GOOD",
            rest(
              "get",
              "Microsoft.App",
              "$APP/revisions",
              `| jq -r --arg since "$SINCE" '${older}'`,
            ),
          ),
          'echo "$GOOD"',
        ].join("\n"),
        prints:
          "its name; if you know that this one failed as well, set GOOD to an older one of the list",
      },
      {
        what: "Activate it",
        run: rest("post", "Microsoft.App", "$APP/revisions/$GOOD/activate"),
        prints:
          "nothing; in multiple-revision mode give it the traffic as well: `az containerapp ingress traffic set`",
        changes: true,
      },
      {
        what: "Wait until it is well on that revision",
        run: wait,
        prints: `${health.expectedStatus} at last`,
      },
      {
        what: "Roll forward with its template, or the next change of a setting builds on the bad one",
        run: [
          rest(
            "get",
            "Microsoft.App",
            "$APP/revisions/$GOOD",
            "--query properties.template > good.json",
          ),
          `jq '.revisionSuffix = "by-hand-'$RANDOM'" | {properties: {template: .}}' good.json > change.json`,
          rest("patch", "Microsoft.App", "$APP", "--body @change.json"),
        ].join("\n"),
        prints: "nothing, or the app",
        changes: true,
      },
      {
        what: "Wait until the new revision is well",
        run: wait,
        prints: `${health.expectedStatus} at last`,
      },
    ],
    lost: "Nothing: the app keeps no data of its own. Requests fail until it is well.",
    verify: [
      {
        what: "Ask for its health three times in a row",
        run: threeTimes(health.path),
        prints: `${health.expectedStatus}, three times`,
      },
    ],
    back: [
      "The revisions stay. To go back to the one that failed, once it is mended, deploy it anew: the template is that of the good one now.",
    ],
  };
}
