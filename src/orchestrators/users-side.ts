import { observeTraffic } from "../activities/traffic.contract.js";
import type { Environment } from "../domain/estate.js";
import type { FailbackResource } from "../domain/failback.js";
import { orderText } from "../domain/order-text.js";
import type { RecoveryOrder } from "../domain/recovery-order.js";
import { regionSides, turned, type RegionSides } from "../domain/region-sides.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import type { Recovery } from "../recovery/recovery.js";

/**
 * The estate as those see it who protect what users use: after a move to the other region, that side is
 * the one that counts, and nothing of the side they left is asked or waited for. Where nobody can tell,
 * it is as the estate has it.
 */
export function* estateOfUsers<StepId extends string>(
  run: Recovery<StepId>,
  step: StepId,
): Durable<Environment> {
  const { estate } = run.order;
  const left = yield* sidesLeft(run, step, estate);
  if (left === undefined) return estate;
  run.journal.finding(
    `users are led to ${left.secondary.region}, so what that region's app uses is what is protected`,
  );
  const { containerApp, keyVault, redis, storage, ...rest } = turned(estate);
  return {
    ...rest,
    containerApp: { ...containerApp, secondary: undefined },
    keyVault: { ...keyVault, secondary: undefined },
    redis: { ...redis, secondary: undefined },
    storage: { ...storage, secondary: undefined },
  };
}

/**
 * Recovers on the side that users are led to: after a move to the other region that side is the first
 * one, and what stands where they were is what may take over.
 */
export const onUsersSide = <StepId extends string>(
  step: NoInfer<StepId>,
  recover: (run: Recovery<StepId>, order: RecoveryOrder) => Durable<Ending>,
) =>
  function* (run: Recovery<StepId>, order: RecoveryOrder): Durable<Ending> {
    const left = yield* sidesLeft(run, step, order.estate);
    if (left === undefined) {
      run.see(order.estate);
      return yield* recover(run, order);
    }
    const { region } = left.secondary;
    run.journal.finding(`users are led to ${region}, so it is that region's app that is recovered`);
    const estate = turned(order.estate);
    run.see(estate);
    return yield* recover(run, { ...order, estate });
  };

/**
 * Why one resource alone is not brought home: users are led to the other region, and what they write
 * there would be left behind. Undefined while they are where they were at first.
 */
export function* usersLeft<StepId extends string>(
  run: Recovery<StepId>,
  step: StepId,
): Durable<{ readonly why: string; readonly first: string } | undefined> {
  const { estate, environment } = run.order;
  const left = yield* sidesLeft(run, step, estate);
  if (left === undefined) return undefined;
  return {
    why: `users are led to ${left.secondary.region}, and the app there keeps its own data: nothing of ${left.primary.region} is brought home alone`,
    first: `Bring home all of it: ${orderText("failbacks", { environment, resource: "region" })}`,
  };
}

/** How a person goes back to what was there before: with the whole region where users have left it. */
export const wayBack = (
  run: Pick<Recovery, "order" | "seesOtherwise">,
  resource: FailbackResource,
): string =>
  orderText("failbacks", {
    environment: run.order.environment,
    resource: run.seesOtherwise ? "region" : resource,
  });

/** The sides of an environment whose users have been led away from the first one. */
function* sidesLeft<StepId extends string>(
  run: Recovery<StepId>,
  step: StepId,
  estate: Environment,
): Durable<RegionSides | undefined> {
  const sides = regionSides(estate);
  if (sides === undefined) return undefined;
  const seen = yield* run.look(step, observeTraffic, { front: sides.front });
  if (!seen.ok || seen.value.primary.enabled || seen.value.secondary?.enabled !== true) {
    return undefined;
  }
  return sides;
}
