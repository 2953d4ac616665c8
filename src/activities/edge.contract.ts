import { z } from "zod";
import { EdgeAct, EdgeView } from "../domain/edge-move.js";
import { FrontDoor } from "../domain/estate.js";
import { once, patiently } from "../domain/patience.js";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";

/** The account whose blobs users are to get, by the address of its blobs, as ARM gives it. */
const Account = z.string();

/** A blob that anybody can fetch through the edge. */
const Asset = z.strictObject({ container: z.string(), name: z.string() });
export type Asset = z.infer<typeof Asset>;

/** Where the edge leads now, as far as ARM knows: its origins, and the endpoints that lead to them. */
export const observeEdge = declareActivity({
  name: "observeEdge",
  input: z.strictObject({ edge: FrontDoor }),
  output: z.strictObject({ ...observed, view: EdgeView }),
  patience: patiently,
});

/** Choose what proves where the edge leads: the estate's asset, or a small blob of the container. */
export const findPublicAsset = declareActivity({
  name: "findPublicAsset",
  input: z.strictObject({ edge: FrontDoor, account: Account, container: z.string() }),
  output: z.discriminatedUnion("kind", [
    z.strictObject({ ...observed, kind: z.literal("found"), asset: Asset }),
    z.strictObject({ ...observed, kind: z.literal("none") }),
  ]),
  patience: patiently,
});

const Started = z.strictObject({
  ...mutated,
  /** The port's token; absent if the goal already held. */
  operation: z.string().optional(),
});

/** Begin one change that leads the edge from one account to another. */
export const startOriginMove = declareActivity({
  name: "startOriginMove",
  input: z.strictObject({ edge: FrontDoor, to: Account, act: EdgeAct }),
  output: Started,
  patience: patiently,
});

/** Begin to make an endpoint forget what it keeps. */
export const startEdgePurge = declareActivity({
  name: "startEdgePurge",
  input: z.strictObject({ edge: FrontDoor, endpoint: z.string() }),
  output: Started,
  patience: patiently,
});

/** One look at a long operation on the edge. */
export const pollEdgeOperation = declareActivity({
  name: "pollEdgeOperation",
  input: z.strictObject({ edge: FrontDoor, operation: z.string() }),
  output: z.strictObject({
    ...observed,
    state: z.enum(["running", "succeeded", "failed"]),
    operation: z.string().optional(),
  }),
  patience: once,
});

/** Fetch an asset as anybody would, and compare it with the blob of the account. */
export const probePublicAsset = declareActivity({
  name: "probePublicAsset",
  input: z.strictObject({ hosts: z.array(z.string()).min(1), account: Account, asset: Asset }),
  output: z.strictObject({
    ...observed,
    /** Whether every host asks that account, whatever it may have kept of another one. */
    leads: z.boolean(),
    /** Whether every host gives exactly what the account has. Nobody has looked where it does not lead. */
    same: z.boolean(),
  }),
  patience: once,
});
