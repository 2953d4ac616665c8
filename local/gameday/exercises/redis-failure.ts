import { cacheAlert } from "../../stack/alert.js";
import type { Exercise } from "../exercise.js";

const reboot = "redis.forceReboot";
const unlink = "linkedServer.delete";
const createManaged = "redisEnterprise.create";
const createDatabase = "databases.create";
const write = "secrets.set";
const restart = "containerAppsRevisions.restart";

/** Without a secondary a new cache is made, and filled from a backup. */
const withoutSecondary = {
  environment: "development",
  backups: ["redis"],
  certain: [reboot, createManaged, write],
} as const;

/** A cache that no reboot brings back: a geo-replica takes over, or where there is none a new cache. */
export const redisFailure: Exercise = {
  scenario: "redis-failure",
  environment: "production",
  breaks: ({ redis }) => [{ name: "redis-reboot-does-not-help", resource: redis.primary }],
  backups: [],
  certain: [reboot, unlink, write],
  alert: ({ redis }, firedAt) => cacheAlert(redis.primary, firedAt),
  changes: [reboot, unlink, createManaged, createDatabase, write, restart],
  longChanges: [createManaged],
  repeatable: [reboot, unlink, createManaged, createDatabase, write, restart],
  unlogged: ["import-over"],
  missingRole: ({ redis }) => [{ name: "role-missing", resource: redis.primary }],
  courses: {
    "role-missing": { backups: ["redis"] },
    "region-down": { backups: ["redis"] },
    "stuck-operation": withoutSecondary,
    "operation-failed": withoutSecondary,
    "cache-refused": withoutSecondary,
    "newest-set-corrupt": withoutSecondary,
    "no-set": withoutSecondary,
  },
  spared: {},
};
