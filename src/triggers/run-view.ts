import { z } from "zod";
import { AuditEntry } from "../domain/audit.js";
import { Checkpoint } from "../domain/checkpoint.js";
import { RunRecord } from "../domain/run-record.js";
import { RunSummary } from "../state/runs.js";

/** Why a person does what he does; it goes into the record. */
export const Reason = z
  .string({ error: "say why, for the record" })
  .trim()
  .min(1, { error: "say why, for the record" })
  .max(500);

export const RunLinks = z.strictObject({ run: z.url(), report: z.url() }).meta({ id: "RunLinks" });

/** One run as an operator asks for it: where it stands, or its record once it has ended. */
export const RunView = z
  .strictObject({
    id: z.string(),
    /** `stopped`: ended from outside or by a fault of the platform, without a record. */
    status: z.enum(["running", "ended", "stopped"]),
    checkpoint: Checkpoint.optional(),
    record: RunRecord.optional(),
    /** Who wanted what of it, oldest first; also while it runs. */
    audit: z.array(AuditEntry),
    links: RunLinks,
  })
  .meta({ id: "Run" });
export type RunView = z.infer<typeof RunView>;

export const RunList = z
  .strictObject({
    running: z.array(z.strictObject({ id: z.string(), checkpoint: Checkpoint.optional() })),
    /** Newest first. */
    ended: z.array(RunSummary),
  })
  .meta({ id: "RunList" });
export type RunList = z.infer<typeof RunList>;
