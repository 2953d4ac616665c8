import { z } from "zod";
import { BackupKind } from "./backup.js";
import type { Environment } from "./estate.js";
import { Instant } from "./instant.js";
import { milliseconds, type Milliseconds } from "./duration.js";
import { RunOrder } from "./run-order.js";

/** What a backup is started with. */
export const BackupOrder = RunOrder.extend({
  kind: BackupKind,
  /** The start of the interval that this backup stands for. */
  period: Instant,
  scope: z.enum(["full", "interval"]),
});
export type BackupOrder = z.infer<typeof BackupOrder>;

/** What a restore is started with: the set has been chosen by then. */
export const RestoreOrder = RunOrder.extend({
  kind: BackupKind,
  /** The prefix of the set to restore from. */
  set: z.string(),
  /** ARM id of the resource that the set was taken of. */
  source: z.string(),
  /** Names of items, or prefixes that end in `*`; empty for all. */
  items: z.array(z.string()),
  /** Whether what is newer at the target may be overwritten; the order's reason says why. */
  overwrite: z.boolean(),
});
export type RestoreOrder = z.infer<typeof RestoreOrder>;

/** What a proof is started with. */
export const ProofOrder = RunOrder.extend({ kind: BackupKind });
export type ProofOrder = z.infer<typeof ProofOrder>;

/** The estate's schedule of a kind. */
export function scheduleOf(
  { backups }: Environment,
  kind: BackupKind,
): { readonly interval: Milliseconds; readonly retention: Milliseconds } {
  switch (kind) {
    case "key-vault":
      return backups.keyVault;
    case "redis":
      return backups.redis;
    case "blobs":
      return backups.blobs;
    case "application-insights":
      return backups.applicationInsights;
  }
}

/** The resource that a kind of backup protects, by the sides that the estate names. */
export function sidesOf(
  environment: Environment,
  kind: BackupKind,
): { readonly primary: string; readonly secondary?: string | undefined } {
  switch (kind) {
    case "key-vault":
      return environment.keyVault;
    case "redis":
      return environment.redis;
    case "blobs":
      return environment.storage;
    case "application-insights":
      return { primary: environment.applicationInsights.component };
  }
}

/**
 * How old the newest copy of a kind may be. Telemetry is no data of the application: it is late where
 * its own schedule is not kept.
 */
export function rpoOf(environment: Environment, kind: BackupKind): Milliseconds {
  const { interval } = scheduleOf(environment, kind);
  return kind === "application-insights" ? milliseconds(2 * interval) : environment.objectives.rpo;
}

/** Whether a wanted list of names, with `*` at an end, takes in an item; an empty list takes in all. */
export const isWanted = (items: readonly string[], name: string): boolean =>
  items.length === 0 ||
  items.some((wanted) =>
    wanted.endsWith("*") ? name.startsWith(wanted.slice(0, -1)) : name === wanted,
  );

/** The wanted names that stand for one item each. */
export const namedExactly = (items: readonly string[]): readonly string[] =>
  items.filter((wanted) => !wanted.endsWith("*"));
