import { minutes, seconds } from "../domain/duration.js";
import { vaultSteps } from "./key-vault-steps.js";
import { declareScenario } from "./scenario.js";

export const keyVaultFailure = declareScenario({
  id: "key-vault-failure",
  kind: "recovery",
  title: "Key Vault failure",
  orchestrator: "recoverKeyVault",
  resource: "key-vault",
  symptoms: [
    "The app says that it cannot read its vault",
    "The vault is closed, deleted or does not answer",
    "The app has lost its role at the vault",
  ],
  signals: ["vault-availability", "vault-refusals", "vault-deleted", "resource-health"],
  rto: minutes(45),
  automatic: true,
  fallsBackOn: ["key-vault"],
  dataLoss:
    "what was written to secrets since the last backup and sync, and only where the vault is gone for good",
  steps: {
    confirm: {
      title: "Confirm that the app cannot read its vault",
      expected: seconds(15),
      path: "main",
    },
    diagnose: {
      title: "Find out why: the vault, its roles, its network rules, soft deletion",
      expected: seconds(5),
      path: "main",
    },
    recheck: {
      title: "Look once more before the first change",
      expected: seconds(5),
      path: "main",
    },
    "set-network": {
      title: "Set the network rules back to those of the estate",
      expected: minutes(1),
      path: "fallback",
      destroys: {
        asks: "unless-ordered",
        loss: "the network rules that the vault has now; somebody may have closed it for a reason",
      },
    },
    "await-platform": {
      title: "Wait while the platform brings the vault back",
      expected: minutes(5),
      path: "fallback",
    },
    "check-region": {
      title: "See that not the whole region is down",
      expected: seconds(5),
      path: "fallback",
    },
    "leave-vault": {
      title: "Leave a vault that the platform does not bring back",
      expected: seconds(5),
      path: "fallback",
      destroys: {
        asks: "always",
        loss: "what was written to secrets since the last sync, until it is brought over by hand",
      },
    },
    "choose-vault": {
      title: "Choose the vault to go on with",
      expected: seconds(5),
      path: "main",
    },
    "create-vault": {
      title: "Make a new vault in the recovery region",
      expected: seconds(10),
      path: "fallback",
    },
    "await-created": {
      title: "Wait until the new vault is there",
      expected: minutes(1),
      path: "fallback",
    },
    "find-set": {
      title: "Find the newest verified set of secrets",
      expected: seconds(5),
      path: "main",
    },
    compare: {
      title: "Compare each secret of the set with the vault",
      expected: seconds(30),
      path: "main",
    },
    "restore-secrets": {
      title: "Bring back the secrets that are missing",
      expected: minutes(1),
      path: "main",
    },
    "check-secrets": {
      title: "See that every secret of the set is there",
      expected: seconds(15),
      path: "main",
    },
    ...vaultSteps,
  },
  fallbacks: [
    {
      when: "the vault is in soft deletion",
      steps: ["recover-deleted", "await-recovered", "find-users", "grant-roles", "verify"],
      dataLoss: "none; the roles that others had at the vault do not come back",
    },
    {
      when: "its network rules keep the app out",
      steps: ["set-network", "verify"],
      dataLoss: "none",
    },
    {
      when: "the app has lost its role",
      steps: ["find-users", "grant-roles", "verify"],
      dataLoss: "none",
    },
    {
      when: "the vault is there and does not answer",
      steps: ["await-platform", "verify"],
      dataLoss: "none; while the platform serves it from elsewhere it can only be read",
    },
    {
      when: "the vault is gone and no other stands by",
      steps: ["create-vault", "await-created", "await-access", "restore-secrets", "move-app"],
      dataLoss: "what was written to secrets since the newest verified set",
    },
  ],
});

/** How the scenario waits for what only it waits for. */
export const waits = {
  confirm: {
    inARow: 2,
    failedInARow: 2,
    within: minutes(2),
    first: seconds(5),
    longest: seconds(5),
  },
  /** The platform's own failover takes minutes; a new vault would take longer to be filled. */
  platform: { first: seconds(15), longest: seconds(30), inARow: 2, within: minutes(22) },
} as const;
