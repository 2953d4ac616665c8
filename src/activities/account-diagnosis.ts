import type { BlobProbe } from "../azure/blob-probe.js";
import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { HealthProbe } from "../azure/health-probe.js";
import type { BlobCopies } from "../azure/blob-copies.js";
import { roles as roleIds, type RoleAssignments } from "../azure/role-assignments.js";
import type { StorageAccounts, StorageAccountView } from "../azure/storage-accounts.js";
import {
  accountConditionOf,
  accountWitnesses,
  type AccountFacts,
} from "../domain/account-condition.js";
import { isAfter } from "../domain/instant.js";
import type { Activity, Caller } from "../durable/activity-contract.js";
import { accountInUse } from "./account-in-use.js";
import { appsWord } from "./apps-word.js";
import { whyUnseen } from "./side-look.js";
import * as contract from "./storage-failure.contract.js";

/** What looking at an account and at the app that uses it takes. */
export interface AccountWitnesses {
  readonly apps: ContainerApps;
  readonly accounts: StorageAccounts;
  readonly copies: BlobCopies;
  readonly probe: BlobProbe;
  readonly roles: RoleAssignments;
  readonly health: HealthProbe;
}

/** As much of a container as one look counts. */
const mostPages = 8;
/** How many names a result spells out. */
const longestList = 10;

/** Everything that looks at storage accounts and changes nothing. */
export function accountDiagnosisActivities(azure: AccountWitnesses): readonly Activity[] {
  const { apps, accounts, copies, probe, roles, health } = azure;
  return [
    contract.diagnoseStorage.implementedBy(classifyError, async (wanted, { caller }) => {
      const used = await accountInUse(apps, accounts, wanted, wanted.sides);
      const { id, name, side, known, view, unseen, address } = used;
      const [app, own] = await Promise.all([
        appsWord(apps, health, wanted),
        ownUse(probe, address, wanted.container, caller),
      ]);
      const facts: AccountFacts = {
        arm: unseen === undefined ? armSays(view) : undefined,
        appUses: app.use?.well,
        ownUse: own.result,
      };
      const condition = accountConditionOf(facts);
      const words = {
        arm: unseen === undefined ? describeArm(view) : `not seen: ${whyUnseen(unseen)}`,
        own: own.detail,
        app: app.use?.detail ?? app.detail,
      };
      return {
        account: { id, name, side, known, address },
        condition,
        sources: accountWitnesses(facts, words),
        ...(view === undefined ? {} : { redundancy: redundancyOf(view) }),
        ...(app.fqdn === undefined ? {} : { fqdn: app.fqdn }),
        usable: own.result === "works",
        detail: `${used.detail}; ${condition}: ${words.arm}; the app: ${words.app}; this service: ${words.own}`,
      };
    }),

    contract.observeAccount.implementedBy(classifyError, async ({ account }, { caller }) => {
      const view = await accounts.account(account);
      if (view === undefined) {
        return { state: "absent", usable: false, detail: `${account} is not there` };
      }
      const seen = { endpoint: view.blobEndpoint, redundancy: redundancyOf(view) };
      if (view.provisioningState !== "Succeeded" || view.failoverInProgress) {
        const state = view.failoverInProgress ? "failing-over" : "coming";
        return { state, usable: false, ...seen, detail: `${view.name}: ${describeArm(view)}` };
      }
      const own = await ownUse(probe, view.blobEndpoint, undefined, caller);
      const usable = own.result === "works";
      const detail = `${view.name}: ${describeArm(view)}; ${own.detail}`;
      return { state: "ready", usable, ...seen, detail };
    }),

    contract.countNewerBlobs.implementedBy(
      classifyError,
      async ({ endpoint, containers, since }) => {
        const names: string[] = [];
        let [newer, complete] = [0, true];
        for (const container of containers) {
          let token: string | undefined;
          for (let pages = 1; ; pages++) {
            const page = await copies.page({ endpoint, container }, token);
            for (const blob of page?.blobs ?? []) {
              if (!isAfter(blob.modifiedAt, since)) continue;
              newer += 1;
              if (names.length < longestList) names.push(`${container}/${blob.name}`);
            }
            token = page?.next;
            if (token === undefined) break;
            if (pages < mostPages) continue;
            complete = false;
            break;
          }
        }
        const more = complete ? "" : ", and more were not looked at";
        return { newer, names, complete, detail: `${newer} blobs are newer than ${since}${more}` };
      },
    ),

    contract.findStorageUsers.implementedBy(
      classifyError,
      async ({ app, instead, away }, { caller }) => {
        const [writers, service, there] = await Promise.all([
          apps.secretReaders(app),
          roles.self(),
          unlessAbsent(
            () => roles.assignedAt(instead),
            away === true ? 1 : patientTries,
            caller.attempt,
          ),
        ]);
        const users = new Map<string, contract.BlobRole>();
        const names = new Map(writers.map(({ principalId, name }) => [principalId, name]));
        names.set(service, "this service");
        for (const { principalId, role } of there) {
          const known = blobRoles.get(role);
          if (known !== undefined) users.set(principalId, known);
        }
        for (const id of names.keys()) users.set(id, "Storage Blob Data Contributor");
        const named = [...users].map(([principalId, role]) => ({
          principalId,
          name:
            names.get(principalId) ?? `principal ${principalId.slice(0, 8)} of the other account`,
          role,
        }));
        const more = named.length - names.size;
        const detail =
          writers.length === 0
            ? "the app has no identity"
            : `the app writes as ${writers.map(({ name }) => name).join(", ")}; ${more} others have a role`;
        return { users: named, appHasIdentity: writers.length > 0, detail };
      },
    ),
  ];
}

/** Whoever is left out is kept out of the new account, so a hiccup is waited for. */
const patientTries = 4;

const blobRoles = new Map<string, contract.BlobRole>([
  [roleIds.storageBlobDataContributor, "Storage Blob Data Contributor"],
  [roleIds.storageBlobDataReader, "Storage Blob Data Reader"],
]);

/** An account that is gone, or in a region that is, has nobody whose role could be seen. */
async function unlessAbsent<T>(
  ask: () => Promise<readonly T[]>,
  tries: number,
  attempt: number,
): Promise<readonly T[]> {
  try {
    return await ask();
  } catch (error) {
    const failure = classifyError(error);
    // Whoever is left out here, such as the edge, would be kept out of the new account.
    if (failure === null || (failure.class === "transient" && attempt < tries)) throw error;
    return [];
  }
}

const armSays = (view: StorageAccountView | undefined): AccountFacts["arm"] => {
  if (view === undefined) return "gone";
  if (view.failoverInProgress) return "failing-over";
  return view.primaryIsAvailable ? "available" : "unavailable";
};

const redundancyOf = (view: StorageAccountView): contract.Redundancy => ({
  sku: view.sku,
  primaryLocation: view.primaryLocation,
  ...(view.secondaryLocation === undefined ? {} : { secondaryLocation: view.secondaryLocation }),
  ...(view.secondaryEndpoint === undefined ? {} : { secondaryEndpoint: view.secondaryEndpoint }),
  ...(view.geo === undefined
    ? {}
    : {
        geo: {
          status: view.geo.status,
          canFailover: view.geo.canFailover,
          canPlannedFailover: view.geo.canPlannedFailover,
          ...(view.geo.lastSyncAt === undefined ? {} : { lastSyncAt: view.geo.lastSyncAt }),
        },
      }),
});

function describeArm(view: StorageAccountView | undefined): string {
  if (view === undefined) return "there is no such account";
  const { sku, primaryLocation, primaryIsAvailable, failoverInProgress, geo } = view;
  const state = failoverInProgress
    ? "failing over"
    : primaryIsAvailable
      ? "available"
      : "unavailable";
  const copied =
    geo === undefined
      ? "no copy in another region"
      : geo.lastSyncAt === undefined
        ? `its copy is ${geo.status}`
        : `copied up to ${geo.lastSyncAt}`;
  return `${sku} in ${primaryLocation}, ${state}, ${copied}`;
}

/** What a client of its own meets. Without a role nothing is known of the account itself. */
async function ownUse(
  probe: BlobProbe,
  endpoint: string,
  container: string | undefined,
  { mode }: Pick<Caller, "mode">,
): Promise<{ readonly result: AccountFacts["ownUse"]; readonly detail: string }> {
  if (endpoint === "") return { result: undefined, detail: "not tried: its address is not known" };
  try {
    if (mode === "plan") {
      const there = await probe.read(endpoint, container ?? "branding");
      return { result: "works", detail: there ? "it can be read" : "it answers" };
    }
    await probe.writeAndRead(endpoint);
    return { result: "works", detail: "a blob was written and read" };
  } catch (error) {
    const failure = classifyError(error);
    if (failure === null) throw error;
    const detail = `${failure.code}: ${failure.message.split("\n")[0] ?? ""}`.slice(0, 120);
    const isThrottled = /429|TooManyRequests|IngressIsOverAccountLimit/.test(failure.code);
    const isSilent = failure.class === "transient" && !isThrottled;
    return { result: isSilent ? "no-answer" : undefined, detail };
  }
}
