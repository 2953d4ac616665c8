import type { RecoveryScenario } from "./readiness.js";

/** How often a check is made: `light` every ten minutes, `heavy` every hour. */
export type Weight = "light" | "heavy";

/** One thing that has to be so for a recovery to work. */
export interface ReadinessCheck {
  readonly id: string;
  readonly title: string;
  readonly weight: Weight;
  /** The activity that makes it; all checks of an activity have one weight. */
  readonly group: CheckGroup;
  /** What it stands in the way of, where a finding does not say so more narrowly. */
  readonly scenarios: readonly RecoveryScenario[];
}

/** The activities that make checks, by name. */
export const checkGroups = [
  "checkRights",
  "checkRecoveryResources",
  "checkBackups",
  "checkSecretParity",
  "checkReplication",
  "checkTraffic",
  "checkStandbyApp",
  "checkImages",
  "checkAlerting",
  "checkService",
] as const;
export type CheckGroup = (typeof checkGroups)[number];

const all = [
  "container-app-failure",
  "redis-failure",
  "key-vault-failure",
  "storage-failure",
  "region-outage",
] as const;
const data = ["redis-failure", "key-vault-failure", "storage-failure", "region-outage"] as const;
const region = ["region-outage"] as const;

const group = (
  of: CheckGroup,
  weight: Weight,
  checks: readonly Omit<ReadinessCheck, "group" | "weight">[],
) => checks.map((check) => ({ ...check, group: of, weight }));

/** Every check there is. Documentation, orchestrator and tests go by this list. */
export const readinessChecks: readonly ReadinessCheck[] = [
  ...group("checkRights", "heavy", [
    { id: "control-plane-rights", title: "Rights to change resources", scenarios: all },
    { id: "data-plane-rights", title: "Rights to read data", scenarios: data },
  ]),
  ...group("checkRecoveryResources", "light", [
    { id: "recovery-resources", title: "Recovery resources exist", scenarios: data },
    {
      id: "reserved-names",
      title: "Reserved names are free",
      scenarios: ["key-vault-failure", "storage-failure", "region-outage"],
    },
    {
      id: "cache-creation",
      title: "A cache may be created",
      scenarios: ["redis-failure", "region-outage"],
    },
  ]),
  ...group("checkBackups", "light", [
    { id: "backup-age", title: "Backups are young enough", scenarios: data },
    { id: "backup-usable", title: "The newest backup can be used", scenarios: data },
    { id: "backup-schedule", title: "The schedule honors the RPO", scenarios: data },
    { id: "backup-proof", title: "A restore was proven lately", scenarios: data },
  ]),
  ...group("checkSecretParity", "heavy", [
    {
      id: "secret-parity",
      title: "The standby vault has the same secrets",
      scenarios: ["key-vault-failure", "region-outage"],
    },
  ]),
  ...group("checkReplication", "light", [
    {
      id: "storage-geo-lag",
      title: "Storage is replicated within the RPO",
      scenarios: ["storage-failure", "region-outage"],
    },
    {
      id: "redis-geo-link",
      title: "Linked caches are in step",
      scenarios: ["redis-failure", "region-outage"],
    },
  ]),
  ...group("checkTraffic", "light", [
    { id: "traffic-routing", title: "Traffic Manager routes by priority", scenarios: region },
    {
      id: "traffic-endpoints",
      title: "Endpoints are switched as they should be",
      scenarios: region,
    },
    { id: "traffic-endpoint-type", title: "Endpoints have the estate's type", scenarios: region },
    { id: "traffic-ttl", title: "The DNS time to live is short", scenarios: region },
    {
      id: "resource-group-region",
      title: "Recovery resource groups are outside the primary region",
      scenarios: region,
    },
  ]),
  ...group("checkStandbyApp", "light", [
    { id: "standby-replicas", title: "The standby app keeps its replicas", scenarios: region },
    { id: "standby-revision", title: "The standby app runs a revision", scenarios: region },
    { id: "standby-image", title: "The standby app has the same image", scenarios: region },
    { id: "standby-variables", title: "The standby app uses its own side", scenarios: region },
    { id: "configuration-drift", title: "Both apps are configured alike", scenarios: region },
  ]),
  ...group("checkImages", "heavy", [
    {
      id: "recovery-images",
      title: "The other region has the app's images",
      scenarios: region,
    },
  ]),
  ...group("checkAlerting", "heavy", [
    { id: "alert-rules", title: "Alert rules watch the resources", scenarios: all },
    { id: "action-group", title: "The action group calls this service", scenarios: all },
  ]),
  ...group("checkService", "light", [
    { id: "state-store", title: "The state store can be written", scenarios: all },
    { id: "clock", title: "The clock agrees with Azure's", scenarios: all },
    { id: "notification-channel", title: "People can be told", scenarios: all },
    { id: "recovery-checklist", title: "A recovery is checked in full", scenarios: all },
  ]),
];

/** The activities of an evaluation: all, or those of one weight. */
export const groupsOf = (weight: Weight | "all"): readonly CheckGroup[] =>
  checkGroups.filter((name) =>
    readinessChecks.some(
      (check) => check.group === name && (weight === "all" || check.weight === weight),
    ),
  );

export const checksOf = (name: CheckGroup): readonly ReadinessCheck[] =>
  readinessChecks.filter((check) => check.group === name);

export const checkOf = (id: string): ReadinessCheck | undefined =>
  readinessChecks.find((check) => check.id === id);
