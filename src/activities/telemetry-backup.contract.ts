import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { ItemPart, SkippedItem } from "../domain/backup.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { Instant } from "../domain/instant.js";
import { patiently, throttled } from "../domain/patience.js";

/** Whose requests, where they are asked for, and which of them: from `begin` on, before `end`. */
const Requests = z.strictObject({
  workspaceId: z.string(),
  /** ARM id of the Application Insights component. */
  component: z.string(),
  begin: Instant,
  end: Instant,
});

/** Count the requests and write down in which pieces they are exported; days that an earlier set has stay there. */
export const planTelemetry = declareActivity({
  name: "planTelemetry",
  input: Requests.extend({
    environment: EnvironmentName,
    set: z.string(),
    /** An earlier set, whose files of whole days are used again. */
    base: z.string().optional(),
  }),
  output: z.strictObject({
    ...observed,
    pieces: z.int().positive(),
    rows: z.int().nonnegative(),
  }),
  patience: throttled,
});

/** Export one piece into a file and read it back, or take over a day's files from an earlier set. */
export const exportTelemetry = declareActivity({
  name: "exportTelemetry",
  input: z.strictObject({
    workspaceId: z.string(),
    component: z.string(),
    set: z.string(),
    nth: z.int().positive(),
  }),
  output: z.strictObject({
    ...observed,
    done: z.int().nonnegative(),
    /** Which day the piece is of. */
    day: Instant,
    reused: z.boolean(),
    part: ItemPart,
    /** Stretches that could not be had whole. */
    skipped: z.array(SkippedItem),
  }),
  patience: throttled,
});

/** Count once more, and compare day by day with what was exported. */
export const compareTelemetry = declareActivity({
  name: "compareTelemetry",
  input: Requests.extend({
    exported: z.array(z.strictObject({ day: Instant, rows: z.int().nonnegative() })),
  }),
  output: z.strictObject({
    ...observed,
    counted: z.int().nonnegative(),
    /** Days that are not the same, in words. */
    differences: z.array(z.string()),
  }),
  patience: throttled,
});

/** Ensure that telemetry flows into a storage account from now on, or report why it does not. */
export const streamTelemetry = declareActivity({
  name: "streamTelemetry",
  input: z.strictObject({
    component: z.string(),
    /** ARM id of the workspace. */
    workspace: z.string(),
    /** Where to; without it what is missing is only reported. */
    account: z.string().optional(),
  }),
  output: z.strictObject({ ...mutated, drift: z.array(z.string()) }),
  patience: patiently,
});
