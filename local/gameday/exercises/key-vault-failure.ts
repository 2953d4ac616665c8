import { vaultAlert } from "../../stack/alert.js";
import type { Exercise } from "../exercise.js";

const makeVault = "vaults.createOrUpdate";
const grant = "roleAssignments.create";
const restore = "secrets.restore";
const set = "secrets.set";
const moveApp = "containerApps.update";

/** Without a secondary a new vault is made, and filled from a backup. */
const withoutSecondary = {
  environment: "development",
  certain: [makeVault, grant, restore, moveApp],
} as const;

/** A vault that is gone for good: the synced one takes over, or where there is none a new vault. */
export const keyVaultFailure: Exercise = {
  scenario: "key-vault-failure",
  environment: "production",
  breaks: ({ keyVault }) => [{ name: "vault-purged", resource: keyVault.primary }],
  backups: ["key-vault"],
  certain: [moveApp],
  alert: ({ keyVault }, firedAt) => vaultAlert(keyVault.primary, firedAt),
  changes: [makeVault, grant, restore, set, moveApp],
  longChanges: [moveApp],
  repeatable: [makeVault, grant, restore, moveApp],
  unlogged: [],
  missingRole: () => [{ name: "role-missing", role: "Key Vault Data Access Administrator" }],
  courses: {
    "lost-answer": withoutSecondary,
    throttle: withoutSecondary,
    "server-error": withoutSecondary,
    "role-missing": withoutSecondary,
    "newest-set-corrupt": withoutSecondary,
    "no-set": withoutSecondary,
    "vault-read-only": {
      breaks: ({ keyVault }) => [
        { name: "vault-unavailable", resource: keyVault.primary, forSeconds: 600 },
      ],
    },
  },
  spared: { "cache-refused": "it makes no cache" },
};
