import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { minutes, seconds } from "../domain/duration.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { Environment } from "../domain/estate.js";
import { Notice } from "../domain/notice.js";
import { once, type Patience } from "../domain/patience.js";
import { CheckResult, ReadinessRecord } from "../domain/readiness/readiness.js";

/** What every group of checks is given. */
const CheckInput = z.strictObject({ environment: EnvironmentName, estate: Environment });

/** What every group of checks has found; a check that could not be made says so itself. */
const checkOutput = z.strictObject({ ...observed, results: z.array(CheckResult) });

/** The next evaluation is minutes away. */
const soon: Patience = {
  transient: { first: seconds(2), longest: seconds(20), within: minutes(2) },
  busy: { first: seconds(2), longest: seconds(20), within: minutes(2) },
};

/** What this service may do, and read, at everything that recoveries touch. */
export const checkRights = declareActivity({
  name: "checkRights",
  input: CheckInput,
  output: checkOutput,
  patience: once,
});

/** Whether what recoveries go on with exists, and what they make can be made. */
export const checkRecoveryResources = declareActivity({
  name: "checkRecoveryResources",
  input: CheckInput,
  output: checkOutput,
  patience: once,
});

/** How old, usable and proven the backups are. */
export const checkBackups = declareActivity({
  name: "checkBackups",
  input: CheckInput,
  output: checkOutput,
  patience: once,
});

/** Whether the standby vault has the secrets of the one in use. Values stay in the activity. */
export const checkSecretParity = declareActivity({
  name: "checkSecretParity",
  input: CheckInput,
  output: checkOutput,
  patience: once,
});

/** How far the copies of storage and cache in the other region are behind. */
export const checkReplication = declareActivity({
  name: "checkReplication",
  input: CheckInput,
  output: checkOutput,
  patience: once,
});

/** Whether users could be led to the other side. */
export const checkTraffic = declareActivity({
  name: "checkTraffic",
  input: CheckInput,
  output: checkOutput,
  patience: once,
});

/** Whether the app that is not in use could take over. */
export const checkStandbyApp = declareActivity({
  name: "checkStandbyApp",
  input: CheckInput,
  output: checkOutput,
  patience: once,
});

/** Whether new replicas could start in the other region. */
export const checkImages = declareActivity({
  name: "checkImages",
  input: CheckInput,
  output: checkOutput,
  patience: once,
});

/** Whether a failure would be noticed and would call this service. */
export const checkAlerting = declareActivity({
  name: "checkAlerting",
  input: CheckInput,
  output: checkOutput,
  patience: once,
});

/** Whether this service itself can remember, tell the time, and tell people. */
export const checkService = declareActivity({
  name: "checkService",
  input: CheckInput,
  output: checkOutput,
  patience: once,
});

/** Take what was found into the record, and say what the contacts have to be told. */
export const concludeReadiness = declareActivity({
  name: "concludeReadiness",
  input: z.strictObject({
    environment: EnvironmentName,
    estate: Environment,
    results: z.array(CheckResult),
  }),
  output: z.strictObject({
    ...mutated,
    tell: z
      .strictObject({ notice: Notice, pending: ReadinessRecord.shape.pending.unwrap() })
      .optional(),
  }),
  patience: soon,
});

/** Remember what the contacts were told. */
export const rememberTold = declareActivity({
  name: "rememberTold",
  input: z.strictObject({
    environment: EnvironmentName,
    pending: ReadinessRecord.shape.pending.unwrap(),
  }),
  output: z.strictObject({ ...mutated }),
  patience: soon,
});
