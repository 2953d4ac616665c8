import { z } from "zod";

/** A scenario is named for the failure it answers. */
export const ScenarioId = z.enum([
  "container-app-failure",
  "redis-failure",
  "key-vault-failure",
  "storage-failure",
  "region-outage",
]);
export type ScenarioId = z.infer<typeof ScenarioId>;

/** Who gives way to whom: a wider failure explains a narrower one. */
const width: Record<ScenarioId, number> = {
  "container-app-failure": 1,
  "redis-failure": 2,
  "key-vault-failure": 2,
  "storage-failure": 2,
  "region-outage": 3,
};

export const outranks = (one: ScenarioId, other: ScenarioId): boolean => width[one] > width[other];
