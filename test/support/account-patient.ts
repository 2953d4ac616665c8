import * as backup from "../../src/activities/backup.contract.js";
import * as restore from "../../src/activities/blob-restore.contract.js";
import * as app from "../../src/activities/container-app.contract.js";
import * as edge from "../../src/activities/edge.contract.js";
import { postNotice } from "../../src/activities/notices.contract.js";
import { probeRegion } from "../../src/activities/region.contract.js";
import * as run from "../../src/activities/run.contract.js";
import * as storage from "../../src/activities/storage-failure.contract.js";
import type { AccountCondition } from "../../src/domain/account-condition.js";
import type { Failure } from "../../src/domain/failure.js";
import { instantOf, plus } from "../../src/domain/instant.js";
import { milliseconds } from "../../src/domain/duration.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { sampleEstate } from "./estates.js";
import { stub, type Stub } from "./replay-driver.js";
import { usersAt } from "./users-side.js";

const account = sampleEstate().environments.production!.storage;
export const original = account.primary;
export const other = account.secondary ?? "";
const fresh = other.replace(/[^/]+$/, "mcpstorageproddrab12cd");
const nameOf = (id: string): string => id.replace(/^.*\//, "");
export const hostNameOf = (id: string): string => `${nameOf(id)}.blob.core.windows.net`;
const addressOf = (id: string): string => `https://${hostNameOf(id)}`;
const setTakenAt = "2026-11-22T13:30:00.000Z";
export const lastSyncAt = "2026-11-22T13:55:00.000Z";

/** An account on the couch: unavailable, with a standby and a copy, and all goes well unless a field says otherwise. */
export interface AccountTraits {
  /** The side that users are led to. */
  readonly users: "primary" | "secondary";
  readonly condition: AccountCondition;
  /** Milliseconds after which it is well by itself. */
  readonly comesBackAfter: number;
  /** Whether it is well by itself by now. */
  readonly comesBackOnce: () => boolean;
  /** As what it comes back then. */
  readonly comesBackAs: AccountCondition;
  /** Whether this service can use the account in use. */
  readonly usable: boolean;
  readonly witnesses: "agree" | "alone";
  readonly regionDown: "never" | "always" | "in-the-middle";
  readonly hasIngress: boolean;
  readonly hasIdentity: boolean;
  readonly standby: boolean;
  readonly free: boolean;
  /** Whether there is a copy in another region, whether it may be failed over to, and whether it can be read. */
  readonly geo: "readable" | "closed" | "behind" | "none";
  /** Blobs that are newer than the last sync, in the copy already. */
  readonly newerInCopy: number;
  readonly set: boolean;
  readonly opens: boolean;
  /** Blobs of the set that the target lacks, of three, and how many of those come back. */
  readonly missing: number;
  readonly restored: number;
  /** How many looks a large blob of the set takes until it is back. */
  readonly largeOfSet: number;
  /** Blobs that the account which stands by holds. */
  readonly held: number;
  /** Which account the app uses, how the original one stands, and where the one in use is written; for failbacks. */
  readonly used: "primary" | "secondary" | "elsewhere";
  readonly home: "ready" | "absent";
  readonly writtenIn: string;
  readonly replicates: boolean;
  readonly newerAtHome: readonly string[];
  readonly olderCopies: number;
  /** What only the original has. */
  readonly onlyAtHome: readonly string[];
  readonly inUse: number;
  readonly refusedAtHome: readonly { readonly name: string; readonly reason: string }[];
  /** How many looks a large blob takes until it is there. */
  readonly largeTakes: number;
  readonly mode: "single" | "multiple";
  /** Whether the app gets on with the account it is moved to, the first and the second time. */
  readonly worksAfterMove: readonly [boolean, boolean];
  readonly comesUp: boolean;
  /** Whether a failover that was begun comes through. */
  readonly failsOver: boolean;
  /** Whether the edge asks whom it is told to ask, the first and the second time. */
  readonly edgeFollows: readonly [boolean, boolean];
  /** Where the edge leads at first; by default to the account in use. */
  readonly edgeAt: string | undefined;
  /** What activities end in, always or as often as said. */
  readonly failing: Readonly<Record<string, Failure | readonly (Failure | undefined)[]>>;
}

const usual: AccountTraits = {
  users: "primary",
  condition: "unavailable",
  comesBackAfter: Infinity,
  comesBackOnce: () => false,
  comesBackAs: "healthy",
  usable: true,
  witnesses: "agree",
  regionDown: "never",
  hasIngress: true,
  hasIdentity: true,
  standby: true,
  free: true,
  geo: "readable",
  newerInCopy: 0,
  set: true,
  opens: true,
  missing: 1,
  restored: 1,
  largeOfSet: 0,
  held: 3,
  used: "primary",
  home: "ready",
  writtenIn: "eastus",
  replicates: true,
  newerAtHome: [],
  olderCopies: 0,
  onlyAtHome: [],
  inUse: 3,
  refusedAtHome: [],
  largeTakes: 0,
  mode: "single",
  worksAfterMove: [true, true],
  comesUp: true,
  failsOver: true,
  edgeFollows: [true, true],
  edgeAt: undefined,
  failing: {},
};

export function accountPatient(traits: Partial<AccountTraits> = {}) {
  const is = { ...usual, ...traits };
  const usedId = { primary: original, secondary: other, elsewhere: fresh }[is.used];
  const seen = new Map<string, number>();
  let begunAt: number | undefined;
  let works = is.condition === "healthy";
  let moves = 0;
  let revision = "mcp-server-prod--v41";
  let serving = revision;
  let edgeHost = is.edgeAt ?? hostNameOf(usedId);
  let edgeMoves = 0;
  let failover: { readonly at: number } | undefined;
  let isRedundantSince: number | undefined;
  let { largeOfSet } = is;
  let large = is.largeTakes;
  let brought = false;
  let regionLooks = 0;
  let record: RunRecord | undefined;
  let closedWith: string | undefined;

  const orFailed = <T>(name: string, value: T): T | { failure: Failure } => {
    const planned = is.failing[name];
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    const failure = isList(planned) ? planned[count] : planned;
    return failure === undefined ? value : { failure };
  };
  const conditionAt = (now: number): AccountCondition => {
    begunAt ??= now;
    if (is.comesBackOnce()) return is.comesBackAs;
    return now - begunAt >= is.comesBackAfter ? "healthy" : is.condition;
  };
  const hasFailedOver = (now: number): boolean =>
    failover !== undefined && is.failsOver && now - failover.at > 3_600_000;
  /** How an account is replicated, once it was failed over or made redundant again. */
  const redundancyAt = (now: number): storage.Redundancy => {
    const planned = is.writtenIn !== "eastus";
    const isOver = hasFailedOver(now);
    const geo = planned
      ? isRedundantSince !== undefined || is.geo !== "none"
      : is.geo !== "none" && !isOver;
    const synced = is.replicates ? instantOf(new Date(now)) : lastSyncAt;
    return {
      sku: geo ? "Standard_RAGZRS" : "Standard_LRS",
      primaryLocation: planned ? (isOver ? "eastus" : is.writtenIn) : isOver ? "westus" : "eastus",
      ...(geo && is.geo !== "closed" ? { secondaryEndpoint: "https://copy.example" } : {}),
      ...(geo
        ? {
            geo: {
              ...{ status: "Live" as const, canFailover: is.geo !== "behind" },
              ...{ canPlannedFailover: true, lastSyncAt: planned ? synced : lastSyncAt },
            },
          }
        : {}),
    };
  };
  const compared = (from: string) => ({
    ...{ done: is.inUse, newerThere: [] as string[], olderCopies: 0, keptThere: [] as string[] },
    ...(from === addressOf(usedId)
      ? {
          newerThere: [...is.newerAtHome],
          olderCopies: is.olderCopies,
          keptThere: is.olderCopies > 0 ? ["branding/old.svg"] : [],
        }
      : {}),
  });

  const stubs: Stub[] = [
    usersAt(is.users),
    stub(postNotice, () => ({ changed: true, detail: "posted" })),
    stub(storage.diagnoseStorage, (_input, _caller, now) => {
      const condition = conditionAt(now);
      const bad = condition !== "healthy";
      const failed = is.witnesses === "agree" ? ("failed" as const) : ("unknown" as const);
      works = works || !bad;
      return orFailed("diagnoseStorage", {
        account: {
          id: usedId,
          name: nameOf(usedId),
          side: is.used,
          known: "observed" as const,
          address: addressOf(usedId),
        },
        condition,
        sources: [
          { kind: "arm-state" as const, says: bad ? failed : ("well" as const), detail: condition },
          { kind: "app-health" as const, says: bad ? failed : ("well" as const), detail: "" },
        ],
        ...(condition === "gone" ? {} : { redundancy: redundancyAt(now) }),
        ...(is.hasIngress ? { fqdn: "mcp.example.azurecontainerapps.io" } : {}),
        usable: !bad && is.usable,
        detail: condition,
      });
    }),
    stub(probeRegion, () => {
      regionLooks += 1;
      const down =
        is.regionDown === "always" || (is.regionDown === "in-the-middle" && regionLooks > 1);
      return orFailed("probeRegion", { down, detail: down ? "no answer" : "they answer" });
    }),
    stub(app.probeAppCheck, (_input, _caller, now) => {
      if (hasFailedOver(now) && moves === 0) works = is.worksAfterMove[0];
      if (moves === 0) works ||= conditionAt(now) === "healthy";
      return orFailed("probeAppCheck", { well: works, healthy: works, detail: "asked" });
    }),
    stub(storage.observeAccount, ({ account: id }, _caller, now) => {
      const isLost = id === original && is.used !== "primary" && is.home === "absent";
      const isFailing =
        (failover !== undefined && !hasFailedOver(now)) ||
        (is.condition === "failing-over" && id === usedId && conditionAt(now) !== "healthy");
      const state = isLost ? "absent" : isFailing && id === usedId ? "failing-over" : "ready";
      return orFailed("observeAccount", {
        state,
        usable: state === "ready",
        ...(isLost ? {} : { endpoint: addressOf(id), redundancy: redundancyAt(now) }),
        detail: state,
      });
    }),
    stub(storage.countNewerBlobs, ({ endpoint }) =>
      orFailed("countNewerBlobs", {
        newer: endpoint === addressOf(other) ? is.held : is.newerInCopy,
        names: is.newerInCopy > 0 ? ["branding/late.svg"] : [],
        ...{ complete: true, detail: "counted" },
      }),
    ),
    stub(storage.chooseAccount, () =>
      orFailed("chooseAccount", {
        ...(is.standby ? { standby: other } : {}),
        ...(is.free ? { free: fresh } : {}),
        detail: "chosen",
      }),
    ),
    stub(storage.startAccountCreation, () =>
      orFailed("startAccountCreation", { changed: true, operation: "p", detail: "making" }),
    ),
    stub(storage.startStorageFailover, (_input, { mode }, now) => {
      const answer = orFailed("startStorageFailover", {
        ...{ changed: true, operation: "p", detail: "failing over" },
      });
      if (mode === "execute" && !("failure" in answer)) failover = { at: now };
      return answer;
    }),
    stub(storage.setRedundancy, (_input, { mode }, now) => {
      const answer = orFailed("setRedundancy", { changed: true, detail: "set" });
      if (mode === "execute" && !("failure" in answer)) isRedundantSince = now;
      return answer;
    }),
    stub(storage.pollAccountOperation, () =>
      orFailed("pollAccountOperation", { state: "succeeded" as const, detail: "done" }),
    ),
    stub(storage.findStorageUsers, () =>
      orFailed("findStorageUsers", {
        users: [
          {
            principalId: "11111111-aaaa",
            name: "mcp-server",
            role: "Storage Blob Data Contributor" as const,
          },
          { principalId: "33333333-cccc", name: "edge", role: "Storage Blob Data Reader" as const },
        ],
        appHasIdentity: is.hasIdentity,
        detail: "found",
      }),
    ),
    stub(storage.grantStorageRole, () =>
      orFailed("grantStorageRole", { changed: false, detail: "there" }),
    ),
    stub(storage.startStorageMove, ({ suffix }, { mode }) => {
      const answer = orFailed("startStorageMove", {
        ...{ changed: true, operation: "p", detail: "moving" },
        revision: `mcp-server-prod--${suffix}`,
      });
      if (mode === "execute" && !("failure" in answer)) {
        works = is.worksAfterMove[moves === 0 ? 0 : 1];
        moves += 1;
        if (is.comesUp || moves > 1) ({ revision } = answer);
      }
      return answer;
    }),
    stub(storage.compareAccounts, ({ from }) =>
      orFailed("compareAccounts", {
        ...compared(from),
        toBring: from === addressOf(usedId) && !brought ? 1 : 0,
        missing: from === addressOf(usedId) ? [] : [...is.onlyAtHome],
        ...{ newerHere: [], detail: "compared" },
      }),
    ),
    stub(storage.bringBlobs, ({ from }) => {
      const waiting = large > 0 ? 1 : 0;
      large -= 1;
      const isHome = is.condition === "healthy" && from === addressOf(usedId);
      brought ||= isHome;
      return orFailed("bringBlobs", {
        ...compared(from),
        ...{ changed: true, brought: 1, waiting, newerThere: [], detail: "brought" },
        failed: isHome ? [...is.refusedAtHome] : [],
      });
    }),
    stub(backup.findVerifiedSets, () =>
      orFailed("findVerifiedSets", {
        found: is.set ? [{ set: "blobs/x/here/", source: original, takenAt: setTakenAt }] : [],
        ...{ problems: [], detail: "looked" },
      }),
    ),
    stub(restore.findRestorableAccount, ({ account: id }) =>
      is.opens
        ? {
            ...{ endpoint: addressOf(id), begin: 0, end: 3, wanted: 3, containers: ["branding"] },
            ...{ takenAt: setTakenAt, detail: "3 of 3" },
          }
        : { failure: { class: "terminal" as const, code: "set-damaged", message: "not whole" } },
    ),
    stub(restore.compareBlobs, () =>
      orFailed("compareBlobs", {
        done: 3,
        decisions: "restores/run/blobs-000000.json",
        counts: {
          ...{ restore: is.missing, replace: 0, same: 3 - is.missing, "keep-newer": 0 },
          ...{ overwrite: 0, "no-copy": 0 },
        },
        ...{ newer: [], damaged: [], detail: "compared" },
      }),
    ),
    stub(restore.prepareTarget, () =>
      orFailed("prepareTarget", { changed: false, made: [], detail: "they are there" }),
    ),
    stub(restore.copyBlobsBack, () => {
      const waiting = largeOfSet > 0 ? 1 : 0;
      largeOfSet -= 1;
      return orFailed("copyBlobsBack", {
        ...{ changed: true, done: 3, restored: is.restored - waiting, waiting, failed: [] },
        detail: "copied",
      });
    }),
    stub(edge.observeEdge, () =>
      orFailed("observeEdge", {
        view: {
          origins: [
            {
              ...{ name: "storage", hostName: edgeHost, hostHeader: edgeHost },
              ...{ enabled: true, state: "Succeeded" },
            },
          ],
          endpoints: [{ name: "assets", hostName: "assets.example", state: "Succeeded" }],
        },
        detail: edgeHost,
      }),
    ),
    stub(edge.findPublicAsset, ({ container }) =>
      orFailed("findPublicAsset", {
        ...{ kind: "found" as const, asset: { container, name: "logo.svg" }, detail: "a logo" },
      }),
    ),
    stub(edge.startOriginMove, ({ to }, { mode }) => {
      const answer = orFailed("startOriginMove", { changed: true, operation: "p", detail: to });
      if (mode === "execute" && !("failure" in answer)) {
        edgeHost = new URL(to).host;
        edgeMoves += 1;
      }
      return answer;
    }),
    stub(edge.pollEdgeOperation, () => ({ state: "succeeded" as const, detail: "done" })),
    stub(edge.probePublicAsset, () => {
      const leads = is.edgeFollows[edgeMoves <= 1 ? 0 : 1];
      return orFailed("probePublicAsset", { leads, same: leads, detail: "asked" });
    }),
    stub(edge.startEdgePurge, () =>
      orFailed("startEdgePurge", { changed: true, operation: "p", detail: "purging" }),
    ),
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
      serving = wanted.revision;
      return orFailed("startTrafficShift", { changed: true, operation: "p", detail: "shifting" });
    }),
    stub(run.confirmMandate, () => ({ mandated: true, detail: "looked" })),
    stub(run.takeLease, (_input, caller, now) => ({
      kind: "taken" as const,
      fencing: caller.attempt,
      expiresAt: plus(instantOf(new Date(now)), milliseconds(600_000)),
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
  return {
    stubs,
    record: (): RunRecord => {
      if (record === undefined) throw new Error("the run saved no record");
      return record;
    },
    closedWith: () => closedWith,
    edgeHost: () => edgeHost,
  };
}

const isList = <T>(planned: T | readonly T[] | undefined): planned is readonly T[] =>
  Array.isArray(planned);
