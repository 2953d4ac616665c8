import { z } from "zod";
import { Identity } from "../redis/schema.js";
import { SeedData } from "../redis/seed.js";
import { seededId } from "../world/seeded-id.js";
import { Sku } from "./schema.js";

/** The clusters of Azure Managed Redis, each with its database, that exist when the simulator starts. */
export const SeedManagedRedis = z
  .array(
    z.strictObject({
      id: seededId("Microsoft.Cache/redisEnterprise"),
      location: z.string().min(1),
      sku: Sku.shape.name,
      clusteringPolicy: z.enum(["EnterpriseCluster", "OSSCluster", "NoCluster"]).optional(),
      /** Databases with the same group are linked by active geo-replication. */
      group: z.string().min(1).optional(),
      identity: Identity.optional(),
      data: SeedData.optional(),
    }),
  )
  .superRefine((clusters, context) => {
    clusters.forEach(({ group, clusteringPolicy }, index) => {
      if (group === undefined || (clusteringPolicy ?? "OSSCluster") !== "OSSCluster") return;
      context.addIssue({
        code: "custom",
        path: [index, "clusteringPolicy"],
        message: "must be EnterpriseCluster or NoCluster in a group",
      });
    });
  })
  .default([]);
export type SeedManaged = z.infer<typeof SeedManagedRedis>[number];
