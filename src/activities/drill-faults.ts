import type { CacheChanges } from "../azure/cache-changes.js";
import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { RedisCaches } from "../azure/redis-caches.js";
import type { RedisConnections } from "../azure/redis-connection.js";
import type { Secrets } from "../azure/secrets.js";
import type { Undo } from "../domain/drill.js";
import { seconds } from "../domain/duration.js";
import type { injectFault } from "./drill.contract.js";
import { activation } from "./container-app.js";
import type { Effect } from "./ensure.js";
import { withCache } from "./open-cache.js";

/** What a drill breaks and mends things with. */
export interface DrillPorts {
  readonly apps: ContainerApps;
  readonly secrets: Secrets;
  readonly changes: CacheChanges;
  readonly caches: RedisCaches;
  readonly connectTo: RedisConnections;
}

type Fault = Parameters<typeof injectFault.task>[2]["fault"];
interface Outcome {
  readonly changed: boolean;
  readonly detail: string;
}

/** How long Azure takes to show an act. A reboot leaves no trace that ARM shows. */
const settling = seconds(15);
const rebootSettling = seconds(30);

interface Act {
  readonly resource: string;
  /** What would be done, what has been done, and what is so already. */
  readonly words: { readonly would: string; readonly done: string; readonly holds: string };
  readonly holds: () => Promise<boolean>;
  readonly act: () => Promise<void>;
}

/** Every one of these may be done twice. */
const effect = ({ resource, words, holds, act }: Act): Effect<Outcome> => ({
  resource,
  plan: () => ({ changed: true, detail: words.would }),
  onRepeat: "repeat",
  settling,
  observe: async () => ((await holds()) ? { changed: false, detail: words.holds } : undefined),
  act: async () => {
    await act();
    return { changed: true, detail: words.done };
  },
});

/** Breaking what a drill breaks. */
export function breakingOf(ports: DrillPorts, fault: Fault): Effect<Outcome> {
  const { apps, secrets, changes } = ports;
  switch (fault.kind) {
    case "deactivate-revision": {
      const { app, revision } = fault;
      return effect({
        resource: app,
        words: {
          would: `would deactivate ${revision}`,
          done: `deactivated ${revision}`,
          holds: `${revision} is not active`,
        },
        holds: async () => (await apps.revision(app, revision))?.active === false,
        act: () => apps.deactivate(app, revision),
      });
    }
    case "delete-secret": {
      const { vault, address, secret } = fault;
      return effect({
        resource: vault,
        words: {
          would: `would delete ${secret}`,
          done: `deleted ${secret}`,
          holds: `${secret} is not there`,
        },
        holds: async () => (await secrets.versions(address, secret)).length === 0,
        act: () => secrets.remove(address, secret),
      });
    }
    case "reboot-primary": {
      const { cache } = fault;
      // Where a node stands in, a second reboot does no harm; a drill reboots no other cache.
      return {
        ...effect({
          resource: cache,
          words: {
            would: "would reboot the primary node",
            done: "the primary node is rebooting",
            holds: "",
          },
          holds: () => Promise.resolve(false),
          act: () => changes.rebootPrimary(cache, undefined),
        }),
        settling: rebootSettling,
      };
    }
    case "reboot-all": {
      const { cache } = fault;
      const done = { changed: true, detail: "all nodes are rebooting" };
      return {
        resource: cache,
        plan: () => ({ changed: true, detail: "would reboot all nodes" }),
        // The second reboot loses nothing that the first one has left.
        onRepeat: "repeat",
        settling: rebootSettling,
        // All was well a moment ago: a cache that is silent since the order went out is rebooting.
        observe: async (since) =>
          since !== undefined && (await isSilent(ports, cache)) ? done : undefined,
        act: async () => {
          await changes.rebootAll(cache);
          return done;
        },
      };
    }
    case "none":
      return nothing(fault.of, "nothing is broken: users are led away and back");
  }
}

/** Mending it again. */
export function mendingOf({ apps, secrets }: DrillPorts, undo: Undo): Effect<Outcome> {
  switch (undo.kind) {
    case "activate-revision":
      return activation(apps, undo.app, undo.revision);
    case "recover-secret": {
      const { vault, address, secret } = undo;
      return effect({
        resource: vault,
        words: {
          would: `would recover ${secret}`,
          done: `${secret} is being recovered`,
          holds: `${secret} is there`,
        },
        holds: async () => (await secrets.versions(address, secret)).length > 0,
        act: () => secrets.recover(address, secret),
      });
    }
    case "none":
    case "fail-back-region":
    case "restore-cache":
      return nothing("", "nothing of it has to be undone here");
  }
}

async function isSilent({ caches, connectTo }: DrillPorts, cache: string): Promise<boolean> {
  try {
    await withCache(caches, connectTo, cache, ({ run, router }) => run(() => router.ping()));
    return false;
  } catch (error) {
    if (classifyError(error)?.code.startsWith("redis-") === true) return true;
    throw error;
  }
}

const nothing = (resource: string, detail: string): Effect<Outcome> => ({
  resource,
  plan: () => ({ changed: false, detail }),
  onRepeat: "repeat",
  settling,
  observe: () => Promise.resolve({ changed: false, detail }),
  act: () => Promise.resolve({ changed: false, detail }),
});
