import type { CacheChanges } from "../azure/cache-changes.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { Secrets } from "../azure/secrets.js";
import type { Undo } from "../domain/drill.js";
import { seconds } from "../domain/duration.js";
import type { injectFault } from "./drill.contract.js";
import { activation } from "./container-app.js";
import type { Effect } from "./ensure.js";

/** What a drill breaks and mends things with. */
export interface DrillPorts {
  readonly apps: ContainerApps;
  readonly secrets: Secrets;
  readonly changes: CacheChanges;
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
export function breakingOf({ apps, secrets, changes }: DrillPorts, fault: Fault): Effect<Outcome> {
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
      return nothing("", "nothing of it has to be undone here");
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
