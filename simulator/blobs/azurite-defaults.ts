import { createRequire } from "node:module";

/* Defaults of Azurite that no flag reaches, changed before it is loaded. */
const CONSTANTS = "azurite/dist/src/blob/utils/constants.js";
const constants = createRequire(__filename)(CONSTANTS) as Record<string, unknown>;

function change(name: string, value: number): void {
  if (typeof constants[name] !== "number")
    throw new Error(`Azurite has no default ${name} any more`);
  constants[name] = value;
}

/**
 * It closes a connection that has been idle for five seconds; on a busy machine it so meets a request that is
 * already on its way, and the front has to call the service busy. Its flag for that is parsed under one name and read
 * under another.
 */
change("DEFAULT_BLOB_KEEP_ALIVE_TIMEOUT", 24 * 3600);

/**
 * Every ten minutes it looks for content that no blob refers to. After a reset with ten thousand blobs it answers
 * nobody for half an hour, because it removes one after the other from an index of all. A simulated Azure does not
 * live long enough to need the room; this is the longest that a timer can be set to.
 */
change("DEFAULT_GC_INTERVAL_MS", 2 ** 31 - 1);
