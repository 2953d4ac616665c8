import { z } from "zod";
import { keyOf } from "../arm/resource-id.js";
import { seededId } from "../world/seeded-id.js";
import { Identity } from "./schema.js";

/** What is in a cache when it is first connected to. */
export const SeedData = z.strictObject({
  keys: z.int().min(1).max(1_000_000),
  bytes: z.int().min(1).max(1_000_000),
});

/** The caches of Azure Cache for Redis that exist when the simulator starts. */
export const SeedCaches = z
  .array(
    z.strictObject({
      id: seededId("Microsoft.Cache/redis"),
      location: z.string().min(1),
      sku: z
        .string()
        .regex(
          /^((Basic|Standard)_C[0-6]|Premium_P[1-5])$/,
          "must be like Standard_C1 or Premium_P1",
        ),
      shards: z.int().min(1).max(10).optional(),
      /** The primary of which it is the geo-secondary. */
      copyOf: seededId("Microsoft.Cache/redis").optional(),
      redisConfiguration: z.record(z.string(), z.string()).optional(),
      identity: Identity.optional(),
      data: SeedData.optional(),
    }),
  )
  .superRefine((caches, context) => {
    const byKey = new Map(caches.map((cache) => [keyOf(cache.id), cache]));
    const fail = (index: number, member: string, message: string): void => {
      context.addIssue({ code: "custom", path: [index, member], message });
    };
    caches.forEach(({ copyOf, sku, shards, data, id }, index) => {
      if (shards !== undefined && !sku.startsWith("Premium")) {
        fail(index, "shards", "only Premium caches have shards");
      }
      if (copyOf === undefined) return;
      const primary = byKey.get(keyOf(copyOf));
      if (primary === undefined || keyOf(copyOf) === keyOf(id)) {
        fail(index, "copyOf", "names no other cache of the seed");
        return;
      }
      const both = [sku, primary.sku].every((one) => one.startsWith("Premium"));
      if (!both) fail(index, "copyOf", "both caches must be Premium");
      if (shards !== undefined || primary.shards !== undefined) {
        fail(index, "copyOf", "links between clustered caches are not simulated");
      }
      if (data !== undefined) fail(index, "data", "a copy holds what its primary holds");
    });
  })
  .default([]);
export type SeedCache = z.infer<typeof SeedCaches>[number];
