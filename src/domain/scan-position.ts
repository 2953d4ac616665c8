import { z } from "zod";

/**
 * How far the walk over a cache's keys has come. A cursor means something to the server that gave it
 * and to no other, over any connection, so the servers are part of the position.
 */
export const ScanPosition = z.strictObject({
  /** The run ids of the servers that hold keys, sorted; one where the cache is not a cluster. */
  servers: z.array(z.string()).min(1),
  /** Which of them, and which of its databases, is being walked. */
  server: z.int().nonnegative(),
  database: z.int().nonnegative(),
  cursor: z.string(),
});
export type ScanPosition = z.infer<typeof ScanPosition>;
