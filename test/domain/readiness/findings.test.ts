import fc from "fast-check";
import { Notifications } from "../../../src/domain/channel.js";
import { hours, minutes, seconds } from "../../../src/domain/duration.js";
import { earlierBy, type Instant } from "../../../src/domain/instant.js";
import {
  alertFindings,
  noAlerting,
  type AlertFacts,
} from "../../../src/domain/readiness/alert-findings.js";
import { driftBetween, type AppConfiguration } from "../../../src/domain/readiness/app-drift.js";
import { backupFindings, type BackupFacts } from "../../../src/domain/readiness/backup-findings.js";
import { evaluationId, isEvaluation } from "../../../src/domain/readiness/evaluation.js";
import type { CheckResult } from "../../../src/domain/readiness/readiness.js";
import {
  geoLagFinding,
  geoLinkFinding,
} from "../../../src/domain/readiness/replication-findings.js";
import {
  creationFinding,
  nameFindings,
  resourceFindings,
} from "../../../src/domain/readiness/resource-findings.js";
import {
  missingActions,
  neededRights,
  rightsFindings,
} from "../../../src/domain/readiness/rights.js";
import { channelFinding, clockFinding } from "../../../src/domain/readiness/service-findings.js";
import { noStandby, standbyFindings } from "../../../src/domain/readiness/standby-findings.js";
import {
  groupFindings,
  noTraffic,
  sideInUse,
  trafficFindings,
  type TrafficFacts,
} from "../../../src/domain/readiness/traffic-findings.js";
import { grantsOf, serviceRole } from "../../../src/domain/service-roles.js";
import { sampleEstate } from "../../support/estates.js";

const now: Instant = "2026-11-22T14:00:00.000Z";
const estate = sampleEstate().environments.production!;
const front = estate.trafficManager!;

/** Check, level and text of each finding, for short expectations. */
const said = (...results: readonly CheckResult[]): readonly string[] =>
  results.flatMap(({ check, found }) =>
    found.map(({ level, what, remedy }) => {
      expect(remedy).not.toBe("");
      return `${check} ${level}: ${what}`;
    }),
  );

describe("rights", () => {
  const contributor = { actions: ["*"], notActions: ["Microsoft.Authorization/*/Write"] };

  it("are held against wildcards and what a role excludes", () => {
    const assign = "Microsoft.Authorization/roleAssignments/write";
    const write = "Microsoft.App/containerApps/write";

    expect(missingActions([write, assign], [contributor])).toEqual([assign]);
    expect(
      missingActions([write], [{ actions: ["Microsoft.App/*/write"], notActions: [] }]),
    ).toEqual([]);
    expect(
      missingActions([write], [{ actions: ["microsoft.app/containerapps/*"], notActions: [] }]),
    ).toEqual([]);
    expect(
      missingActions([write], [{ actions: ["Microsoft.App/containerApps"], notActions: [] }]),
    ).toEqual([write]);
    // What one role excludes another may give.
    const both = [contributor, { actions: [assign], notActions: [] }];
    expect(missingActions([assign], both)).toEqual([]);
    expect(missingActions([write], [])).toEqual([write]);
  });

  it("never miss what a wildcard for everything gives", () => {
    const all = neededRights(estate).flatMap(({ actions }) => actions);
    fc.assert(
      fc.property(fc.subarray([...all]), (some) => {
        expect(missingActions(some, [{ actions: ["*"], notActions: [] }])).toEqual([]);
      }),
    );
  });

  it("are needed at every resource of the estate, at the subscription and where things are made", () => {
    const scopes = neededRights(estate).map(({ scope }) => scope);

    expect(scopes).toEqual(
      expect.arrayContaining([
        estate.containerApp.primary,
        estate.redis.secondary,
        estate.keyVault.secondary,
        estate.storage.primary,
        front.profile,
        estate.frontDoor?.profile,
        `/subscriptions/${estate.subscriptionId}`,
        `/subscriptions/${estate.subscriptionId}/resourceGroups/mcp-server-prod-dr`,
      ]),
    );
    const classic = {
      ...estate,
      redis: { ...estate.redis, recovery: { ...estate.redis.recovery, first: "classic" as const } },
    };
    expect(neededRights(classic).at(-1)?.actions).toContain("Microsoft.Cache/redis/write");
    expect(neededRights(estate).at(-1)?.actions).toContain("Microsoft.Cache/redisEnterprise/write");
  });

  it("are all granted by the roles of the service", () => {
    for (const [name, environment] of Object.entries(sampleEstate().environments)) {
      const grants = grantsOf(environment);
      const held = (scope: string) =>
        grants
          .filter((grant) => `${scope}/`.toLowerCase().startsWith(`${grant.scope}/`.toLowerCase()))
          .map(({ role }) => ({
            actions: Object.keys(serviceRole(role).actions),
            notActions: [],
          }));

      for (const { scope, actions } of neededRights(environment)) {
        expect([name, scope, missingActions(actions, held(scope))]).toEqual([name, scope, []]);
      }
    }
  });

  it("that are missing are named with the role that has them", () => {
    const [needed] = neededRights(estate);

    expect(rightsFindings(needed!, [{ actions: ["*"], notActions: [] }])).toEqual([]);
    expect(rightsFindings(needed!, [{ actions: ["*/read"], notActions: [] }])[0]?.what).toContain(
      "no role that allows Microsoft.App/containerApps/write",
    );
    expect(rightsFindings(needed!, undefined)[0]).toMatchObject({
      level: "not-ready",
      what: "this service has no role at all at containerApps/mcp-server-prod",
      remedy: expect.stringContaining("Disaster recovery: container apps") as unknown,
    });
  });
});

describe("backups", () => {
  const fact = (more: Partial<BackupFacts> = {}): BackupFacts => ({
    kind: "redis",
    interval: minutes(30),
    rpo: hours(1),
    newest: { set: "redis/x/1/", takenAt: earlierBy(now, minutes(20)), observed: true },
    problems: [],
    proof: { at: earlierBy(now, hours(20)) },
    ...more,
  });
  const of = (more: Partial<BackupFacts> & { newest?: BackupFacts["newest"] } = {}) =>
    said(...backupFindings([fact(more)], now, hours(24)));
  const old = { set: "redis/x/1/", takenAt: earlierBy(now, minutes(61)), observed: true };
  const problem = { set: "redis/x/2/", problem: "altered" } as const;

  it("are well while they are young, usable, seen to be of the right side and often enough", () => {
    expect(of()).toEqual([]);
    expect(of({ interval: minutes(31) })[0]).toMatch(/^backup-schedule degraded: .* every 31 min/);
  });

  it("are too old after the RPO, and useless where none can be used", () => {
    expect(of({ newest: old })).toEqual([
      "backup-age not-ready: the newest redis set is 1 h 01 min old; the RPO is 1 h 00 min",
    ]);
    const { newest: _none, ...none } = fact();
    const without = (more: object) =>
      said(...backupFindings([{ ...none, ...more }], now, hours(24)));
    expect(without({})).toEqual([
      "backup-usable not-ready: there is no redis set that can be used",
    ]);
    expect(without({ problems: [problem] })[0]).toContain(
      "redis/x/2/: the manifest or a part of it",
    );
  });

  it("are worse where a newer set cannot be used, or nobody saw which side was in use", () => {
    expect(of({ problems: [problem] })[0]).toMatch(/^backup-usable degraded: a newer redis set/);
    expect(of({ newest: { ...fact().newest!, observed: false } })[0]).toContain(
      "only taken to be in use",
    );
  });

  it("are held to a proof of late, once a night has had the time to make one", () => {
    expect(of({ proof: { at: earlierBy(now, hours(23)) } })).toEqual([]);
    expect(of({ proof: { at: earlierBy(now, hours(25)) } })[0]).toMatch(
      /^backup-proof degraded: the last proof/,
    );
    expect(of({ proof: {} })).toEqual([]);
    const noPlace = { why: "it has purge protection", remedy: "make another", isNamed: true };
    expect(of({ proof: { noPlace } })[0]).toMatch(
      /^backup-proof degraded: .* sets stay verified, .*: it has purge protection/,
    );
    expect(of({ proof: { noPlace: { ...noPlace, isNamed: false } } })).toEqual([]);
    expect(of({ proof: { firstTakenAt: earlierBy(now, hours(47)) } })).toEqual([]);
    expect(of({ proof: { firstTakenAt: earlierBy(now, hours(49)) } })[0]).toContain(
      "was ever proven",
    );
  });
});

describe("traffic", () => {
  const profile = (more: Partial<TrafficFacts> = {}): TrafficFacts => ({
    ...{ enabled: true, routing: "Priority", ttl: seconds(30) },
    endpoints: [
      { name: "eastus", type: "external", enabled: true, priority: 1 },
      { name: "westus", type: "external", enabled: false, priority: 2 },
    ],
    ...more,
  });
  const switched = (eastus: boolean, westus: boolean) => {
    const [one, two] = profile().endpoints;
    return {
      endpoints: [
        { ...one!, enabled: eastus },
        { ...two!, enabled: westus },
      ],
    };
  };
  const of = (
    more: Partial<TrafficFacts> = {},
    standbyEndpoint: "enabled" | "disabled" = "disabled",
  ) => said(...trafficFindings({ ...front, standbyEndpoint }, profile(more), seconds(60)));

  it("is well as the estate says, whichever side is in use", () => {
    expect(of()).toEqual([]);
    expect(of(switched(false, true))).toEqual([]);
    expect(of(switched(true, true), "enabled")).toEqual([]);
    expect(noTraffic().flatMap(({ found }) => found)).toEqual([]);
  });

  it("is not well where an endpoint is switched another way", () => {
    expect(of(switched(true, true))[0]).toMatch(
      /standby endpoint westus is enabled.*before its data/,
    );
    expect(of(switched(true, false), "enabled")[0]).toMatch(
      /westus is disabled.*until somebody enables/,
    );
    expect(of(switched(false, false))).toEqual([
      "traffic-endpoints not-ready: every endpoint is disabled: the users' name does not resolve",
    ]);
    expect(of({ enabled: false })[0]).toContain("the profile is disabled");
    const [one] = profile().endpoints;
    expect(of({ endpoints: [one!] })).toEqual([
      "traffic-endpoints not-ready: the profile has no endpoint westus",
    ]);
    expect(of({ endpoints: [] })).toHaveLength(2);
  });

  it("is not well by method, type or time to live", () => {
    expect(of({ routing: "Performance" })[0]).toMatch(/^traffic-routing degraded/);
    expect(of({ ttl: seconds(61) })[0]).toMatch(/^traffic-ttl degraded/);
    const nested = profile().endpoints.map((each) => ({ ...each, type: "nested" }));
    expect(of({ endpoints: nested })).toHaveLength(2);
    expect(said(...trafficFindings(front, undefined, seconds(60)))).toEqual([
      "traffic-routing not-ready: there is no such Traffic Manager profile",
    ]);
    const { secondaryEndpoint: _other, ...alone } = front;
    const [one] = profile().endpoints;
    expect(said(...trafficFindings(alone, profile({ endpoints: [one!] }), seconds(60)))).toEqual(
      [],
    );
  });

  it("leads to the first by priority where both are on", () => {
    const both = switched(true, true).endpoints;
    expect(sideInUse(front, { endpoints: both })).toBe("primary");
    const [one, two] = both;
    expect(sideInUse(front, { endpoints: [{ ...one!, priority: 3 }, two!] })).toBe("secondary");
    expect(
      sideInUse(front, {
        endpoints: [
          { ...one!, priority: undefined },
          { ...two!, priority: undefined },
        ],
      }),
    ).toBe("primary");
    expect(sideInUse(front, switched(false, true))).toBe("secondary");
    expect(sideInUse(front, { endpoints: [] })).toBe("primary");
  });

  it("cannot be moved from within the region that is down", () => {
    const group = (region: string) => ({
      group: "/subscriptions/s/resourceGroups/g",
      region,
      holds: ["mcp-traffic", "mcp-app"],
    });
    expect(said(groupFindings([group("westus"), group("East US")], "eastus"))).toEqual([
      "resource-group-region not-ready: the resource group g lies in eastus: while that is down, mcp-traffic, mcp-app cannot be changed",
    ]);
  });
});

describe("the standby app", () => {
  const app = (name: string, more: Partial<AppConfiguration> = {}): AppConfiguration => ({
    ...{ id: `/apps/${name}`, name, provisioningState: "Succeeded", runningStatus: "Running" },
    ...{ latestReadyRevision: `${name}--1`, minReplicas: 2, maxReplicas: 10, scaleRules: [] },
    ingress: { fqdn: `${name}.example.com`, "target port": "8080" },
    containers: [
      {
        ...{ name: "mcp", image: "mcp:1", probes: { Liveness: "http 8080 /health" } },
        variables: [
          { name: "KEY_VAULT_URL", value: `https://${name}.vault.azure.net/` },
          { name: "TOKEN", secret: "token" },
        ],
      },
    ],
    secrets: [{ name: "token", refersTo: "token" }, { name: "own" }],
    ...more,
  });
  const of = (more: Partial<AppConfiguration> = {}, wanted = 2) =>
    said(
      ...standbyFindings({
        ...{ active: app("a"), standby: app("b", more), wantedReplicas: wanted },
        addresses: { KEY_VAULT_URL: "https://b.vault.azure.net", STORAGE_ACCOUNT_URL: undefined },
      }),
    );
  const [container] = app("b").containers;

  it("is well where it differs in its side alone", () => {
    expect(of()).toEqual([]);
    expect(of({ minReplicas: 5 })).toEqual([]);
    expect(noStandby().map(({ check }) => check)).toHaveLength(5);
  });

  it.each([
    [{ minReplicas: 1 }, /^standby-replicas degraded: b keeps 1 replicas/],
    [{ latestReadyRevision: "" }, /^standby-revision not-ready/],
    [{ provisioningState: "Failed" }, /^standby-revision not-ready: .*Failed/],
    [{ runningStatus: "Stopped" }, /^standby-revision not-ready: .*Stopped/],
    [
      { containers: [{ ...container!, image: "mcp:2" }] },
      /^standby-image degraded: b runs mcp:2, and a runs mcp:1/,
    ],
    [
      {
        containers: [
          {
            ...container!,
            variables: [
              { name: "KEY_VAULT_URL", value: "https://a.vault.azure.net" },
              { name: "TOKEN", secret: "token" },
            ],
          },
        ],
      },
      /^standby-variables degraded: KEY_VAULT_URL of b is https:\/\/a\./,
    ],
    [
      {
        containers: [
          {
            ...container!,
            variables: [
              { name: "KEY_VAULT_URL", secret: "x" },
              { name: "TOKEN", secret: "token" },
            ],
          },
        ],
      },
      /^standby-variables degraded: KEY_VAULT_URL of b does not say/,
    ],
    [{ maxReplicas: 3 }, /^configuration-drift degraded: scale maximum: 10 in a, 3 in b/],
    [{ scaleRules: ["http 50"] }, /scale rules/],
    [{ ingress: { "target port": "9090" } }, /ingress target port: 8080 in a, 9090 in b/],
    [
      { secrets: [{ name: "token" }, { name: "own" }] },
      /secret token: the vault's token in a, a value of its own in b/,
    ],
    [{ containers: [{ ...container!, probes: {} }] }, /probe Liveness: .* in a, absent in b/],
  ] as const)("is found where it is %j", (more, wanted) => {
    expect(of(more)[0]).toMatch(wanted);
  });

  it("is compared without a value of any variable", () => {
    const secret = app("a", {
      containers: [{ ...container!, variables: [{ name: "X", value: "hush-hush" }] }],
    });

    expect(JSON.stringify(driftBetween(secret, app("b")))).not.toContain("hush");
    expect(driftBetween(app("a"), app("a"))).toEqual([]);
  });
});

describe("alerting", () => {
  const alerting = estate.alerting!;
  const scopes: Record<string, readonly string[]> = {
    health: [...estate.applicationInsights.availabilityTests],
    redis: [estate.redis.primary],
    vault: [estate.keyVault.primary],
    storage: [estate.storage.primary.toUpperCase()],
    traffic: [front.profile],
    service: [`/subscriptions/${estate.subscriptionId}`],
    errors: [estate.applicationInsights.component],
  };
  const rules = alerting.rules.map((id) => ({
    ...{ id, enabled: true, actionGroups: [alerting.actionGroup.toLowerCase()] },
    scopes: Object.entries(scopes).find(([word]) => id.includes(`-${word}`))?.[1] ?? [],
  }));
  const webhook = { host: "dr.example.com", path: "/api/alerts", commonAlertSchema: true };
  const facts = (more: Partial<AlertFacts> = {}): AlertFacts => ({
    ...{ estate, alerting, rules, address: "https://dr.example.com" },
    actionGroup: { id: alerting.actionGroup, enabled: true, webhooks: [webhook] },
    ...more,
  });
  const of = (more: Partial<AlertFacts> = {}) => said(...alertFindings(facts(more)));
  const bent = (word: string, more: object) =>
    rules.map((rule) => (rule.id.includes(word) ? { ...rule, ...more } : rule));
  const group = (more: object) => ({ actionGroup: { ...facts().actionGroup!, ...more } });

  it("is well where every resource is watched and the group calls this service", () => {
    expect(of()).toEqual([]);
  });

  it("takes a rule of the subscription for one of the region", () => {
    const id = alerting.rules[0]!.replace(/[^/]+$/, "service-health");
    const health = { ...rules[0]!, id, scopes: [`/subscriptions/${estate.subscriptionId}`] };
    const withHealth = (more: object) =>
      alertFindings(
        facts({
          alerting: { ...alerting, rules: [...alerting.rules, id] },
          rules: [...rules, { ...health, ...more }],
        }),
      ).flatMap(({ found }) => found);

    expect(withHealth({})).toEqual([]);
    expect(withHealth({ enabled: false })).toMatchObject([{ scenarios: ["region-outage"] }]);
  });

  it.each([
    [{ rules: bent("redis", { enabled: false }) }, /^alert-rules not-ready: .* is disabled/],
    [{ rules: bent("redis", { actionGroups: [] }) }, /does not call the action group mcp-dr-prod/],
    [
      { rules: rules.map((rule) => (rule.id.includes("redis") ? undefined : rule)) },
      /there is no alert rule mcp-redis/,
    ],
    [
      { rules: bent("redis", { scopes: ["/subscriptions/other"] }) },
      /watches nothing that the estate names/,
    ],
    [group({ enabled: false }), /^action-group not-ready: .* is disabled/],
    [{ actionGroup: undefined }, /there is no action group/],
    [{ address: undefined }, /^action-group unknown: .* its own address/],
    [
      group({ webhooks: [{ ...webhook, host: "old.example.com" }] }),
      /calls old\.example\.com\/api\/alerts, not/,
    ],
    [
      group({ webhooks: [{ ...webhook, path: "/api/other" }] }),
      /calls dr\.example\.com\/api\/other/,
    ],
    [group({ webhooks: [] }), /calls no webhook/],
    [
      group({ webhooks: [{ ...webhook, commonAlertSchema: false }] }),
      /without the common alert schema/,
    ],
  ] as const)("is found: %#", (more, wanted) => {
    expect(of(more as Partial<AlertFacts>)[0]).toMatch(wanted);
  });

  it("misses the resource that no rule watches", () => {
    const without = (word: string, of_: typeof estate = estate) => {
      const left = rules.filter(({ id }) => !id.includes(word));
      const named = { ...alerting, rules: left.map(({ id }) => id) };
      return of({ estate: of_, alerting: named, rules: left });
    };

    expect(without("redis")).toEqual([
      "alert-rules degraded: no alert rule watches mcp-redis-prod, so its failure starts no recovery by itself",
    ]);
    const { trafficManager: _none, ...rest } = estate;
    expect(without("traffic", rest)).toEqual([]);
    const group = estate.redis.primary.split("/").slice(0, 5).join("/");
    expect(of({ rules: bent("redis", { scopes: [group] }) })).toEqual([]);
  });

  it("is unknown where the estate names no rules", () => {
    expect(said(...noAlerting())[0]).toMatch(/^alert-rules unknown/);
  });
});

describe("resources, replicas and the service itself", () => {
  it("are found where they are not there, or not as they should be", () => {
    const scenarios = ["redis-failure"] as const;
    const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Cache/redis/r";

    expect(said(resourceFindings([{ id, state: "Succeeded", scenarios }]))).toEqual([]);
    expect(said(resourceFindings([{ id, state: undefined, scenarios }]))[0]).toContain(
      "does not exist",
    );
    expect(said(resourceFindings([{ id, state: "Failed", scenarios }]))[0]).toContain(
      "r, which the estate names as secondary, is Failed",
    );
  });

  it("have names that are free, or ours", () => {
    const name = { name: "spare", id: "/x/spare", scenarios: ["storage-failure"] as const };

    expect(said(nameFindings([name]))).toEqual([]);
    expect(said(nameFindings([{ ...name, why: "taken", takenBy: "/X/spare" }]))).toEqual([]);
    expect(said(nameFindings([{ ...name, why: "taken" }]))[0]).toMatch(/^reserved-names degraded/);
    expect(said(nameFindings([{ ...name, why: "taken", takenBy: "/y" }]))).toHaveLength(1);
  });

  it("can be created where there is one of the kind, and of others nobody knows", () => {
    expect(said(creationFinding("/subscriptions/s", 1))).toEqual([]);
    expect(said(creationFinding("/subscriptions/s", 0))[0]).toMatch(/^cache-creation unknown/);
  });

  it("lag behind by no more than the RPO", () => {
    const geo = { account: "/a/mcp", status: "Live", rpo: hours(1), preferred: false };
    const lag = (more: object) =>
      said(geoLagFinding({ ...geo, lastSyncAt: undefined, ...more }, now));

    expect(said(geoLagFinding(undefined, now))).toEqual([]);
    expect(lag({ lastSyncAt: earlierBy(now, minutes(59)) })).toEqual([]);
    expect(lag({ lastSyncAt: earlierBy(now, minutes(61)) })[0]).toMatch(
      /degraded: .*until 1 h 01 min ago/,
    );
    expect(lag({ preferred: true })[0]).toMatch(/not-ready: .*nothing is known to be copied/);
    expect(said(geoLinkFinding(undefined))).toEqual([]);
    const link = { primary: "/c/one", secondary: "/c/two" };
    expect(said(geoLinkFinding({ ...link, state: "Linked" }))).toEqual([]);
    expect(said(geoLinkFinding({ ...link, state: undefined }))[0]).toContain("is not linked with");
    expect(said(geoLinkFinding({ ...link, state: "Failed" }))[0]).toContain("is Failed");
  });

  it("tell the time and tell people", () => {
    expect(said(clockFinding(seconds(60)))).toEqual([]);
    expect(said(clockFinding(seconds(61)))[0]).toContain("1 min 01 s ahead of Azure's");
    expect(said(clockFinding(-90_000))[0]).toContain("behind Azure's");
  });

  it("tell people by channels whose secrets are set", () => {
    const channels = [
      { kind: "webhook", name: "hook", url: "https://hooks.example.com" },
      { kind: "teams", name: "teams" },
      { kind: "slack", name: "slack" },
      { kind: "pagerduty", name: "pager", routingKey: "NOTIFICATION_OTHER" },
      { kind: "smtp", name: "mail", host: "smtp.example.com", sender: "dr@example.com", user: "u" },
      { kind: "smtp", name: "relay", host: "smtp.example.com", sender: "dr@example.com" },
      {
        ...{ kind: "azure-email", name: "azure", sender: "dr@example.com" },
        endpoint: "https://mcp.communication.azure.com",
      },
    ];
    const notifications = Notifications.parse({ channels });

    expect(said(channelFinding({ notifications }, () => true))).toEqual([]);
    const without = said(channelFinding({ notifications }, () => false));
    expect(without.map((text) => /setting (\w+) /.exec(text)?.[1])).toEqual([
      ...["NOTIFICATION_WEBHOOK_KEY", "NOTIFICATION_TEAMS_ADDRESS", "NOTIFICATION_SLACK_ADDRESS"],
      ...["NOTIFICATION_OTHER", "NOTIFICATION_SMTP_PASSWORD"],
    ]);
    expect(said(channelFinding({}, () => true))[0]).toContain("names no channel");
  });

  it("are evaluated by instances that are no runs", () => {
    const at = "2026-11-22T14:00:00.250Z";
    const of = (weight: "light" | "all") => evaluationId({ environment: "production", weight }, at);

    expect(of("light")).toBe("readiness-production-light-20261122T140000Z");
    expect(of("all")).toBe("readiness-production-all-20261122T140000250Z");
    expect([isEvaluation(of("all")), isEvaluation("redis-failure-x")]).toEqual([true, false]);
  });
});
