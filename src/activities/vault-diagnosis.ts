import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { HealthProbe } from "../azure/health-probe.js";
import type { DeletedVaultView, KeyVaults, VaultNetwork, VaultView } from "../azure/key-vault.js";
import { rolesThatReadSecrets, type RoleAssignments } from "../azure/role-assignments.js";
import type { Secrets } from "../azure/secrets.js";
import type { VaultRules } from "../domain/estate.js";
import type { Failure } from "../domain/failure.js";
import { conditionOf, witnessesOf, type VaultFacts } from "../domain/vault-condition.js";
import type { Activity } from "../durable/activity-contract.js";
import { appsWord } from "./apps-word.js";
import { lookAtSide, refuseUnseen, whyUnseen } from "./side-look.js";
import * as contract from "./key-vault-failure.contract.js";
import { vaultInUse } from "./vault-in-use.js";

/** What looking at a vault and at the app that uses it takes. */
export interface VaultWitnesses {
  readonly apps: ContainerApps;
  readonly vaults: KeyVaults;
  readonly secrets: Secrets;
  readonly roles: RoleAssignments;
  readonly health: HealthProbe;
}

/** Everything that looks at vaults and changes nothing. */
export function vaultDiagnosisActivities(azure: VaultWitnesses): readonly Activity[] {
  const { apps, vaults, secrets, roles, health } = azure;
  return [
    contract.diagnoseVault.implementedBy(classifyError, async (wanted) => {
      const { sides, locations, rules } = wanted;
      const used = await vaultInUse(apps, vaults, wanted, sides);
      const { id, name, side, known, view, unseen, address } = used;
      const [trace, app, own, appHasRole] = await Promise.all([
        view === undefined && unseen === undefined
          ? lookAtSide(() => deletedAnywhere(vaults, id, locations))
          : undefined,
        appsWord(apps, health, wanted),
        // One that Resource Manager cannot be asked for may answer all the same.
        view === undefined && (unseen === undefined || address === "")
          ? undefined
          : ownRead(secrets, view?.uri ?? address),
        view === undefined ? undefined : hasRole(apps, roles, wanted.app, view),
      ]);
      const deleted = trace?.view;
      const notSeen = unseen ?? trace?.unseen;
      const closed = view !== undefined && isClosed(view.network);
      const facts: VaultFacts = {
        arm: notSeen === undefined ? armSays(view, deleted) : undefined,
        appReads: app.use?.well,
        ownRead: own?.result,
        appHasRole,
        closed,
        asWanted: rules && view && sameRules(view.network, rules),
      };
      const condition = conditionOf(facts);
      const words = {
        arm:
          notSeen === undefined
            ? describeArm(facts, view, deleted)
            : `not seen: ${whyUnseen(notSeen)}`,
        own: own?.detail ?? "not tried: its address is not known",
        app: app.use?.detail ?? app.detail,
      };
      const location = view?.location ?? deleted?.location;
      return {
        vault: { id, name, side, known, address, ...(location === undefined ? {} : { location }) },
        condition,
        sources: witnessesOf(facts, words),
        ...(app.fqdn === undefined ? {} : { fqdn: app.fqdn }),
        usable: own?.result === "reads",
        detail: `${used.detail}; ${condition}: ${words.arm}; the app: ${words.app}; this service: ${words.own}`,
      };
    }),

    contract.observeVault.implementedBy(classifyError, async ({ vault, location }) => {
      const view = await vaults.vault(vault);
      if (view === undefined) {
        if (location !== undefined && (await vaults.deletedVault(vault, location)) !== undefined) {
          const detail = `${vault} is in soft deletion`;
          return { state: "deleted", usable: false, empty: false, location, detail };
        }
        return { state: "absent", usable: false, empty: false, detail: `${vault} is not there` };
      }
      const { uri: address, name, provisioningState } = view;
      const place = { address, location: view.location };
      if (provisioningState !== "Succeeded") {
        const detail = `${name}: ${provisioningState}`;
        return { state: "coming", usable: false, empty: false, ...place, detail };
      }
      const { result, empty, detail } = await ownRead(secrets, address);
      const usable = result === "reads";
      return { state: "ready", usable, empty, ...place, detail: `${name}: ${detail}` };
    }),

    contract.findVaultUsers.implementedBy(classifyError, async ({ app }) => {
      const [readers, service] = await Promise.all([apps.secretReaders(app), roles.self()]);
      const names = readers.map(({ name }) => name).join(", ");
      return {
        readers: [...readers],
        service,
        detail: readers.length === 0 ? "the app has no identity" : `the app reads as ${names}`,
      };
    }),
  ];
}

function armSays(
  view: VaultView | undefined,
  deleted: DeletedVaultView | undefined,
): VaultFacts["arm"] {
  if (view !== undefined) return "there";
  return deleted === undefined ? "gone" : "soft-deleted";
}

interface OwnRead {
  readonly result: VaultFacts["ownRead"];
  readonly empty: boolean;
  readonly detail: string;
}

/** Lists the first secrets, which no value is needed for. */
async function ownRead(secrets: Secrets, uri: string): Promise<OwnRead> {
  try {
    // A page may be empty and another still follow.
    for await (const page of secrets.pages(uri)) {
      if (page.length > 0) return { result: "reads", empty: false, detail: "it can list secrets" };
    }
    return { result: "reads", empty: true, detail: "it holds no secret" };
  } catch (error) {
    let failure = classifyError(error);
    if (failure === null) throw error;
    // The SDK's lists keep the status alone; a single read is told why.
    if (failure.code === "Forbidden") failure = await whyForbidden(secrets, uri, failure);
    const { code, class: of } = failure;
    const detail = `${code}: ${failure.message.split("\r\n")[0] ?? ""}`.slice(0, 120);
    if (code === "ForbiddenByFirewall" || code === "ForbiddenByConnection") {
      return { result: "firewall", empty: false, detail };
    }
    if (of === "permission-lag") return { result: "role", empty: false, detail };
    if (of === "transient" && code !== "http-429" && code !== "Throttled") {
      return { result: "no-answer", empty: false, detail };
    }
    return { result: undefined, empty: false, detail };
  }
}

async function whyForbidden(secrets: Secrets, uri: string, seen: Failure): Promise<Failure> {
  try {
    await secrets.value(uri, "mcp-dr-probe");
    return seen;
  } catch (error) {
    return classifyError(error) ?? seen;
  }
}

/** Whether each identity that the app reads with has a role for it; undefined where roles do not decide. */
async function hasRole(
  apps: ContainerApps,
  roles: RoleAssignments,
  app: string,
  { id, rolesDecide }: VaultView,
): Promise<boolean | undefined> {
  if (!rolesDecide) return undefined;
  const readers = await apps.secretReaders(app);
  if (readers.length === 0) return undefined;
  const found = await Promise.all(
    readers.map(async ({ principalId }) => {
      const has = await roles.rolesOf(id, principalId);
      return has.some((role) => rolesThatReadSecrets.includes(role));
    }),
  );
  return found.every((has) => has);
}

/** In whichever region it was deleted; one that cannot be asked matters only where no other one knows it. */
async function deletedAnywhere(
  vaults: KeyVaults,
  id: string,
  locations: readonly string[],
): Promise<DeletedVaultView | undefined> {
  const looks = await Promise.all(
    locations.map((location) => lookAtSide(() => vaults.deletedVault(id, location))),
  );
  const found = looks.find(({ view }) => view !== undefined);
  if (found === undefined) looks.forEach(refuseUnseen);
  return found?.view;
}

const isClosed = ({ publicAccess, defaultAction }: VaultNetwork): boolean =>
  !publicAccess || defaultAction === "Deny";

/** Whether a vault's rules are those of the estate; their order says nothing. */
export function sameRules(network: VaultNetwork, rules: VaultRules): boolean {
  const text = ({ publicAccess, defaultAction, trustedServices, ...lists }: VaultNetwork): string =>
    JSON.stringify([
      publicAccess,
      defaultAction,
      trustedServices,
      [...lists.addresses].map((address) => address.replace(/\/32$/, "")).sort(),
      [...lists.subnets].map((subnet) => subnet.toLowerCase()).sort(),
    ]);
  return text(network) === text(rules);
}

function describeArm(
  { appHasRole, closed, asWanted }: VaultFacts,
  view: VaultView | undefined,
  deleted: DeletedVaultView | undefined,
): string {
  if (view === undefined) {
    if (deleted === undefined) return "there is no such vault, also not in soft deletion";
    return `deleted ${deleted.deletedAt ?? "at an unknown time"}, kept until ${deleted.purgesAt ?? "an unknown time"}`;
  }
  const rules = !closed
    ? "open to all addresses"
    : `closed to addresses that no rule names${asWanted === undefined ? "" : asWanted ? ", as the estate wants" : ", which the estate does not want"}`;
  const role =
    appHasRole === undefined ? "" : appHasRole ? "; the app has its role" : "; the app has no role";
  return `${view.provisioningState}, ${rules}${role}`;
}
