import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { BackupKind, ItemPart, SkippedItem } from "../domain/backup.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { once, patiently, throttled } from "../domain/patience.js";

/** Which storage account the app uses now, and where its blobs are. */
export const findActiveAccount = declareActivity({
  name: "findActiveAccount",
  input: z.strictObject({
    app: z.string(),
    /** The app of the other side, which is asked where the first cannot be read. */
    standby: z.string().optional(),
    storage: z.strictObject({ primary: z.string(), secondary: z.string().optional() }),
  }),
  output: z.strictObject({
    ...observed,
    /** `elsewhere`: one that the estate does not name; a recovery may have made it. */
    side: z.enum(["primary", "secondary", "elsewhere"]),
    /** How it is known; `assumed` where the app could not be read or names nothing that is there. */
    known: z.enum(["observed", "assumed"]),
    id: z.string(),
    /** Where its blobs are. */
    endpoint: z.string(),
    /** Where they are written now, which a failover changes. */
    region: z.string(),
  }),
  patience: patiently,
});

/** Make the private containers of the backup account that the copies of a day go to. */
export const prepareContainers = declareActivity({
  name: "prepareContainers",
  input: z.strictObject({ containers: z.array(z.string()) }),
  output: z.strictObject(mutated),
  patience: throttled,
});

/** An earlier set whose copies are used again, and how far its list has been read. */
const Base = z.strictObject({
  set: z.string(),
  kind: BackupKind,
  environment: EnvironmentName,
  source: z.string(),
  part: z.int().nonnegative(),
});

/** List some pages of a container, and write down what is to be copied in pieces that one activity can do. */
export const listBlobs = declareActivity({
  name: "listBlobs",
  input: z.strictObject({
    endpoint: z.string(),
    container: z.string(),
    set: z.string(),
    /** Where the listing goes on; absent at its beginning. */
    token: z.string().optional(),
    /** The numbers that the next pieces get. */
    piece: z.int().positive(),
    slowPiece: z.int().positive(),
    base: Base.optional(),
  }),
  output: z.strictObject({
    ...observed,
    exists: z.boolean(),
    pieces: z.int().nonnegative(),
    /** Pieces of blobs that the service copies in its own time. */
    slowPieces: z.int().nonnegative(),
    count: z.int().nonnegative(),
    /** Where to go on, unless this was all. */
    token: z.string().optional(),
    basePart: z.int().nonnegative().optional(),
  }),
  patience: throttled,
});

const Piece = z.strictObject({
  endpoint: z.string(),
  container: z.string(),
  /** The container of the backup account that takes the copies. */
  target: z.string(),
  set: z.string(),
  /** Where the piece is written down. */
  list: z.string(),
  /** The number of the part that lists the copies. */
  nth: z.int().positive(),
});

const Copied = z.strictObject({
  ...observed,
  done: z.int().nonnegative(),
  /** How many copies of an earlier set were still good. */
  reused: z.int().nonnegative(),
  part: ItemPart,
  skipped: z.array(SkippedItem),
  findings: z.array(z.string()),
});

/** Copy a piece, blob by blob, and prove each copy. */
export const copyBlobs = declareActivity({
  name: "copyBlobs",
  input: Piece,
  output: Copied,
  patience: throttled,
});

/** Have the service copy the large blobs of a piece in its own time. */
export const startSlowCopies = declareActivity({
  name: "startSlowCopies",
  input: Piece,
  output: z.strictObject({ ...observed, done: z.int().nonnegative() }),
  patience: throttled,
});

/** Look how many of the copies of a piece are still under way. */
export const checkSlowCopies = declareActivity({
  name: "checkSlowCopies",
  input: Piece,
  output: z.strictObject({ ...observed, waiting: z.int().nonnegative() }),
  patience: once,
});

/** Prove the large copies of a piece by reading them back. */
export const proveSlowCopies = declareActivity({
  name: "proveSlowCopies",
  input: Piece,
  output: Copied,
  patience: throttled,
});

/** Where a piece is written down: the same name for whoever writes and whoever reads it. */
export const pieceIn = (set: string, nth: number): string => `${set}work/piece-${nth}.jsonl`;
export const slowPieceIn = (set: string, nth: number): string => `${set}work/slow-${nth}.jsonl`;

/** Where all that a piece left out is written down, if it is more than a history should hold. */
export const skippedIn = (set: string, nth: number): string => `${set}work/skipped-${nth}.jsonl`;
