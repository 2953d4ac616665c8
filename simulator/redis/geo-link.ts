import type { World } from "../world/world.js";
import type { GeoLink, RedisCache } from "./state.js";

/** Makes the second cache a copy of the first. What is copied begins when one of them is needed, or at once. */
export function newLink(primary: RedisCache, secondary: RedisCache, world: World): GeoLink {
  const { redisServers, durations, conditions } = world;
  const link: GeoLink = {
    primary,
    secondary,
    state: "Creating",
    replication: redisServers.replication({
      name: `${secondary.name}, copy of ${primary.name},`,
      from: primary.store,
      to: secondary.store,
      lagMs: durations.redisReplicationLag,
      reachable: () =>
        !conditions.isDown("data", primary.region) && !conditions.isDown("data", secondary.region),
    }),
    copied: undefined,
  };
  primary.link = secondary.link = link;
  return link;
}

/** Begins to copy if nobody has; resolves when the copy is complete. */
export function copying(link: GeoLink, { redisServers }: World): Promise<void> {
  link.copied ??= redisServers.track(link.replication.start()).catch((error: unknown) => {
    link.copied = undefined;
    throw error;
  });
  return link.copied;
}

/** Two caches that go their own ways from now on, with what each has. */
export async function separate(link: GeoLink, world: World): Promise<void> {
  // The copy was complete long ago, even if nobody has looked yet.
  await copying(link, world);
  await link.replication.stop();
  world.redisServers.discard(link.replication);
}

/** The other cache of a link, and the role it has. */
export function linkedTo(
  cache: RedisCache,
):
  | { readonly other: RedisCache; readonly role: "Primary" | "Secondary"; readonly link: GeoLink }
  | undefined {
  const { link } = cache;
  if (link === undefined) return undefined;
  return link.primary === cache
    ? { other: link.secondary, role: "Secondary", link }
    : { other: link.primary, role: "Primary", link };
}
