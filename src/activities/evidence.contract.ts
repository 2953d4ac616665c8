import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { observed } from "../durable/step-output.js";
import { once } from "../domain/patience.js";

const Kept = z.strictObject({ ...observed });

/** The app, its revisions and replicas as they are now. */
export const captureAppState = declareActivity({
  name: "captureAppState",
  input: z.strictObject({ app: z.string(), serving: z.array(z.string()) }),
  output: Kept,
  patience: once,
});

/** The last 100 log lines of each serving revision. */
export const captureAppLogs = declareActivity({
  name: "captureAppLogs",
  input: z.strictObject({ app: z.string(), serving: z.array(z.string()), workspaceId: z.string() }),
  output: Kept,
  patience: once,
});

/** Share of server errors and the commonest exceptions of the last 15 minutes. */
export const captureErrorRates = declareActivity({
  name: "captureErrorRates",
  input: z.strictObject({ workspaceId: z.string(), component: z.string() }),
  output: Kept,
  patience: once,
});
