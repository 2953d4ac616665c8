import type { AlertRules } from "../../azure/alert-rules.js";
import type { Environment } from "../../domain/estate.js";
import { alertFindings, noAlerting } from "../../domain/readiness/alert-findings.js";
import type { CheckResult } from "../../domain/readiness/readiness.js";
import { checked } from "./checked.js";

/** What the checks of alerting look with. */
export interface AlertingPorts {
  readonly alertRules: AlertRules;
  /** Where this service is called; undefined outside of a host. */
  readonly alertAddress: string | undefined;
}

/** Whether a failure would be noticed, and whether that would call this service. */
export async function checkAlerting(
  { alertRules, alertAddress: address }: AlertingPorts,
  estate: Environment,
): Promise<readonly CheckResult[]> {
  const { alerting } = estate;
  if (alerting === undefined) return noAlerting();
  return checked(["alert-rules", "action-group"], async () => {
    const [rules, actionGroup] = await Promise.all([
      Promise.all(alerting.rules.map((id) => alertRules.rule(id))),
      alertRules.actionGroup(alerting.actionGroup),
    ]);
    return alertFindings({ estate, alerting, rules, actionGroup, address });
  });
}
