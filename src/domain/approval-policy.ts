import type { Environment } from "./estate.js";
import type { EnvironmentName } from "./environment-name.js";
import type { Person } from "./identity.js";
import type { RunbookId } from "./scenario-id.js";
import type { Trigger } from "./run-record.js";

/** When a step has to be approved before it is done. */
export type Asks =
  /** Whoever started the run. */
  | "always"
  /** Unless a person ordered the run; his order is the approval. So is that of the drill that ordered it. */
  | "unless-ordered"
  /** Whoever started the run, but in production only. */
  | "in-production";

/** Who has to approve a step, or undefined where nobody has to. */
export interface ApprovalDemand {
  /** Whoever ordered the run may not approve it himself. */
  readonly requester?: Person;
}

/**
 * What the catalogue asks for, and what the estate adds to it. The estate can only add: a step that
 * destroys something is never waved through by a setting.
 */
export function approvalDemand(
  policy: Environment["approval"],
  step: {
    readonly scenario: RunbookId;
    readonly id: string;
    readonly asks?: Asks | undefined;
    readonly environment: EnvironmentName;
  },
  trigger: Trigger,
): ApprovalDemand | undefined {
  const requester =
    trigger.kind === "operator" ? { requester: { name: trigger.who, source: trigger.source } } : {};
  const added = policy.also.some(
    ({ scenario, step: id }) => scenario === step.scenario && id === step.id,
  );
  if (added || step.asks === "always") return requester;
  if (step.asks === "in-production") {
    return step.environment === "production" ? requester : undefined;
  }
  if (step.asks === undefined || trigger.kind === "drill") return undefined;
  const ordered = trigger.kind === "operator";
  return !ordered || policy.secondPerson ? requester : undefined;
}
