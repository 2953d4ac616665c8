import { endpointAlert } from "../../stack/alert.js";
import type { FaultOrder } from "../../../simulator/faults/catalogue.js";
import type { Environment } from "../../../src/domain/estate.js";
import type { Exercise } from "../exercise.js";

const unlink = "linkedServer.delete";
const createManaged = "redisEnterprise.create";
const createDatabase = "databases.create";
const restore = "secrets.restore";
const write = "secrets.set";
const leadEdge = "afdOrigins.update";
const purgeEdge = "afdEndpoints.purgeContent";
const tellApp = "containerApps.update";
const restart = "containerAppsRevisions.restart";
const endpoint = "trafficManagerEndpoints.update";

const goneWith = ({ primaryRegion }: Environment): readonly FaultOrder[] => [
  { name: "region-down", region: primaryRegion },
];

/** The other side's cache is away as well, so a new one is made and filled from a backup. */
const withoutCache = {
  breaks: (environment: Environment): readonly FaultOrder[] => [
    ...goneWith(environment),
    ...(environment.redis.secondary === undefined
      ? []
      : [{ name: "redis-down" as const, resource: environment.redis.secondary }]),
  ],
  backups: ["key-vault", "redis", "blobs"],
  certain: [createManaged, write, leadEdge, restart, endpoint, purgeEdge],
} as const;

/** The whole primary region is away: users are led to the other one, once its data can be written to. */
export const regionOutage: Exercise = {
  scenario: "region-outage",
  environment: "production",
  breaks: goneWith,
  backups: ["key-vault", "blobs"],
  certain: [unlink, write, leadEdge, restart, endpoint, purgeEdge],
  alert: (environment, firedAt) => {
    const { trafficManager } = environment;
    if (trafficManager === undefined) throw new Error("the environment has no profile");
    return endpointAlert(trafficManager.profile, firedAt);
  },
  changes: [
    ...[unlink, createManaged, createDatabase, restore, write, leadEdge],
    ...[purgeEdge, tellApp, restart, endpoint],
  ],
  longChanges: [leadEdge, purgeEdge],
  repeatable: [
    ...[unlink, createManaged, createDatabase, restore, write, leadEdge],
    ...[purgeEdge, tellApp, restart, endpoint],
  ],
  unlogged: ["import-over"],
  missingRole: ({ trafficManager }) =>
    trafficManager === undefined
      ? []
      : [{ name: "role-missing", resource: trafficManager.profile }],
  courses: {
    "cache-refused": withoutCache,
    "newest-set-corrupt": withoutCache,
    "no-set": withoutCache,
  },
  spared: {
    "vault-read-only": "the vaults of the primary region are away with it",
    "region-down": "it is the failure itself",
  },
};
