import { keyOf } from "../arm/resource-id.js";
import type { World } from "../world/world.js";
import { newLink } from "./geo-link.js";
import { newCache, scheduleSaving } from "./lifecycle.js";
import { checkEnvelope } from "./rules.js";
import { CreateBody } from "./schema.js";
import type { SeedCache } from "./seed.js";

/** Caches that were made long ago. Their keys are made now. */
export function seedCaches(seeds: readonly SeedCache[], world: World): void {
  for (const seed of seeds) {
    const [name, size = ""] = seed.sku.split("_");
    const envelope = CreateBody.parse({
      location: seed.location,
      identity: seed.identity,
      properties: {
        sku: { name, family: size.slice(0, 1), capacity: Number(size.slice(1)) },
        shardCount: seed.shards,
        redisConfiguration: seed.redisConfiguration,
      },
    });
    checkEnvelope(envelope);
    const cache = newCache(seed.id, envelope, world, seed.data);
    cache.provisioningState = "Succeeded";
    world.redisCaches.set(keyOf(seed.id), cache);
    scheduleSaving(cache, world);
  }
  for (const { id, copyOf } of seeds) {
    const secondary = world.redisCaches.get(keyOf(id));
    const primary = copyOf === undefined ? undefined : world.redisCaches.get(keyOf(copyOf));
    if (primary && secondary) newLink(primary, secondary, world).state = "Succeeded";
  }
}
