import { createRequire } from "node:module";

/*
 * Azurite closes a connection that has been idle for five seconds; on a busy machine it so meets a request that is
 * already on its way, and the front has to call the service busy. Its flag for that is parsed under one name and read
 * under another, so it is the default that is changed here, before Azurite is loaded.
 */
const CONSTANTS = "azurite/dist/src/blob/utils/constants.js";
const constants = createRequire(__filename)(CONSTANTS) as Record<string, unknown>;
constants["DEFAULT_BLOB_KEEP_ALIVE_TIMEOUT"] = 24 * 3600;
