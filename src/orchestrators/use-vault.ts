import * as app from "../activities/container-app.contract.js";
import * as vault from "../activities/key-vault-failure.contract.js";
import { milliseconds } from "../domain/duration.js";
import type { Environment, HealthRule } from "../domain/estate.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import type { Recovery } from "../recovery/recovery.js";
import { vaultWaits as waits, type VaultStep } from "../scenarios/key-vault-steps.js";
import { followVault } from "./follow-operations.js";
import { freshSuffix } from "./fresh-suffix.js";
import { followNewRevision } from "./new-revision.js";
import { stuck, type Stuck } from "./stuck.js";

/*
 * What recovery and failback of a vault do alike: bring it back, see that it can be used, and have the
 * app use it. Each part does its steps and says whether it worked; what follows is the scenario's.
 */
export type VaultUser = Recovery<VaultStep>;

/** The app that uses a vault, as far as its verification needs it. */
export interface AppOfVault {
  readonly app: string;
  readonly fqdn: string | undefined;
  readonly rule: HealthRule;
}

const { within } = waits.operation;

/** How often a run may tell the app its vault in each round: there, and back. */
const movesOfEachRound = 2;

/** What looking at the vault in use takes, from the estate. */
export const lookAt = ({ containerApp, keyVault, ...regions }: Environment) => ({
  app: containerApp.primary,
  ...(containerApp.secondary === undefined ? {} : { standby: containerApp.secondary }),
  sides: {
    primary: keyVault.primary,
    ...(keyVault.secondary === undefined ? {} : { secondary: keyVault.secondary }),
  },
  locations: [
    ...new Set([
      regions.primaryRegion,
      regions.secondaryRegion ?? regions.recoveryRegion,
      regions.recoveryRegion,
    ]),
  ],
  health: containerApp.health,
  check: keyVault.healthCheck,
  ...(keyVault.network === undefined ? {} : { rules: keyVault.network }),
});

/** Brings a vault back from soft deletion. The roles that it had do not come with it. */
export function* recoverDeleted(
  recovery: VaultUser,
  target: { readonly vault: string; readonly location: string },
): Durable<Stuck | undefined> {
  const started = yield* recovery.step("recover-deleted", vault.startVaultRecovery, target);
  if (!started.ok) return stuck("the vault could not be recovered", started.failure);
  const { operation } = started.value;
  yield* followVault(recovery, target.vault, { step: "recover-deleted", operation, within });
  return yield* awaitVault(recovery, "await-recovered", target.vault);
}

/** Waits until a vault that was begun stands. */
export function* awaitVault<StepId extends string>(
  recovery: Recovery<StepId>,
  step: StepId,
  id: string,
): Durable<Stuck | undefined> {
  const waited = yield* recovery.until(
    step,
    vault.observeVault,
    { vault: id },
    {
      ...waits.recovered,
      done: ({ state }) => state === "ready",
    },
  );
  return waited === "done" ? undefined : stuck(`${id} did not come up in time`);
}

/**
 * The app may read, and this service may back up, restore and compare. A run that gives roles twice
 * says at which occasion: another vault has them not, nor has one that has come back from deletion.
 */
export function* grantRoles(
  recovery: VaultUser,
  appId: string,
  id: string,
  occasion?: "recovered" | "moved",
): Durable<Stuck | undefined> {
  const users = yield* recovery.step("find-users", vault.findVaultUsers, { app: appId });
  if (!users.ok) return stuck("nobody can tell whom the app reads as", users.failure);
  const { readers, service } = users.value;
  if (readers.length === 0) return stuck("the app has no identity that could read secrets");
  const wanted = [
    ...readers.map((reader) => ({ ...reader, role: "Key Vault Secrets User" as const })),
    {
      principalId: service,
      name: "this service",
      role: "Key Vault Secrets Officer" as const,
    },
  ];
  for (const { principalId, name, role } of wanted) {
    const grant = { vault: id, principalId, name, role };
    const who = `${role === "Key Vault Secrets User" ? "app" : "service"}-${principalId.slice(0, 8)}`;
    const item = occasion === undefined ? who : `${who}-${occasion}`;
    const granted = yield* recovery.step("grant-roles", vault.grantVaultRole, grant, item);
    if (!granted.ok) return stuck(`${name} could not be given ${role}`, granted.failure);
  }
  return undefined;
}

/** Waits until this service can use a vault, and looks at it; undefined where it never could. */
export function* awaitAccess(
  recovery: VaultUser,
  id: string,
): Durable<{ readonly address: string; readonly empty: boolean } | undefined> {
  const waited = yield* recovery.until(
    "await-access",
    vault.observeVault,
    { vault: id },
    {
      ...waits.access,
      done: ({ usable }) => usable,
    },
  );
  if (waited !== "done") return undefined;
  const seen = yield* recovery.step("await-access", vault.observeVault, { vault: id });
  if (!seen.ok) return undefined;
  const { address = "", empty } = seen.value;
  return { address, empty };
}

/** Has the app use another vault, by one new revision, and waits until that serves. */
export function* moveApp(
  recovery: VaultUser,
  id: string,
  move: { readonly from: string; readonly to: string },
): Durable<Stuck | undefined> {
  const change = { app: id, ...move, suffix: freshSuffix(recovery, 1, movesOfEachRound) };
  const started = yield* recovery.step("move-app", vault.startVaultMove, change);
  return yield* followNewRevision(recovery, "move-app", id, started);
}

/** The same the other way, where the vault that was left is still there. */
export function* moveBack(
  recovery: Recovery<VaultStep | "move-back">,
  id: string,
  move: { readonly from: string; readonly to: string },
): Durable<Stuck | undefined> {
  const change = { app: id, ...move, suffix: freshSuffix(recovery, 2, movesOfEachRound) };
  const started = yield* recovery.step("move-back", vault.startVaultMove, change);
  return yield* followNewRevision(recovery, "move-back", id, started);
}

/** The last word is the app's: that this service can read says nothing about it. */
export function* readsAgain(recovery: VaultUser, { fqdn, rule }: AppOfVault): Durable<boolean> {
  if (fqdn === undefined) return false;
  const waited = yield* recovery.until(
    "verify",
    app.probeAppCheck,
    { fqdn, rule, check: recovery.order.estate.keyVault.healthCheck },
    {
      ...waits.verify,
      inARow: rule.inARow,
      apart: milliseconds(rule.interval),
      done: ({ well }) => well,
    },
  );
  if (waited !== "done") return false;
  recovery.journal.restored(recovery.now());
  return true;
}

/** What a person has to do where a part did not work. */
export const needsOperator = (
  recovery: VaultUser,
  { why, lacksRole }: Stuck,
  more: readonly string[] = [],
): Ending =>
  recovery.end("needs-operator", why, [
    ...(lacksRole
      ? [
          "Look at the roles of the service's identity: Disaster recovery: vaults and Disaster recovery: access to data at the vaults' resource groups, Disaster recovery: container apps at the app",
        ]
      : []),
    ...more,
    ...(lacksRole || more.length > 0
      ? []
      : [
          `Look at the vault and at ${recovery.order.estate.containerApp.primary} in the portal: the vault's state and activity log, the app's newest revision and its log`,
        ]),
    `Order it again when that is mended: POST /api/${recovery.journal.scenario.kind === "failback" ? "failbacks" : "recoveries"}`,
  ]);
