import { probeRegion, type AskedRegion } from "../activities/region.contract.js";
import { orderText } from "../domain/order-text.js";
import type { HealthRule } from "../domain/estate.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import type { Recovery } from "../recovery/recovery.js";

/**
 * The end of a run where the app's whole region is away: another cache or vault does not help it then,
 * and a wider recovery is wanted. Undefined where the region answers.
 */
export function* regionDown(
  run: Recovery<"check-region">,
  beside: AskedRegion["beside"],
  user: { readonly fqdn: string; readonly rule: HealthRule } | undefined,
  /** `afterwards`: why something else failed, so that the run still stands at that step. */
  when: "before-a-change" | "afterwards" = "before-a-change",
): Durable<Ending | undefined> {
  const { containerApp, primaryRegion: region } = run.order.estate;
  const asked = user === undefined ? {} : { user: { fqdn: user.fqdn, rule: user.rule } };
  const wanted = { region, app: containerApp.primary, beside, ...asked };
  const seen =
    when === "before-a-change"
      ? yield* run.step("check-region", probeRegion, wanted)
      : yield* run.look("check-region", probeRegion, wanted);
  if (!seen.ok || !seen.value.down) return undefined;
  const { environment } = run.order;
  const move = run.seesOtherwise
    ? orderText("failbacks", { environment, resource: "region" })
    : orderText("recoveries", { environment, scenario: "region-outage" });
  return run.end("needs-operator", `the region itself seems to be down: ${seen.value.detail}`, [
    run.order.estate.secondaryRegion === undefined
      ? "Look at Azure Service Health: if the region is down, the whole application has to be made anew elsewhere"
      : `Look at Azure Service Health: if the region is down, move the whole application: ${move}`,
    "If it is not, start this recovery again by POST /api/recoveries",
  ]);
}
