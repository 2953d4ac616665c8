import { z } from "zod";
import { HealthRule } from "../domain/estate.js";
import { once } from "../domain/patience.js";
import { declareActivity } from "../durable/activity-contract.js";
import { observed } from "../durable/step-output.js";

const Asked = z.strictObject({
  region: z.string(),
  app: z.string(),
  /** Where the app answers, as far as that is known. */
  user: z.strictObject({ fqdn: z.string(), rule: HealthRule }).optional(),
  /** The service beside it: another one than the one that fails. */
  beside: z.strictObject({ kind: z.enum(["key-vault", "redis"]), id: z.string() }),
});
export type AskedRegion = z.infer<typeof Asked>;

/** Whether a region is down: the app there and another service beside it both give no answer. */
export const probeRegion = declareActivity({
  name: "probeRegion",
  input: Asked,
  output: z.strictObject({ ...observed, down: z.boolean() }),
  patience: once,
});
