import type { CheckResult, Found } from "./readiness.js";
import { driftBetween, type AppConfiguration } from "./app-drift.js";
import { sameHost } from "../address.js";

/** What is seen of the two apps of an environment. */
export interface StandbyFacts {
  readonly active: AppConfiguration;
  readonly standby: AppConfiguration;
  /** How many replicas the estate wants the standby to keep. */
  readonly wantedReplicas: number;
  /** The addresses of the vault and the account of the standby's side; absent where there are none to be seen. */
  readonly addresses: Readonly<Record<string, string | undefined>>;
}

const checks = [
  "standby-replicas",
  "standby-revision",
  "standby-image",
  "standby-variables",
  "configuration-drift",
] as const;

/** The same checks where there is no standby app. */
export const noStandby = (): CheckResult[] => checks.map((check) => ({ check, found: [] }));

/** Whether the app that is not in use could take over as it stands. */
export function standbyFindings(facts: StandbyFacts): CheckResult[] {
  const { standby } = facts;
  const about = standby.id;
  const of: Record<(typeof checks)[number], Omit<Found, "about">[]> = {
    "standby-replicas": replicas(facts),
    "standby-revision": revision(standby),
    "standby-image": image(facts),
    "standby-variables": variables(facts),
    "configuration-drift": drift(facts),
  };
  return checks.map((check) => ({
    check,
    found: of[check].map((each) => ({ about, ...each })),
  }));
}

type Said = Omit<Found, "about">;

function replicas({ standby, wantedReplicas }: StandbyFacts): Said[] {
  const { name, minReplicas } = standby;
  if (minReplicas >= wantedReplicas) return [];
  return [
    {
      level: "degraded",
      what: `${name} keeps ${minReplicas} replicas; the estate wants ${wantedReplicas}`,
      remedy: `set the app's minimum of replicas to ${wantedReplicas}, or correct containerApp.secondaryReplicas in the estate`,
    },
  ];
}

function revision({
  name,
  latestReadyRevision,
  provisioningState,
  runningStatus,
}: AppConfiguration): Said[] {
  const runs = latestReadyRevision !== undefined && latestReadyRevision !== "";
  if (runs && provisioningState !== "Failed" && !/^(Stopped|Suspended)$/.test(runningStatus))
    return [];
  return [
    {
      level: "not-ready",
      what: `${name} runs no revision that is ready (${provisioningState}, ${runningStatus})`,
      remedy:
        "start the app, or bring a revision up that becomes ready; the app's revisions in the portal say why one does not",
    },
  ];
}

function image({ active, standby }: StandbyFacts): Said[] {
  const [here, there] = [active, standby].map(({ containers }) =>
    containers.map((container) => container.image).join(", "),
  );
  if (here === there) return [];
  return [
    {
      level: "degraded",
      what: `${standby.name} runs ${there ?? ""}, and ${active.name} runs ${here ?? ""}`,
      remedy: "deploy the same image to both apps",
    },
  ];
}

function variables({ standby, addresses }: StandbyFacts): Said[] {
  return Object.entries(addresses).flatMap(([name, wanted]) => {
    if (wanted === undefined) return [];
    const told = standby.containers
      .flatMap(({ variables: all }) => all)
      .find((variable) => variable.name === name);
    if (told?.value !== undefined && sameHost(told.value, wanted)) return [];
    const is = told?.value === undefined ? "does not say" : `is ${told.value}`;
    return [
      {
        level: "degraded" as const,
        what: `${name} of ${standby.name} ${is}; its side has ${wanted}. A recovery has to make a new revision first`,
        remedy: `set ${name} of ${standby.name} to ${wanted}`,
      },
    ];
  });
}

function drift({ active, standby }: StandbyFacts): Said[] {
  const fields = driftBetween(active, standby);
  if (fields.length === 0) return [];
  const shown = fields.map(
    ({ field, here, there }) =>
      `${field}: ${here ?? "absent"} in ${active.name}, ${there ?? "absent"} in ${standby.name}`,
  );
  return [
    {
      level: "degraded",
      what: shown.join("; ").slice(0, 900),
      remedy: "deploy both apps from one template, so that they differ in nothing but their side",
    },
  ];
}
