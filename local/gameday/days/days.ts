import type { Exercise } from "../exercise.js";
import { exercises } from "../exercises/exercises.js";
import { containerAppFailure } from "../exercises/container-app-failure.js";
import { keyVaultFailure } from "../exercises/key-vault-failure.js";
import { redisFailure } from "../exercises/redis-failure.js";
import type { CompoundDay } from "./day.js";

const alike = 50;

/** The cache fails for good, and a bad revision of the app at the same moment. */
const redisAndApp: CompoundDay = {
  name: "redis-and-app",
  what: "the cache and the app fail at the same moment, and each is told of by an alert",
  environment: "production",
  backups: [],
  of: [containerAppFailure, redisFailure],
  mostRuns: 2,
  breaks: (environment) => [
    ...redisFailure.breaks(environment),
    ...containerAppFailure.breaks(environment),
  ],
  alerts: (environment, at) => [
    redisFailure.alert(environment, at),
    containerAppFailure.alert(environment, at),
  ],
};

/** The same alert comes again and again, as it does, and what depends on the cache complains as well. */
const alertStorm: CompoundDay = {
  name: "alert-storm",
  what: `the cache fails; its alert comes ${alike} times, and so do those of the app and of the vault`,
  environment: "production",
  backups: [],
  of: [containerAppFailure, redisFailure, keyVaultFailure],
  mostRuns: 3,
  breaks: (environment) => redisFailure.breaks(environment),
  alerts: (environment, at) => {
    const first = redisFailure.alert(environment, at);
    return [
      ...Array.from({ length: alike - 1 }, () => first),
      containerAppFailure.alert(environment, at),
      keyVaultFailure.alert(environment, at),
      first,
    ];
  },
};

/** Alerts may be wrong; a recovery of what is well would be the worse failure. */
export const nothingWrong: CompoundDay = {
  name: "nothing-wrong",
  what: "everything is well, and an alert of every scenario says otherwise",
  environment: "production",
  backups: [],
  of: exercises,
  mostRuns: exercises.length,
  healthy: true,
  breaks: () => [],
  alerts: (environment, at) => exercises.map((exercise) => exercise.alert(environment, at)),
};

/** The primary region is lost while a cache is made that was to take over from one that had failed before. */
const regionDuringCreation = (regionOutage: Exercise): CompoundDay => ({
  name: "region-outage-during-creation",
  what: "the primary region goes down while the recovery of the cache makes a new one",
  environment: "production",
  backups: ["key-vault", "redis", "blobs"],
  of: [redisFailure, regionOutage],
  mostRuns: 2,
  breaks: (environment) => [
    ...redisFailure.breaks(environment),
    // Without its copy, a new cache has to be made.
    ...(environment.redis.secondary === undefined
      ? []
      : [{ name: "redis-down" as const, resource: environment.redis.secondary }]),
  ],
  alerts: (environment, at) => [redisFailure.alert(environment, at)],
  later: {
    with: ["redisEnterprise.create", "redis.create"],
    breaks: (environment) => regionOutage.breaks(environment),
    alerts: (environment, at) => [regionOutage.alert(environment, at)],
  },
});

/** The compound days that can be played with what there is, in the order of the table. */
export const daysWith = (known: readonly Exercise[]): readonly CompoundDay[] => [
  redisAndApp,
  alertStorm,
  nothingWrong,
  ...known.filter(({ scenario }) => scenario === "region-outage").map(regionDuringCreation),
];

export const days = daysWith(exercises);
