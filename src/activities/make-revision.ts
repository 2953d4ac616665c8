import type { ContainerApps } from "../azure/container-apps.js";
import { seconds } from "../domain/duration.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { Effect } from "./ensure.js";

/** What begins to make a revision: its operation, and what it is, as the end of a sentence. */
interface NewRevision {
  readonly app: string;
  /** The idempotency key: a repeat finds the revision that it made. */
  readonly suffix: string;
  readonly what: string;
  readonly start: () => Promise<string>;
}

/** Makes one new revision of an app. */
export function makingRevision(
  apps: ContainerApps,
  { app, suffix, what, start }: NewRevision,
): Effect<{ changed: boolean; revision: string; operation?: string; detail: string }> {
  const revision = `${parseResourceId(app)?.name ?? app}--${suffix}`;
  return {
    resource: app,
    plan: () => ({ changed: true, revision, detail: `would make ${revision}${what}` }),
    onRepeat: "repeat",
    // ARM shows an accepted change at once or after a few seconds.
    settling: seconds(5),
    observe: async () =>
      (await apps.revision(app, revision)) === undefined
        ? undefined
        : { changed: false, revision, detail: `${revision} exists` },
    act: async () => ({
      changed: true,
      revision,
      operation: await start(),
      detail: `making ${revision}${what}`,
    }),
  };
}
