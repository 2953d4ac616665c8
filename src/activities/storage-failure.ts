import type { AccountChanges } from "../azure/account-changes.js";
import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import { roles as roleIds, type RoleAssignments } from "../azure/role-assignments.js";
import { shortRegion } from "../azure/redis-caches.js";
import type { StorageAccounts } from "../azure/storage-accounts.js";
import { minutes, seconds } from "../domain/duration.js";
import { terminal } from "../domain/failure.js";
import { isAfter } from "../domain/instant.js";
import { recoveryAccountId, recoveryAccountName } from "../domain/recovery-account.js";
import { madeByTag } from "../domain/recovery-vault.js";
import { parseResourceId, sameResource } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import { sha256 } from "../state/hash.js";
import type { StateStore } from "../state/state-store.js";
import { ensure } from "./ensure.js";
import { granting } from "./grant-role.js";
import { makingRevision } from "./make-revision.js";
import { operationSeen } from "./operation-seen.js";
import * as contract from "./storage-failure.contract.js";

/** ARM shows an accepted change at once or after a few seconds. */
const changeSettling = seconds(5);
/** A failover must not be sent twice, so whether the first was accepted gets time to show. */
const failoverSettling = minutes(3);
/** How many names are tried for a new account; the first is free unless somebody is unlucky. */
const namesToTry = 4;

const roleOf = {
  "Storage Blob Data Contributor": roleIds.storageBlobDataContributor,
  "Storage Blob Data Reader": roleIds.storageBlobDataReader,
} as const;

/** What is changed about storage accounts, and what that takes. */
export interface AccountHands {
  readonly apps: ContainerApps;
  readonly accounts: StorageAccounts;
  readonly accountChanges: AccountChanges;
  readonly roles: RoleAssignments;
  readonly store: StateStore;
}

/** Everything a recovery may do to storage accounts, and to the app's idea of which one is its own. */
export function storageFailureActivities(azure: AccountHands): readonly Activity[] {
  const { apps, accounts, accountChanges: changes, roles, store } = azure;
  return [
    contract.chooseAccount.implementedBy(classifyError, async (wanted, { caller }) => {
      const { sides, lost, reservedName } = wanted;
      let standby: { readonly id: string; readonly detail: string } | undefined;
      for (const id of [sides.secondary, sides.primary]) {
        if (id === undefined || sameResource(id, lost) || standby !== undefined) continue;
        const view = await accounts.account(id);
        const isUsable = view?.provisioningState === "Succeeded" && view.primaryIsAvailable;
        if (isUsable && !view.failoverInProgress) {
          standby = { id, detail: `${view.name} in ${view.primaryLocation} stands by` };
        }
      }
      const base = parseResourceId(sides.primary)?.name ?? "mcp";
      const names = [
        ...(reservedName === undefined ? [] : [reservedName]),
        ...Array.from({ length: namesToTry }, (_, nth) =>
          recoveryAccountName(base, sha256(`${caller.run}|${nth}`)),
        ),
      ];
      const refusals: string[] = [];
      for (const name of names) {
        const id = recoveryAccountId(sides, name);
        const made = await accounts.account(id);
        const maker = made?.tags[madeByTag];
        // A round before this one may have made it.
        if (maker === caller.run) return found(standby, id, `${name}, which this run has made`);
        const isReady = made?.provisioningState === "Succeeded" && !sameResource(id, lost);
        if (maker !== undefined && isReady) {
          standby ??= { id, detail: `${name}, which ${maker} has made, stands by` };
          continue;
        }
        const { subscription = "" } = parseResourceId(id) ?? {};
        const answer = await nameAnswer(changes, subscription, name);
        if (answer.available) return found(standby, id, answer.detail);
        refusals.push(`${name}: ${answer.why}`);
      }
      return found(standby, undefined, `no name can be had: ${refusals.join("; ")}`.slice(0, 300));
    }),

    contract.startAccountCreation.implementedBy(classifyError, (wanted, context) => {
      const { account, location, sku, lease } = wanted;
      const { run } = context.caller;
      return ensure(store, context, contract.startAccountCreation, {
        resource: lease,
        plan: () => ({
          changed: true,
          detail: `would make ${nameOf(account)}, ${sku} in ${location}`,
        }),
        onRepeat: "repeat",
        settling: changeSettling,
        observe: async () => {
          const view = await accounts.account(account);
          if (view === undefined) return undefined;
          if (view.tags[madeByTag] === run) {
            return { changed: false, detail: `${view.name} is there` };
          }
          throw terminal("name-taken", `${account} has been made by somebody else`);
        },
        act: async () => ({
          changed: true,
          operation: await changes.startCreation(account, {
            location,
            sku,
            tags: { [madeByTag]: run },
          }),
          detail: `making ${nameOf(account)}, ${sku} in ${location}`,
        }),
      });
    }),

    contract.startStorageFailover.implementedBy(classifyError, ({ account, from, kind }, context) =>
      ensure(store, context, contract.startStorageFailover, {
        resource: account,
        plan: () => ({ changed: true, detail: `would fail ${nameOf(account)} over` }),
        // Sent once more it would go back to the region that is down.
        onRepeat: "ask-operator",
        settling: failoverSettling,
        observe: async (since) => {
          const view = await accounts.account(account);
          if (view === undefined) throw terminal("account-missing", `${account} does not exist`);
          const { name, primaryLocation, lastFailoverAt, failoverInProgress } = view;
          if (failoverInProgress) {
            return { changed: false, detail: `${name} is failing over already` };
          }
          const isElsewhere = shortRegion(primaryLocation) !== shortRegion(from);
          const isDone =
            since !== undefined && lastFailoverAt !== undefined && isAfter(lastFailoverAt, since);
          if (isElsewhere || isDone) {
            return { changed: false, detail: `${name} has failed over to ${primaryLocation}` };
          }
          return undefined;
        },
        act: async () => ({
          changed: true,
          operation: await changes.startFailover(account, kind),
          detail: `failing ${nameOf(account)} over, ${kind}`,
        }),
      }),
    ),

    contract.setRedundancy.implementedBy(classifyError, ({ account, sku }, context) =>
      ensure(store, context, contract.setRedundancy, {
        resource: account,
        plan: () => ({ changed: true, detail: `would make ${nameOf(account)} ${sku}` }),
        onRepeat: "repeat",
        settling: changeSettling,
        observe: async () => {
          const view = await accounts.account(account);
          return view?.sku === sku
            ? { changed: false, detail: `${view.name} is ${sku}` }
            : undefined;
        },
        act: async () => {
          await changes.setSku(account, sku);
          return { changed: true, detail: `${nameOf(account)} is ${sku} now` };
        },
      }),
    ),

    contract.pollAccountOperation.implementedBy(classifyError, async ({ account, operation }) =>
      operationSeen(await changes.operation(account, operation)),
    ),

    contract.grantStorageRole.implementedBy(classifyError, (wanted, context) => {
      const { account, role } = wanted;
      const grant = {
        ...wanted,
        scope: account,
        definition: roleOf[role],
        isImagined: async () =>
          context.caller.mode === "plan" && (await accounts.account(account)) === undefined,
      };
      return ensure(store, context, contract.grantStorageRole, granting(roles, grant));
    }),

    contract.startStorageMove.implementedBy(classifyError, ({ app, to, suffix }, context) => {
      const what = `, which uses ${to}`;
      const start = () => apps.startVariableChange(app, { STORAGE_ACCOUNT_URL: to }, suffix);
      const effect = makingRevision(apps, { app, suffix, what, start });
      return ensure(store, context, contract.startStorageMove, effect);
    }),
  ];
}

/** The check needs a right at the subscription; without it, the creation tells whether the name is free. */
async function nameAnswer(changes: AccountChanges, subscription: string, name: string) {
  try {
    const answer = await changes.nameAvailability(subscription, name);
    return answer.available ? { ...answer, detail: `the name ${name} is free` } : answer;
  } catch (error) {
    if (classifyError(error)?.class !== "permission-lag") throw error;
    const detail = `${name}; whether that name is free may not be asked`;
    return { available: true as const, detail };
  }
}

const found = (
  standby: { readonly id: string; readonly detail: string } | undefined,
  free: string | undefined,
  detail: string,
) => ({
  ...(standby === undefined ? {} : { standby: standby.id }),
  ...(free === undefined ? {} : { free }),
  detail: standby === undefined ? detail : `${standby.detail}; ${detail}`,
});

const nameOf = (id: string): string => parseResourceId(id)?.name ?? id;
