import { z } from "zod";
import { HealthRule } from "../domain/estate.js";
import { once, patiently } from "../domain/patience.js";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";

/** How the app of a side stands: whether it answers, how many replicas it has, what it is told to use. */
export const observeSide = declareActivity({
  name: "observeSide",
  input: z.strictObject({ app: z.string(), rule: HealthRule }),
  output: z.strictObject({
    ...observed,
    fqdn: z.string().optional(),
    serving: z.array(z.string()),
    /** Of those that serve, replicas that are ready. */
    ready: z.int().nonnegative(),
    /** How many it keeps running at least. */
    minReplicas: z.int().nonnegative(),
    images: z.array(z.string()),
    /** Whether anything answers at its address. */
    answers: z.boolean(),
    healthy: z.boolean(),
    vault: z.string().optional(),
    storage: z.string().optional(),
  }),
  patience: patiently,
});

/**
 * Begin to have an app use other resources, and keep enough replicas: one new revision, and none where
 * it does so already.
 */
export const startSideChange = declareActivity({
  name: "startSideChange",
  input: z.strictObject({
    app: z.string(),
    variables: z.record(z.string(), z.string()),
    minReplicas: z.int().positive(),
    suffix: z.string(),
  }),
  output: z.strictObject({
    ...mutated,
    operation: z.string().optional(),
    /** The revision that does so; absent where nothing had to be changed. */
    revision: z.string().optional(),
  }),
  patience: patiently,
});

/** Write a few bytes through an app, and read them back. */
export const proveSide = declareActivity({
  name: "proveSide",
  input: z.strictObject({
    fqdn: z.string(),
    /** With `{id}` where the record's name goes. */
    path: z.string(),
    id: z.string(),
  }),
  output: z.strictObject({ ...observed, holds: z.boolean() }),
  patience: once,
});
