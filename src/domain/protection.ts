import { z } from "zod";
import { BackupCheck, BackupKind } from "./backup.js";
import { Checkpoint } from "./checkpoint.js";
import { Milliseconds } from "./duration.js";
import { EnvironmentName } from "./environment-name.js";
import { Instant } from "./instant.js";
import { Outcome } from "./run-record.js";

const side = z.enum(["primary", "secondary", "recovery"]);

/** What is protected of one kind in one environment, and how old it is. */
export const Protection = z.strictObject({
  environment: EnvironmentName,
  kind: BackupKind,
  /**
   * `late`: the newest verified set is older than the RPO. `assumed`: it is young enough, but nobody
   * could see that its side was the one in use. `unprotected`: there is none.
   */
  status: z.enum(["protected", "late", "assumed", "unprotected"]),
  detail: z.string(),
  rpo: Milliseconds,
  interval: Milliseconds,
  retention: Milliseconds,
  newest: z
    .strictObject({
      set: z.string(),
      side,
      /** How it was known that the app used this side. */
      known: z.enum(["observed", "assumed"]),
      resource: z.string(),
      takenAt: Instant,
      completedAt: Instant,
      age: Milliseconds,
      scope: z.enum(["full", "interval"]),
      check: BackupCheck,
      count: z.int().nonnegative(),
      bytes: z.int().nonnegative(),
      skipped: z.int().nonnegative(),
      run: z.string(),
    })
    .optional(),
  /** The newest set of which a restore was compared, and when; it need not be the newest one. */
  lastProven: z
    .strictObject({ set: z.string(), takenAt: Instant, provenAt: Instant, age: Milliseconds })
    .optional(),
  /** Newer sets that cannot be used, and why. */
  problems: z.array(z.strictObject({ side, set: z.string(), problem: z.string() })),
  /** The last backup that has ended, whatever came of it. */
  lastRun: z.strictObject({ id: z.string(), outcome: Outcome, endedAt: z.string() }).optional(),
  /** The last proof that has ended. */
  lastProof: z.strictObject({ id: z.string(), outcome: Outcome, endedAt: z.string() }).optional(),
  running: z.strictObject({ id: z.string(), progress: Checkpoint.shape.progress }).optional(),
});
export type Protection = z.infer<typeof Protection>;
