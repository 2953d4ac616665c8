import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { KeyVaults, NameAvailability } from "../azure/key-vault.js";
import { roles as roleIds, type RoleAssignments } from "../azure/role-assignments.js";
import { seconds } from "../domain/duration.js";
import { ClassifiedError, terminal } from "../domain/failure.js";
import { madeByTag, recoveryVaultId, recoveryVaultName } from "../domain/recovery-vault.js";
import { parseResourceId, sameResource } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import { sha256 } from "../state/hash.js";
import type { StateStore } from "../state/state-store.js";
import { ensure } from "./ensure.js";
import * as contract from "./key-vault-failure.contract.js";
import { granting } from "./grant-role.js";
import { makingRevision } from "./make-revision.js";
import { operationSeen } from "./operation-seen.js";
import { sameRules } from "./vault-diagnosis.js";

/** ARM shows an accepted change at once or after a few seconds. */
const changeSettling = seconds(5);
const retentionDays = 90;
/** How many names are tried for a new vault; the first is free unless somebody is unlucky. */
const namesToTry = 4;

const roleOf = {
  "Key Vault Secrets User": roleIds.keyVaultSecretsUser,
  "Key Vault Secrets Officer": roleIds.keyVaultSecretsOfficer,
} as const;

/** Everything a recovery may do to vaults, and to the app's idea of which one is its own. */
export function keyVaultFailureActivities(
  apps: ContainerApps,
  vaults: KeyVaults,
  roles: RoleAssignments,
  store: StateStore,
): readonly Activity[] {
  return [
    contract.grantVaultRole.implementedBy(classifyError, (wanted, context) => {
      const { vault, role } = wanted;
      const grant = {
        ...wanted,
        scope: vault,
        lease: vault,
        definition: roleOf[role],
        isImagined: async () =>
          context.caller.mode === "plan" && (await vaults.vault(vault)) === undefined,
      };
      return ensure(store, context, contract.grantVaultRole, granting(roles, grant));
    }),

    contract.setVaultNetwork.implementedBy(classifyError, ({ vault, rules }, context) =>
      ensure(store, context, contract.setVaultNetwork, {
        resource: vault,
        plan: () => ({ changed: true, detail: "would set the network rules of the estate" }),
        onRepeat: "repeat",
        settling: changeSettling,
        observe: async () => {
          const view = await vaults.vault(vault);
          return view !== undefined && sameRules(view.network, rules)
            ? { changed: false, detail: "the network rules are those of the estate" }
            : undefined;
        },
        act: async () => {
          const before = (await vaults.vault(vault))?.network;
          await vaults.change(vault, { network: rules });
          return {
            changed: true,
            detail: `network rules set to those of the estate; before: ${JSON.stringify(before)}`,
          };
        },
      }),
    ),

    contract.startVaultRecovery.implementedBy(classifyError, ({ vault, location }, context) =>
      ensure(store, context, contract.startVaultRecovery, {
        resource: vault,
        plan: () => ({ changed: true, detail: `would recover ${nameOf(vault)}` }),
        onRepeat: "repeat",
        settling: changeSettling,
        observe: async () =>
          (await vaults.vault(vault)) === undefined
            ? undefined
            : { changed: false, detail: `${nameOf(vault)} is there` },
        act: async () => ({
          changed: true,
          operation: await vaults.startRecovery(vault, location),
          detail: `recovering ${nameOf(vault)}`,
        }),
      }),
    ),

    contract.chooseVault.implementedBy(classifyError, async (wanted, { caller }) => {
      const { sides, lost, reservedName } = wanted;
      for (const id of [sides.secondary, sides.primary]) {
        if (id === undefined || sameResource(id, lost)) continue;
        const view = await vaults.vault(id);
        if (view?.provisioningState === "Succeeded") {
          return {
            kind: "standby",
            vault: id,
            detail: `${view.name} in ${view.location} stands by`,
          };
        }
      }
      const base = parseResourceId(sides.primary)?.name ?? "mcp";
      const names = [
        ...(reservedName === undefined ? [] : [reservedName]),
        ...Array.from({ length: namesToTry }, (_, nth) =>
          recoveryVaultName(base, sha256(`${caller.run}|${nth}`)),
        ),
      ];
      const refusals: string[] = [];
      for (const name of names) {
        const id = recoveryVaultId(sides, name);
        const made = await vaults.vault(id);
        const maker = made?.tags[madeByTag];
        // A round before this one may have made it.
        if (maker === caller.run) {
          return { kind: "new", vault: id, detail: `${name}, which this run has made` };
        }
        // One that was killed or gave up leaves the reserved name behind, with as many secrets as it had brought.
        const isReady = made?.provisioningState === "Succeeded" && !sameResource(id, lost);
        if (maker !== undefined && isReady) {
          return { kind: "standby", vault: id, detail: `${name}, which ${maker} has made` };
        }
        const answer = await vaults.nameAvailability(subscriptionOf(id), name);
        if (answer.available) return { kind: "new", vault: id, detail: `the name ${name} is free` };
        refusals.push(refusalOf(name, answer));
      }
      throw terminal("no-free-name", `no name can be had: ${refusals.join("; ")}`.slice(0, 300));
    }),

    contract.startVaultCreation.implementedBy(classifyError, (wanted, context) => {
      const { vault, location, rules } = wanted;
      const { run } = context.caller;
      return ensure(store, context, contract.startVaultCreation, {
        resource: vault,
        plan: () => ({ changed: true, detail: `would make ${nameOf(vault)} in ${location}` }),
        onRepeat: "repeat",
        settling: changeSettling,
        observe: async () => {
          const view = await vaults.vault(vault);
          if (view === undefined) return undefined;
          if (view.tags[madeByTag] === run) {
            return { changed: false, detail: `${view.name} is there` };
          }
          throw terminal("name-taken", `${vault} has been made by somebody else`);
        },
        act: async () => ({
          changed: true,
          operation: await vaults.startCreation(vault, {
            location,
            sku: "standard",
            retentionDays,
            network: rules,
            tags: { [madeByTag]: run },
          }),
          detail: `making ${nameOf(vault)} in ${location}`,
        }),
      });
    }),

    contract.pollVaultOperation.implementedBy(classifyError, async ({ vault, operation }) =>
      operationSeen(await vaults.operation(vault, operation)),
    ),

    contract.startVaultMove.implementedBy(classifyError, ({ app, from, to, suffix }, context) => {
      const what = `, which uses ${to}`;
      const start = () => whileRolesArrive(() => apps.startVaultMove(app, { from, to, suffix }));
      const effect = makingRevision(apps, { app, suffix, what, start });
      return ensure(store, context, contract.startVaultMove, effect);
    }),
  ];
}

/**
 * Container Apps reads each reference before it accepts a change. While the identity's role has not
 * arrived it refuses the change for good, as it says.
 */
async function whileRolesArrive<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const failure = classifyError(error);
    if (failure?.class !== "terminal" || !/managed identity/i.test(failure.message)) throw error;
    throw new ClassifiedError({ ...failure, class: "permission-lag" }, { cause: error });
  }
}

const refusalOf = (name: string, answer: NameAvailability): string =>
  answer.available ? name : `${name}: ${answer.reason}`;

const nameOf = (id: string): string => parseResourceId(id)?.name ?? id;

const subscriptionOf = (id: string): string => parseResourceId(id)?.subscription ?? "";
