import { hostOf } from "../address.js";
import type { Alerting, Environment } from "../estate.js";
import { parseResourceId, sameResource } from "../resource-id.js";
import type { CheckResult, Found, RecoveryScenario } from "./readiness.js";

/** An alert rule of any type, as far as readiness looks at it. */
export interface AlertRuleView {
  readonly id: string;
  readonly enabled: boolean;
  /** What it watches: resources, groups or subscriptions. */
  readonly scopes: readonly string[];
  readonly actionGroups: readonly string[];
}

/** An action group's webhooks. Their addresses carry keys, so only the host is told. */
export interface ActionGroupView {
  readonly id: string;
  readonly enabled: boolean;
  readonly webhooks: readonly {
    readonly host: string;
    readonly path: string;
    readonly commonAlertSchema: boolean;
  }[];
}

export interface AlertFacts {
  readonly estate: Environment;
  readonly alerting: Alerting;
  /** In the order of the estate's rules; undefined where there is none. */
  readonly rules: readonly (AlertRuleView | undefined)[];
  readonly actionGroup: ActionGroupView | undefined;
  /** Where this service is called; undefined outside of a host. */
  readonly address: string | undefined;
}

/** An estate that names no rules: nobody knows whether a failure would be noticed. */
export const noAlerting = (): CheckResult[] => [
  {
    check: "alert-rules",
    found: [
      {
        about: "alerting",
        level: "unknown",
        what: "the estate names no alert rules, so nobody can see whether a failure would start a recovery",
        remedy: "name the action group and the rules under alerting in the estate",
      },
    ],
  },
  { check: "action-group", found: [] },
];

export function alertFindings(facts: AlertFacts): CheckResult[] {
  return [
    { check: "alert-rules", found: ruleFindings(facts) },
    { check: "action-group", found: actionGroupFindings(facts) },
  ];
}

function ruleFindings({ estate, alerting, rules }: AlertFacts): Found[] {
  const watched = resourcesOf(estate);
  const found = alerting.rules.flatMap((id, index): Found[] => {
    const rule = rules[index];
    const scenarios = scenariosIn(rule?.scopes ?? [], watched, estate);
    const find = (level: Found["level"], what: string, remedy: string): Found[] => [
      { about: id, level, what, remedy, ...(scenarios.length === 0 ? {} : { scenarios }) },
    ];
    const name = parseResourceId(id)?.name ?? id;
    if (rule === undefined) {
      return find(
        "not-ready",
        `there is no alert rule ${name}`,
        "make the rule by the deployment templates, or take it out of the estate",
      );
    }
    if (!rule.enabled) {
      return find("not-ready", `the alert rule ${name} is disabled`, "enable the rule");
    }
    if (scenarios.length === 0) {
      return find(
        "degraded",
        `the alert rule ${name} watches nothing that the estate names`,
        "set the rule's scope to a resource of the estate, or take the rule out",
      );
    }
    if (!rule.actionGroups.some((group) => sameResource(group, alerting.actionGroup))) {
      const group = parseResourceId(alerting.actionGroup)?.name ?? alerting.actionGroup;
      return find(
        "not-ready",
        `the alert rule ${name} does not call the action group ${group}`,
        "add the action group to the rule's actions",
      );
    }
    return [];
  });
  const scopes = rules.flatMap((rule) => rule?.scopes ?? []);
  // What a rule that is gone has watched is not known, and its absence is found already.
  return rules.includes(undefined) ? found : [...found, ...unwatched(scopes, watched)];
}

/** The recovery that an alert about a kind of resource starts. */
const startedBy = {
  "container-app": "container-app-failure",
  redis: "redis-failure",
  "key-vault": "key-vault-failure",
  storage: "storage-failure",
  "traffic-manager": "region-outage",
} as const;

interface Watched {
  readonly kind: keyof typeof startedBy;
  readonly ids: readonly string[];
}

/** What an alert can be about, so that it starts a recovery; several ids speak of one resource. */
function resourcesOf(estate: Environment): readonly Watched[] {
  const { containerApp, redis, keyVault, storage, applicationInsights, trafficManager } = estate;
  const both = ({ primary, secondary }: { primary: string; secondary?: string | undefined }) =>
    secondary === undefined ? [primary] : [primary, secondary];
  return [
    {
      kind: "container-app",
      ids: [
        ...both(containerApp),
        applicationInsights.component,
        ...applicationInsights.availabilityTests,
      ],
    },
    { kind: "redis", ids: both(redis) },
    { kind: "key-vault", ids: both(keyVault) },
    { kind: "storage", ids: both(storage) },
    ...(trafficManager === undefined
      ? []
      : [{ kind: "traffic-manager", ids: [trafficManager.profile] } as const]),
  ];
}

/** A rule at a group watches all that lies below; one at a subscription watches the platform itself. */
const watches = (scope: string, id: string): boolean =>
  !isSubscription(scope) &&
  `${id.toLowerCase()}/`.startsWith(`${scope.toLowerCase().replace(/\/+$/, "")}/`);

const isSubscription = (scope: string): boolean => /^\/subscriptions\/[^/]+\/?$/i.test(scope);

function scenariosIn(
  scopes: readonly string[],
  watched: readonly Watched[],
  { subscriptionId }: Pick<Environment, "subscriptionId">,
): RecoveryScenario[] {
  const all: RecoveryScenario[] = watched
    .filter(({ ids }) => ids.some((id) => scopes.some((scope) => watches(scope, id))))
    .map(({ kind }) => startedBy[kind]);
  // Service Health speaks of a subscription, and is evidence of a region's outage.
  if (scopes.some((scope) => sameResource(scope, `/subscriptions/${subscriptionId}`))) {
    all.push("region-outage");
  }
  return [...new Set(all)];
}

function unwatched(scopes: readonly string[], watched: readonly Watched[]): Found[] {
  return watched
    .filter(({ ids }) => !ids.some((id) => scopes.some((scope) => watches(scope, id))))
    .map(({ kind, ids }) => ({
      about: ids[0] ?? kind,
      level: "degraded",
      what: `no alert rule watches ${parseResourceId(ids[0] ?? "")?.name ?? kind}, so its failure starts no recovery by itself`,
      remedy:
        "make a rule for it by the deployment templates, and name it under alerting in the estate",
      scenarios: [startedBy[kind]],
    }));
}

function actionGroupFindings({ alerting, actionGroup, address }: AlertFacts): Found[] {
  const find = (level: Found["level"], what: string, remedy: string): Found[] => [
    { about: alerting.actionGroup, level, what, remedy },
  ];
  const name = parseResourceId(alerting.actionGroup)?.name ?? alerting.actionGroup;
  if (actionGroup === undefined) {
    return find(
      "not-ready",
      `there is no action group ${name}`,
      "make it by the deployment templates, or correct alerting.actionGroup in the estate",
    );
  }
  if (!actionGroup.enabled) {
    return find("not-ready", `the action group ${name} is disabled`, "enable the action group");
  }
  if (address === undefined) {
    return find(
      "unknown",
      "this service does not know its own address, so nobody can see whether the action group calls it",
      "set the app setting ALERT_HOSTNAME to the host that action groups call",
    );
  }
  const host = hostOf(address);
  const ours = actionGroup.webhooks.filter(
    (webhook) => webhook.host === host && /\/api\/alerts\/?$/.test(webhook.path),
  );
  if (ours.length === 0) {
    const others = [
      ...new Set(actionGroup.webhooks.map((webhook) => `${webhook.host}${webhook.path}`)),
    ];
    const calls = others.length === 0 ? "calls no webhook" : `calls ${others.join(", ")}`;
    return find(
      "not-ready",
      `the action group ${name} ${calls}, not /api/alerts of ${host}`,
      `lead its webhook to https://${host}/api/alerts, with the function key or as a secure webhook`,
    );
  }
  if (!ours.some(({ commonAlertSchema }) => commonAlertSchema)) {
    return find(
      "not-ready",
      `the action group ${name} calls this service without the common alert schema, which is refused`,
      "turn the common alert schema on for the webhook",
    );
  }
  return [];
}
