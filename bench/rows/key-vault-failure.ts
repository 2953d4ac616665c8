import { vaultAlert } from "../../local/stack/alert.js";
import type { Stack } from "../../local/stack/stack.js";
import { calm } from "../../simulator/profiles/calm.js";
import { durationsOf } from "../../simulator/profiles/profile.js";
import { backUp } from "../backup-run.js";
import { criticalPaths } from "../critical-paths/key-vault-failure.js";
import type { Measurement } from "../measurement.js";
import { recoveries, type Course } from "../recoveries.js";

const course = (
  fault: "vault-deleted" | "vault-purged",
  path: keyof ReturnType<typeof criticalPaths>,
  outcome: Course["outcome"],
): Course => ({
  fault: ({ keyVault }) => ({ name: fault, resource: keyVault.primary }),
  alert: ({ keyVault }, firedAt) => vaultAlert(keyVault.primary, firedAt),
  outcome,
  path: ({ containerApp }) => criticalPaths(durationsOf(calm, 1), containerApp.health)[path],
  runbook: "key-vault-failure",
});

/** As after a night: there is a verified set, and the standby has the same secrets. */
async function backedUp(stack: Stack): Promise<void> {
  const secrets = { count: 3, scope: "full", unit: "secrets" } as const;
  await backUp(stack, "key-vault", "backUpKeyVault", secrets);
}

const courses: Readonly<Record<string, Course>> = {
  "vault-soft-deleted": course("vault-deleted", "soft-deleted", "restored-with-findings"),
  "vault-gone": { ...course("vault-purged", "standby", "failed-over"), prepare: backedUp },
};

/** Scenario 3 from alert to record in simulated time, beside what it cannot do without. */
export const keyVaultFailure: readonly Measurement[] = Object.entries(courses).map(
  ([name, each]) => ({
    group: "scenario",
    name,
    measure: ({ runs }) => recoveries(each, runs),
  }),
);
