import { storageAlert } from "../../stack/alert.js";
import type { Exercise } from "../exercise.js";

const makeAccount = "storageAccounts.create";
const failOver = "storageAccounts.failover";
const moveApp = "containerApps.update";
const leadEdge = "afdOrigins.update";
const purge = "afdEndpoints.purgeContent";

/** Without a secondary a new account is made, and filled from a backup. */
const withoutSecondary = { environment: "development", certain: [makeAccount, moveApp] } as const;

/** An account that answers nobody: the other side's takes over, or where there is none a new one. */
export const storageFailure: Exercise = {
  scenario: "storage-failure",
  environment: "production",
  breaks: ({ storage }) => [{ name: "storage-unavailable", resource: storage.primary }],
  backups: ["blobs"],
  certain: [leadEdge, moveApp, purge],
  alert: ({ storage }, firedAt) => storageAlert(storage.primary, firedAt),
  changes: [makeAccount, failOver, moveApp, leadEdge, purge],
  longChanges: [moveApp],
  // A failover that is ordered twice leads back to the region that is down.
  repeatable: [makeAccount, moveApp, leadEdge, purge],
  unlogged: [],
  missingRole: () => [{ name: "role-missing", role: "Role Based Access Control Administrator" }],
  courses: {
    "lost-answer": withoutSecondary,
    "role-missing": { ...withoutSecondary, certain: [makeAccount] },
    "newest-set-corrupt": withoutSecondary,
    "no-set": withoutSecondary,
  },
  spared: {
    "cache-refused": "it makes no cache",
    "vault-read-only": "it touches no vault",
  },
};
