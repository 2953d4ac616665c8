import * as app from "../activities/container-app.contract.js";
import type { Answer } from "../durable/activity-contract.js";
import type { Durable } from "../durable/durable.js";
import type { Recovery } from "../recovery/recovery.js";
import { revisionWaits as waits, type RevisionStep } from "../scenarios/revision-steps.js";
import { followApp } from "./follow-operations.js";
import { stuck, type Stuck } from "./stuck.js";

const { within } = waits.operation;

/** Waits until a revision that a step has begun to make serves alone. */
export function* followNewRevision<StepId extends string>(
  recovery: Recovery<RevisionStep | StepId>,
  step: RevisionStep | StepId,
  id: string,
  started: Answer<{ readonly operation?: string | undefined; readonly revision: string }>,
): Durable<Stuck | undefined> {
  if (!started.ok) return stuck("the app could not be told", started.failure);
  const { operation, revision } = started.value;
  yield* followApp(recovery, id, { step, operation, within });
  const waited = yield* recovery.until(
    "await-revision",
    app.observeApp,
    { app: id },
    {
      ...waits.revision,
      done: (seen) => seen.latestReadyRevision === revision,
      failed: (seen) => seen.provisioningState === "Failed",
    },
  );
  if (waited !== "done") return stuck(`${revision} did not come up`);
  return yield* sendTraffic(recovery, id, revision);
}

/** Single-revision mode gives a new revision the traffic; in multiple-revision mode that is a change. */
function* sendTraffic(
  recovery: Recovery<RevisionStep>,
  id: string,
  revision: string,
): Durable<Stuck | undefined> {
  if (recovery.planning) return undefined;
  const seen: Answer<{ mode: string; serving: readonly string[] }> = yield* recovery.step(
    "await-revision",
    app.observeApp,
    { app: id },
  );
  if (!seen.ok) return stuck("the app cannot be looked at", seen.failure);
  const { mode, serving } = seen.value;
  if (mode === "single" || (serving.length === 1 && serving[0] === revision)) return undefined;
  const target = { app: id, revision };
  // There and back are two acts.
  const shift = yield* recovery.step("shift-traffic", app.startTrafficShift, target, revision);
  if (!shift.ok) return stuck("the new revision got no traffic", shift.failure);
  const { operation } = shift.value;
  yield* followApp(recovery, id, { step: "shift-traffic", operation, within });
  // The health that is asked next is that of whoever serves, so that has to be the new revision.
  const waited = yield* recovery.until(
    "shift-traffic",
    app.observeApp,
    { app: id },
    {
      ...waits.traffic,
      done: (now) => now.serving.length === 1 && now.serving[0] === revision,
    },
  );
  return waited === "done" ? undefined : stuck(`${revision} did not get the traffic`);
}
