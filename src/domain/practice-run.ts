import { z } from "zod";
import type { EnvironmentName } from "./environment-name.js";
import type { Instant } from "./instant.js";
import { RecoveryScenario } from "./readiness/readiness.js";

/** An ordinary run that a drill orders. */
export const PracticeRun = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("recovery"),
    scenario: RecoveryScenario,
    resource: z.string(),
  }),
  z.strictObject({ kind: z.literal("failback"), resource: z.literal("region") }),
  z.strictObject({ kind: z.literal("backup"), of: z.literal("key-vault") }),
  z.strictObject({ kind: z.literal("proof"), of: z.literal("key-vault") }),
  z.strictObject({
    kind: z.literal("restore"),
    of: z.literal("redis"),
    cache: z.string(),
    set: z.string(),
    items: z.array(z.string()),
    overwrite: z.boolean(),
  }),
]);
export type PracticeRun = z.infer<typeof PracticeRun>;

/** An ordinary run that a drill wants, and the drill that wants it. */
export interface WantedRun {
  readonly drill: string;
  readonly environment: EnvironmentName;
  readonly order: PracticeRun;
  readonly at: Instant;
  readonly detectedAt: Instant;
  readonly reason: string;
}

/** What a drill does with other runs: it orders them as the triggers do, watches them and stops them. */
export interface DrillRuns {
  /** Runs of an environment that are under way, but for backups and proofs. */
  underWay(environment: EnvironmentName): Promise<readonly string[]>;
  /** Says which run it is; the same wish gives the same run. */
  start(wanted: WantedRun): Promise<string>;
  state(run: string): Promise<{
    readonly kind: "unknown" | "active" | "ended";
    /** Of one under way: what it does now, in words. */
    readonly detail: string;
  }>;
  cancel(run: string, drill: string, reason: string): Promise<void>;
}
