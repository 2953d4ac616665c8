import type { Durable } from "../durable/durable.js";
import type { Answer } from "../durable/activity-contract.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";

/** What a setting's step answers: what it could not change, where there can be such a thing. */
type Ensured = Answer<{ readonly detail: string; readonly drift?: readonly string[] }>;

/**
 * Ensures settings of a resource, one after the other, while no other run works on it. A backup is
 * made all the same where one cannot be had; then that is a finding.
 */
export function* ensured(
  run: Pick<Recovery, "journal" | "holding">,
  resource: string,
  what: string,
  settings: readonly (() => Durable<Ensured>)[],
): Durable<void> {
  const held = yield* run.holding(resource, function* () {
    for (const setting of settings) {
      const answer = yield* setting();
      if (!answer.ok) {
        run.journal.finding(`${what}'s settings: ${describeFailure(answer.failure)}`);
        continue;
      }
      for (const drift of answer.value.drift ?? []) run.journal.finding(`${what}: ${drift}`);
    }
  });
  if (!held.ok) run.journal.finding(`${what}'s settings: ${describeFailure(held.failure)}`);
}
