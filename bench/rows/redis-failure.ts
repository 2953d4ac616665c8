import { cacheAlert } from "../../local/stack/alert.js";
import { calm } from "../../simulator/profiles/calm.js";
import { durationsOf } from "../../simulator/profiles/profile.js";
import { criticalPaths } from "../critical-paths/redis-failure.js";
import type { Measurement } from "../measurement.js";
import { recoveries, type Course } from "../recoveries.js";

const paths = criticalPaths(durationsOf(calm, 1));

const course = (
  fault: "redis-down" | "redis-reboot-does-not-help",
  path: keyof typeof paths,
  outcome: Course["outcome"],
): Course => ({
  fault: ({ redis }) => ({ name: fault, resource: redis.primary }),
  alert: ({ redis }, firedAt) => cacheAlert(redis.primary, firedAt),
  outcome,
  path: () => paths[path],
  runbook: "redis-failure",
});

const courses: Readonly<Record<string, Course>> = {
  "redis-reboot": course("redis-down", "reboot", "restored"),
  "redis-replica": course("redis-reboot-does-not-help", "replica", "failed-over"),
};

/** Scenario 2 from alert to record in simulated time, beside what it cannot do without. */
export const redisFailure: readonly Measurement[] = Object.entries(courses).map(([name, each]) => ({
  group: "scenario",
  name,
  measure: ({ runs }) => recoveries(each, runs),
}));
