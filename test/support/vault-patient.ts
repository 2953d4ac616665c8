import * as app from "../../src/activities/container-app.contract.js";
import { findVerifiedSets } from "../../src/activities/backup.contract.js";
import * as vault from "../../src/activities/key-vault-failure.contract.js";
import * as keyVaultBackup from "../../src/activities/key-vault-backup.contract.js";
import * as restore from "../../src/activities/key-vault-restore.contract.js";
import { postNotice } from "../../src/activities/notices.contract.js";
import { probeRegion } from "../../src/activities/region.contract.js";
import * as run from "../../src/activities/run.contract.js";
import type { Failure } from "../../src/domain/failure.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import type { VaultCondition } from "../../src/domain/vault-condition.js";
import { sampleEstate } from "./estates.js";
import { stub, type Stub } from "./replay-driver.js";
import { usersAt } from "./users-side.js";

const keyVault = sampleEstate().environments.production!.keyVault;
export const original = keyVault.primary;
export const other = keyVault.secondary ?? "";
const fresh = other.replace(/[^/]+$/, "mcp-server-prod-k-ab12cd");

/** A vault on the couch: gone, with a standby, and all goes well unless a field says otherwise. */
export interface VaultTraits {
  /** The side that users are led to. */
  readonly users: "primary" | "secondary";
  readonly condition: VaultCondition;
  /** What comes to light once that is mended. */
  readonly beneath: VaultCondition;
  /** What heals it; without, the app never reads it. */
  readonly heals: boolean;
  /** Milliseconds after which an unavailable vault answers again. */
  readonly comesBackAfter: number;
  /** Whether it is well by itself by now. */
  readonly comesBackOnce: () => boolean;
  readonly standby: boolean;
  readonly standbyEmpty: boolean;
  readonly set: boolean;
  /** Secrets of the set that the target lacks, and those it has in an older version. */
  readonly missing: number;
  readonly older: readonly string[];
  /** Secrets that the target does not take. */
  readonly refused: number;
  readonly opens: boolean;
  /** Whether there is a newer set that opens in another geography alone. */
  readonly newestElsewhere: boolean;
  readonly mode: "single" | "multiple";
  /** Whether Azure does what it has accepted: the traffic goes where it is sent. */
  readonly shifts: boolean;
  readonly witnesses: "agree" | "alone";
  /** Whether the region is away: from the beginning, or once the app is to be moved. */
  readonly regionDown: "never" | "always" | "in-the-middle";
  /** Which vault the app uses, and how the original one stands; for failbacks. */
  readonly used: "primary" | "secondary" | "elsewhere";
  readonly hasIngress: boolean;
  readonly home: "ready" | "deleted" | "absent";
  readonly newerAtHome: readonly string[];
  /** What the original vault does not take from the one in use, and why. */
  readonly refusedAtHome: readonly { readonly name: string; readonly reason: string }[];
  /** Whether the app reads the vault it is moved to, the first and the second time. */
  readonly readsAfterMove: readonly [boolean, boolean];
  /** What activities end in, always or as often as said. */
  readonly failing: Readonly<Record<string, Failure | readonly (Failure | undefined)[]>>;
}

const usual: VaultTraits = {
  users: "primary",
  condition: "gone",
  beneath: "healthy",
  heals: true,
  comesBackAfter: Infinity,
  comesBackOnce: () => false,
  standby: true,
  standbyEmpty: false,
  set: true,
  missing: 1,
  older: [],
  refused: 0,
  opens: true,
  newestElsewhere: false,
  mode: "single",
  shifts: true,
  witnesses: "agree",
  regionDown: "never",
  used: "primary",
  hasIngress: true,
  home: "ready",
  newerAtHome: [],
  refusedAtHome: [],
  readsAfterMove: [true, true],
  failing: {},
};

export function vaultPatient(traits: Partial<VaultTraits> = {}) {
  const is = { ...usual, ...traits };
  const seen = new Map<string, number>();
  let condition = is.condition;
  let reads = is.condition === "healthy";
  let begunAt: number | undefined;
  let moves = 0;
  let revision = "mcp-server-prod--v41";
  let serving = revision;
  let record: RunRecord | undefined;
  let closedWith: string | undefined;

  const mend = (what: VaultCondition): void => {
    if (condition !== what) return;
    if (is.heals) condition = what === is.condition ? is.beneath : "healthy";
    reads = condition === "healthy";
  };
  const orFailed = <T>(name: string, value: T): T | { failure: Failure } => {
    const planned = is.failing[name];
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    const failure = isList(planned) ? planned[count] : planned;
    return failure === undefined ? value : { failure };
  };
  const usedId = { primary: original, secondary: other, elsewhere: fresh }[is.used];

  let regionLooks = 0;
  const stubs: Stub[] = [
    usersAt(is.users),
    stub(postNotice, () => ({ changed: true, detail: "posted" })),
    stub(vault.diagnoseVault, (_input, _caller, now) => {
      begunAt ??= now;
      if (is.comesBackOnce()) mend(condition);
      if (condition === "unavailable" && now - begunAt >= is.comesBackAfter) mend("unavailable");
      const failed = is.witnesses === "agree" ? ("failed" as const) : ("unknown" as const);
      const bad = condition !== "healthy";
      return orFailed("diagnoseVault", {
        vault: {
          id: usedId,
          name: usedId.replace(/^.*\//, ""),
          side: is.used,
          known: "observed" as const,
          address: "https://used.vault.azure.net/",
          location: "eastus",
        },
        condition,
        sources: [
          { kind: "arm-state" as const, says: bad ? failed : ("well" as const), detail: condition },
          { kind: "app-health" as const, says: bad ? failed : ("well" as const), detail: "" },
        ],
        ...(is.hasIngress ? { fqdn: "mcp.example.azurecontainerapps.io" } : {}),
        usable: condition === "healthy",
        detail: condition,
      });
    }),
    stub(probeRegion, () => {
      regionLooks += 1;
      const down =
        is.regionDown === "always" || (is.regionDown === "in-the-middle" && regionLooks > 1);
      return orFailed("probeRegion", { down, detail: down ? "no answer" : "they answer" });
    }),
    stub(app.probeAppCheck, () =>
      orFailed("probeAppCheck", { well: reads, healthy: reads, detail: reads ? "well" : "403" }),
    ),
    stub(vault.observeVault, ({ vault: id }) => {
      const state = id === original && is.used !== "primary" && !recovered ? is.home : "ready";
      return orFailed("observeVault", {
        state,
        usable: state === "ready",
        empty: id === other && is.standbyEmpty,
        address: "https://target.vault.azure.net/",
        location: "eastus",
        detail: state,
      });
    }),
    stub(vault.findVaultUsers, () =>
      orFailed("findVaultUsers", {
        readers: [{ principalId: "11111111-aaaa", name: "mcp-server" }],
        service: "22222222-bbbb",
        detail: "found",
      }),
    ),
    stub(vault.grantVaultRole, () => {
      if (is.condition !== "gone" && is.condition !== "firewall") {
        mend("role-missing");
        if (recovered) mend("soft-deleted");
      }
      return orFailed("grantVaultRole", { changed: true, detail: "granted" });
    }),
    stub(vault.setVaultNetwork, () => {
      mend("firewall");
      return orFailed("setVaultNetwork", { changed: true, detail: "set" });
    }),
    stub(vault.startVaultRecovery, () => {
      recovered = true;
      return orFailed("startVaultRecovery", {
        changed: true,
        operation: "p",
        detail: "recovering",
      });
    }),
    stub(vault.chooseVault, () =>
      orFailed("chooseVault", {
        kind: is.standby ? ("standby" as const) : ("new" as const),
        vault: is.standby ? other : fresh,
        detail: "chosen",
      }),
    ),
    stub(vault.startVaultCreation, () =>
      orFailed("startVaultCreation", { changed: true, operation: "p", detail: "making" }),
    ),
    stub(vault.pollVaultOperation, () =>
      orFailed("pollVaultOperation", { state: "succeeded" as const, detail: "done" }),
    ),
    stub(vault.startVaultMove, ({ suffix }) => {
      const answer = orFailed("startVaultMove", {
        changed: true,
        operation: "p",
        revision: `mcp-server-prod--${suffix}`,
        detail: "moving",
      });
      if (!("failure" in answer)) {
        reads = is.readsAfterMove[moves === 0 ? 0 : 1];
        moves += 1;
        ({ revision } = answer);
      }
      return answer;
    }),
    stub(app.pollAppOperation, () => ({ state: "succeeded" as const, detail: "done" })),
    stub(app.observeApp, () =>
      orFailed("observeApp", {
        detail: "seen",
        mode: is.mode,
        provisioningState: "Succeeded",
        runningStatus: "Running",
        latestRevision: revision,
        latestReadyRevision: revision,
        serving: [is.mode === "single" ? revision : serving],
      }),
    ),
    stub(app.startTrafficShift, (wanted) => {
      if (is.shifts) serving = wanted.revision;
      return orFailed("startTrafficShift", { changed: true, operation: "p", detail: "shifting" });
    }),
    stub(findVerifiedSets, () =>
      orFailed("findVerifiedSets", {
        found: [
          ...(is.newestElsewhere ? [setOf("elsewhere", "2026-11-22T13:45:00.000Z")] : []),
          ...(is.set ? [setOf("here", "2026-11-22T13:30:00.000Z")] : []),
        ],
        problems: [],
        detail: "looked",
      }),
    ),
    stub(restore.findRestorableVault, ({ set }) =>
      is.opens && !set.includes("elsewhere")
        ? {
            uri: "https://target.vault.azure.net/",
            count: 3,
            wanted: 3,
            takenAt: "2026-11-22T13:30:00.000Z",
            detail: "3 of 3",
          }
        : {
            failure: {
              class: "terminal" as const,
              code: "another-geography",
              message: "backups do not open there",
            },
          },
    ),
    stub(restore.compareSecrets, () =>
      orFailed("compareSecrets", {
        done: 3,
        actions: "restores/run/secrets-000000.json",
        counts: {
          ...{ restore: is.missing, recover: 0, keep: 0, "keep-newer": 0, overwrite: 0 },
          ...{ "keep-existing": 3 - is.missing, "keep-older": is.older.length },
        },
        newer: [],
        older: [...is.older],
        detail: "compared",
      }),
    ),
    stub(restore.restoreSecrets, () =>
      orFailed("restoreSecrets", {
        ...{ changed: true, done: 3, brought: is.missing - is.refused, failed: 0, refused: [] },
        detail: "restored",
      }),
    ),
    stub(restore.verifySecrets, () =>
      orFailed("verifySecrets", { done: 3, missing: [], detail: "all there" }),
    ),
    stub(vault.compareVaults, () =>
      orFailed("compareVaults", {
        done: 3,
        toBring: moves === 0 ? 1 : 0,
        newerThere: [...is.newerAtHome],
        left: [],
        detail: "compared",
      }),
    ),
    stub(keyVaultBackup.listSecrets, ({ set }) =>
      orFailed("listSecrets", { list: `${set}list`, count: 3, skipped: 0, detail: "listed" }),
    ),
    stub(keyVaultBackup.reportDeletedSecrets, () =>
      orFailed("reportDeletedSecrets", { count: 0, names: [], detail: "none" }),
    ),
    stub(keyVaultBackup.syncSecrets, () =>
      orFailed("syncSecrets", {
        ...{ done: 3, written: 1, skipped: [...is.refusedAtHome] },
        detail: "synced",
      }),
    ),
    stub(run.confirmMandate, () => ({ mandated: true, detail: "looked" })),
    stub(run.takeLease, (_input, caller, now) => ({
      kind: "taken" as const,
      fencing: caller.attempt,
      expiresAt: new Date(now + 600_000).toISOString(),
      detail: "taken",
    })),
    stub(run.releaseLease, () => ({ detail: "given back" })),
    stub(run.saveRecord, (input) => {
      ({ record } = input);
      return { detail: "saved" };
    }),
    stub(run.closeIncident, ({ outcome }) => {
      closedWith = outcome;
      return { detail: "closed" };
    }),
  ];
  let recovered = false;
  return {
    stubs,
    record: (): RunRecord => {
      if (record === undefined) throw new Error("the run saved no record");
      return record;
    },
    closedWith: () => closedWith,
  };
}

const isList = <T>(planned: T | readonly T[] | undefined): planned is readonly T[] =>
  Array.isArray(planned);

const setOf = (where: string, takenAt: string) => ({
  ...{ set: `key-vault/x/${where}/`, source: original, takenAt },
});
