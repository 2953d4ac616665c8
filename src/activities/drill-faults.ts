import type { CacheChanges } from "../azure/cache-changes.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { Secrets } from "../azure/secrets.js";
import type { Undo } from "../domain/drill.js";
import { seconds } from "../domain/duration.js";
import type { injectFault } from "./drill.contract.js";
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

/** Breaking what a drill breaks. */
export function breakingOf({ apps, secrets, changes }: DrillPorts, fault: Fault): Effect<Outcome> {
  switch (fault.kind) {
    case "deactivate-revision": {
      const { app, revision } = fault;
      return {
        resource: app,
        plan: () => ({ changed: true, detail: `would deactivate ${revision}` }),
        onRepeat: "repeat",
        settling,
        observe: async () =>
          (await apps.revision(app, revision))?.active === false
            ? { changed: false, detail: `${revision} is not active` }
            : undefined,
        act: async () => {
          await apps.deactivate(app, revision);
          return { changed: true, detail: `deactivated ${revision}` };
        },
      };
    }
    case "delete-secret": {
      const { vault, address, secret } = fault;
      return {
        resource: vault,
        plan: () => ({ changed: true, detail: `would delete ${secret}` }),
        onRepeat: "repeat",
        settling,
        observe: async () =>
          (await secrets.versions(address, secret)).length === 0
            ? { changed: false, detail: `${secret} is not there` }
            : undefined,
        act: async () => {
          await secrets.remove(address, secret);
          return { changed: true, detail: `deleted ${secret}` };
        },
      };
    }
    case "reboot-primary": {
      const { cache } = fault;
      return {
        resource: cache,
        plan: () => ({ changed: true, detail: "would reboot the primary node" }),
        // Where a node stands in, a second reboot does no harm; a drill reboots no other cache.
        onRepeat: "repeat",
        settling: seconds(30),
        observe: () => Promise.resolve(undefined),
        act: async () => {
          await changes.rebootPrimary(cache, undefined);
          return { changed: true, detail: "the primary node is rebooting" };
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
    case "activate-revision": {
      const { app, revision } = undo;
      return {
        resource: app,
        plan: () => ({ changed: true, detail: `would activate ${revision}` }),
        onRepeat: "repeat",
        settling,
        observe: async () =>
          (await apps.revision(app, revision))?.active === true
            ? { changed: false, detail: `${revision} is active` }
            : undefined,
        act: async () => {
          await apps.activate(app, revision);
          return { changed: true, detail: `activated ${revision}` };
        },
      };
    }
    case "recover-secret": {
      const { vault, address, secret } = undo;
      return {
        resource: vault,
        plan: () => ({ changed: true, detail: `would recover ${secret}` }),
        onRepeat: "repeat",
        settling,
        observe: async () =>
          (await secrets.versions(address, secret)).length > 0
            ? { changed: false, detail: `${secret} is there` }
            : undefined,
        act: async () => {
          await secrets.recover(address, secret);
          return { changed: true, detail: `${secret} is being recovered` };
        },
      };
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
