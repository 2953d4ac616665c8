import { observeTraffic } from "../activities/traffic.contract.js";
import type { Environment } from "../domain/estate.js";
import { regionSides } from "../domain/region-sides.js";
import type { Durable } from "../durable/durable.js";
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
  const sides = regionSides(estate);
  if (sides === undefined) return estate;
  const seen = yield* run.look(step, observeTraffic, { front: sides.front });
  if (!seen.ok || seen.value.primary.enabled || seen.value.secondary?.enabled !== true) {
    return estate;
  }
  run.journal.finding(
    `users are led to ${sides.secondary.region}, so what that region's app uses is what is protected`,
  );
  const turned = <
    Sides extends { readonly primary: string; readonly secondary?: string | undefined },
  >(
    all: Sides,
  ): Sides => ({ ...all, primary: all.secondary ?? all.primary, secondary: undefined });
  return {
    ...estate,
    containerApp: turned(estate.containerApp),
    keyVault: turned(estate.keyVault),
    redis: turned(estate.redis),
    storage: turned(estate.storage),
  };
}
