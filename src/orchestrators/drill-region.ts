import * as contract from "../activities/drill.contract.js";
import { DrillOrder } from "../domain/drill.js";
import { minutes } from "../domain/duration.js";
import { regionSides } from "../domain/region-sides.js";
import { framed } from "../recovery/framed.js";
import { describeFailure } from "../recovery/recovery.js";
import { regionDrill } from "../scenarios/region-drill.js";
import { drilled, followed, stopRecovery } from "./run-drill.js";

/** Users are led to the other region by the ordinary recovery, and back by the ordinary failback. */
export const drillRegion = framed(regionDrill, DrillOrder, function* (run, order) {
  const { environment, estate } = order;
  const sides = regionSides(estate);
  if (sides === undefined) {
    return run.end("canceled", "not applicable: single-region estate, there is no other side");
  }
  const { front, primary, secondary } = sides;
  const { redis, storage, frontDoor: edge } = estate;
  const rule = estate.containerApp.health;
  return yield* drilled(run, order, {
    scenario: "region-outage",
    resource: front.profile,
    state: {
      what: "region",
      front,
      apps: [primary, secondary].map(({ app }) => ({ app, rule })),
      caches: bothOf(redis),
      accounts: bothOf(storage),
      connectionSecret: redis.connectionSecret,
      ...(edge === undefined ? {} : { edge }),
    },
    breaks: () => ({
      fault: { kind: "none", of: front.profile },
      undo: { kind: "fail-back-region" },
    }),
    *practise(brokenAt) {
      const ordered = yield* run.step("order-recovery", contract.orderPracticeRun, {
        environment,
        order: { kind: "recovery", scenario: "region-outage", resource: front.profile },
        at: run.now(),
        detectedAt: brokenAt,
        reason: `practised by ${run.run()}`,
      });
      if (!ordered.ok) return { kind: "failed", why: describeFailure(ordered.failure) };
      const { run: recovery } = ordered.value;
      if (recovery === undefined) return { kind: "recovered", at: run.now() };
      const end = yield* followed(run, "await-recovery", recovery, minutes(60));
      const at = end?.restoredAt;
      if (end?.outcome !== "failed-over" || at === undefined) {
        return { kind: "failed", why: `${recovery}: ${end?.reason ?? "it has not ended in time"}` };
      }
      for (const finding of end.findings) run.journal.finding(`${recovery}: ${finding}`);
      run.journal.restored(at);
      return { kind: "recovered", at };
    },
    stop: () => stopRecovery(run, order),
  });
});

const bothOf = (sides: { readonly primary: string; readonly secondary?: string | undefined }) =>
  [sides.primary, sides.secondary].filter((id) => id !== undefined);
