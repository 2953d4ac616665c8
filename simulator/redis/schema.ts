import { z } from "zod";
import { isObject } from "../arm/merge-patch.js";

/* The writable members of Microsoft.Cache/redis, api-version 2024-11-01. */

const text = z.string();
const flag = z
  .string()
  .regex(/^(true|false)$/i, "must be the text true or false")
  .transform((value) => value.toLowerCase());
const tags = z.record(text, text);

const Sku = z
  .strictObject({
    name: z.enum(["Basic", "Standard", "Premium"]),
    family: z
      .string()
      .toUpperCase()
      .pipe(z.enum(["C", "P"])),
    capacity: z.coerce.number<number | string>().int().min(0).max(6),
  })
  .refine(({ name, family }) => (name === "Premium") === (family === "P"), {
    error: "family must be P for Premium and C for Basic and Standard",
  })
  .refine(({ family, capacity }) => family === "C" || (capacity >= 1 && capacity <= 5), {
    error: "capacity must be 1 to 5 for family P",
  });
export type Sku = z.infer<typeof Sku>;

const RedisConfiguration = z.strictObject({
  "rdb-backup-enabled": flag.optional(),
  "rdb-backup-frequency": text.optional(),
  "rdb-backup-max-snapshot-count": text.optional(),
  "rdb-storage-connection-string": text.optional(),
  "aof-backup-enabled": flag.optional(),
  "aof-storage-connection-string-0": text.optional(),
  "aof-storage-connection-string-1": text.optional(),
  "maxfragmentationmemory-reserved": text.optional(),
  "maxmemory-policy": z
    .enum([
      "noeviction",
      "allkeys-lru",
      "allkeys-lfu",
      "allkeys-random",
      "volatile-lru",
      "volatile-lfu",
      "volatile-random",
      "volatile-ttl",
    ])
    .optional(),
  "maxmemory-reserved": text.optional(),
  "maxmemory-delta": text.optional(),
  "notify-keyspace-events": text.optional(),
  "preferred-data-persistence-auth-method": z.enum(["SAS", "ManagedIdentity"]).optional(),
  authnotrequired: flag.optional(),
  "storage-subscription-id": text.optional(),
  "aad-enabled": flag.optional(),
});
export type RedisConfiguration = z.infer<typeof RedisConfiguration>;

export const Identity = z.strictObject({
  type: z.enum(["None", "SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned"]),
  userAssignedIdentities: z.record(text, z.looseObject({})).optional(),
});
export type Identity = z.infer<typeof Identity>;

const common = {
  redisConfiguration: RedisConfiguration.optional(),
  redisVersion: text.optional(),
  enableNonSslPort: z.boolean().optional(),
  replicasPerMaster: z.int().min(1).max(3).optional(),
  replicasPerPrimary: z.int().min(1).max(3).optional(),
  tenantSettings: z.record(text, text).optional(),
  shardCount: z.int().min(0).max(10).optional(),
  minimumTlsVersion: z.enum(["1.0", "1.1", "1.2"]).optional(),
  publicNetworkAccess: z.enum(["Enabled", "Disabled"]).optional(),
  updateChannel: z.enum(["Stable", "Preview"]).optional(),
  disableAccessKeyAuthentication: z.boolean().optional(),
  zonalAllocationPolicy: z.enum(["Automatic", "UserDefined", "NoZones"]).optional(),
};

export const CreateBody = z.strictObject({
  location: text.min(1),
  tags: tags.optional(),
  zones: z.array(text).optional(),
  identity: Identity.optional(),
  properties: z.strictObject({
    ...common,
    sku: Sku,
    subnetId: text.optional(),
    staticIP: text.optional(),
  }),
});
/** A cache as its owner describes it. */
export type CacheEnvelope = z.infer<typeof CreateBody>;

export const UpdateBody = z.strictObject({
  location: text.optional(),
  tags: tags.optional(),
  zones: z.array(text).optional(),
  identity: Identity.optional(),
  properties: z.strictObject({ ...common, sku: Sku.optional() }).default({}),
});
export type CacheUpdate = z.infer<typeof UpdateBody>;

const ScheduleEntry = z.strictObject({
  dayOfWeek: z.enum([
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Everyday",
    "Weekend",
  ]),
  startHourUtc: z.coerce.number<number | string>().int().min(0).max(23),
  maintenanceWindow: z
    .string()
    .regex(/^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$/, "must be a duration of ISO 8601")
    .optional(),
});
export type ScheduleEntry = z.infer<typeof ScheduleEntry>;

export const PatchScheduleBody = z.strictObject({
  properties: z.strictObject({ scheduleEntries: z.array(ScheduleEntry).min(1) }),
});

export const LinkedServerBody = z.strictObject({
  properties: z.strictObject({
    linkedRedisCacheId: text.min(1),
    linkedRedisCacheLocation: text.min(1),
    serverRole: z.enum(["Primary", "Secondary"]),
  }),
});

const READ_ONLY = ["id", "name", "type"];
const READ_ONLY_PROPERTIES = [
  ...["provisioningState", "hostName", "port", "sslPort", "accessKeys", "linkedServers"],
  ...["instances", "privateEndpointConnections"],
];
const READ_ONLY_CONFIGURATION = [
  ...["maxclients", "preferred-data-archive-auth-method", "zonal-configuration"],
];

/** The body without the members that only Azure writes: clients send back what they were shown. */
export function withoutReadOnly(body: unknown): unknown {
  if (!isObject(body)) return body;
  const kept = without(body, READ_ONLY);
  if (!isObject(kept["properties"])) return kept;
  const properties = without(kept["properties"], READ_ONLY_PROPERTIES);
  const configuration = properties["redisConfiguration"];
  return {
    ...kept,
    properties: {
      ...properties,
      ...(isObject(configuration) && {
        redisConfiguration: without(configuration, READ_ONLY_CONFIGURATION),
      }),
    },
  };
}

function without(
  value: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
