import { z } from "zod";

/** What is ordered as a recovery: a scenario is named for the failure it answers, a rotation for what it renews. */
export const ScenarioId = z.enum([
  "container-app-failure",
  "redis-failure",
  "key-vault-failure",
  "storage-failure",
  "region-outage",
  "redis-key-rotation",
]);
export type ScenarioId = z.infer<typeof ScenarioId>;

/** What runs besides recoveries. */
export const ProcedureId = z.enum([
  "key-vault-backup",
  "redis-backup",
  "blob-backup",
  "application-insights-backup",
  "backup-pruning",
  "key-vault-restore",
  "redis-restore",
  "blob-restore",
  "key-vault-proof",
  "redis-proof",
  "blob-proof",
  "key-vault-failback",
  "redis-failback",
  "storage-failback",
  "region-failback",
  "container-app-drill",
  "key-vault-drill",
  "redis-drill",
  "region-drill",
  "drill-undo",
]);

export type ProcedureId = z.infer<typeof ProcedureId>;

/** What a run works through: the answer to a failure, or a procedure of its own. */
export const RunbookId = z.union([ScenarioId, ProcedureId]);
export type RunbookId = z.infer<typeof RunbookId>;

/**
 * Who gives way to whom: a wider failure explains a narrower one. A procedure outranks nobody; a failback
 * is not disturbed half-way by a restart of the app that it changes.
 */
const width: Partial<Record<RunbookId, number>> = {
  "container-app-failure": 1,
  "key-vault-failback": 1,
  "redis-failback": 1,
  "storage-failback": 1,
  "region-failback": 1,
  "redis-failure": 2,
  "key-vault-failure": 2,
  "storage-failure": 2,
  "region-outage": 3,
};

export const outranks = (one: RunbookId, other: RunbookId): boolean =>
  (width[one] ?? 0) > (width[other] ?? 0);
