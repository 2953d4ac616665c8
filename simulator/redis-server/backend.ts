import { log } from "../server/log.js";
import type { World } from "../world/world.js";
import type { Admission, Backend } from "./endpoint.js";
import { type AccessKeys, keyNamed } from "./keys.js";
import type { RunningServer } from "./server.js";

const MISSING =
  "redis-server is not on PATH of this machine (apt-get install redis-server), so no cache can be connected to";

/** A cache, or one shard of it, as its address sees it. */
export interface ServedCache {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  /** Undefined where no key is accepted at the moment. */
  keys(): AccessKeys | undefined;
  /** What its own state says; that of its region is looked at here. */
  admission(): Admission;
  server(): Promise<RunningServer>;
}

/** Joins a cache to the region it is in and to the faults that are in force. */
export function backendOf(cache: ServedCache, world: World): Backend {
  const { name, id: resource, region } = cache;
  const { redisServers: servers } = world;
  return {
    name,
    admission: () => admissionOf(cache, world),
    keyOf: (password) => {
      const keys = cache.keys();
      return keys && keyNamed(keys, password);
    },
    server: () => servers.track(cache.server()),
    fateOf: (command) => servers.surroundings?.fateOf({ command, resource, region }),
    refused: (why) => {
      if (why === MISSING) log(`${name}: ${MISSING}`);
      servers.surroundings?.refused({ command: "", resource, region }, why);
    },
  };
}

/** Whether a cache can be connected to right now. */
export function admissionOf(
  cache: Pick<ServedCache, "admission" | "region">,
  world: World,
): Admission {
  if (!world.redisServers.available) return { kind: "unserved", why: MISSING };
  return regionAdmission(cache, world);
}

/** Whether it could be connected to, by its own state and that of its region. */
export function regionAdmission(
  { admission, region }: Pick<ServedCache, "admission" | "region">,
  { conditions }: World,
): Admission {
  const down = conditions.isDown("data", region) || conditions.isDown("dns", region);
  return down ? { kind: "refused", why: "region-down" } : admission();
}
