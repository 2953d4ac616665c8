import * as app from "../../src/activities/container-app.contract.js";
import { findVerifiedSets } from "../../src/activities/backup.contract.js";
import * as blobs from "../../src/activities/blob-restore.contract.js";
import * as edge from "../../src/activities/edge.contract.js";
import * as run from "../../src/activities/run.contract.js";
import * as side from "../../src/activities/standby.contract.js";
import * as storage from "../../src/activities/storage-failure.contract.js";
import * as traffic from "../../src/activities/traffic.contract.js";
import { milliseconds, seconds } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { cachePatient, type CacheTraits } from "./cache-patient.js";
import { sampleEstate } from "./estates.js";
import { stub, type Stub } from "./replay-driver.js";
import { vaultPatient, type VaultTraits } from "./vault-patient.js";

const { storage: accounts, containerApp } = sampleEstate().environments.production!;
const [lostHost, standbyHost] = [accounts.primary, accounts.secondary ?? ""].map(
  (id) => `${id.slice(id.lastIndexOf("/") + 1)}.blob.core.windows.net`,
) as [string, string];

/** A region on the couch: it is down, the other side is ready, and all goes well unless a field says otherwise. */
export interface RegionTraits {
  /** What the witnesses come to, look by look; the last one stays. */
  readonly verdicts: readonly ("down" | "up" | "unclear")[];
  /** Which endpoints are switched on. */
  readonly on: readonly ("primary" | "secondary")[];
  readonly answers: boolean;
  readonly ready: number;
  /** How many replicas the app of the other side keeps. */
  readonly keeps: number;
  readonly cache: Partial<CacheTraits>;
  readonly vault: Partial<VaultTraits>;
  /** Whether an account stands by, and how many of the three blobs of the set it lacks. */
  readonly account: boolean;
  /** Whether the lost account has a copy in the other region that it can be failed over to. */
  readonly geo: boolean;
  readonly missingBlobs: number;
  readonly blobSet: boolean;
  /** Blobs that the account holds already. */
  readonly held: number;
  /** Whether the app has to be told by a new revision. */
  readonly told: "already" | "anew";
  readonly secretWritten: boolean;
  readonly well: boolean;
  readonly holds: boolean;
  readonly edgeSpreads: boolean;
  readonly onlineAfter: number;
  /** Whether the primary endpoint is not online from the beginning, where it is switched on. */
  readonly offlineAtFirst: boolean;
  /** Whether Traffic Manager finds the primary app unwell while it is watched with its users. */
  readonly degradedAfterwards: boolean;
  readonly failing: Readonly<Record<string, Failure | readonly (Failure | undefined)[]>>;
}

const usual: RegionTraits = {
  verdicts: ["down"],
  on: ["primary"],
  answers: true,
  ready: 2,
  keeps: 2,
  cache: {},
  vault: { missing: 0 },
  account: true,
  geo: false,
  missingBlobs: 1,
  blobSet: true,
  held: 3,
  told: "already",
  secretWritten: true,
  well: true,
  holds: true,
  edgeSpreads: true,
  onlineAfter: seconds(20),
  offlineAtFirst: false,
  degradedAfterwards: true,
  failing: {},
};

const copied = {
  ...{ status: "Unavailable" as const, canFailover: true, canPlannedFailover: false },
  lastSyncAt: "2026-11-22T13:41:00.000Z",
};
const takenAt = "2026-11-22T13:30:00.000Z";

export function regionPatient(traits: Partial<RegionTraits> = {}) {
  const is = { ...usual, ...traits };
  const counts = new Map<string, number>();
  const on = new Map<string, number>(
    is.on.map((name) => [name, name === "primary" && is.offlineAtFirst ? Infinity : 0]),
  );
  /** How many endpoints were switched on at the least. */
  let least = on.size;
  let edgeHost = is.on.includes("primary") ? lostHost : standbyHost;
  let purged = false;
  let failedOver = false;
  let latest = "mcp-server-prod-dr--v41";
  let looks = 0;
  let record: RunRecord | undefined;
  let closedWith: string | undefined;

  const orFailed = <T>(name: string, value: () => T): T | { failure: Failure } => {
    const planned = is.failing[name];
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    const failure = isList(planned) ? planned[count] : planned;
    return failure === undefined ? value() : { failure };
  };
  const endpointAt = (name: "primary" | "secondary", now: number, step: string) => {
    const since = on.get(name);
    const degraded = step === "soak-afterwards" && is.degradedAfterwards;
    const isUp = name === "secondary" || (is.verdicts.at(-1) === "up" && !degraded);
    const online = isUp && since !== undefined && now - since >= is.onlineAfter;
    return {
      name: name === "primary" ? "eastus" : "westus",
      enabled: since !== undefined,
      online,
      monitorStatus: since === undefined ? "Disabled" : online ? "Online" : "Degraded",
      target: `${name}.example`,
    };
  };
  const sideOf = (endpoint: string) => (endpoint === "eastus" ? "primary" : "secondary");
  const view = () => ({
    origins: [
      {
        ...{ name: "storage", hostName: edgeHost, hostHeader: edgeHost },
        ...{ enabled: true, state: "Succeeded" },
      },
    ],
    endpoints: [{ name: "assets", hostName: "assets.example", state: "Succeeded" }],
  });

  const own: Stub[] = [
    stub(traffic.observeTraffic, (_input, { step }, now) =>
      orFailed("observeTraffic", () => ({
        ...{ fqdn: "mcp.trafficmanager.net", ttl: seconds(30), enabled: on.size },
        primary: endpointAt("primary", now, step),
        secondary: endpointAt("secondary", now, step),
        detail: "looked",
      })),
    ),
    stub(traffic.witnessRegion, () =>
      orFailed("witnessRegion", () => {
        const verdict = is.verdicts[Math.min(looks, is.verdicts.length - 1)] ?? "down";
        looks += 1;
        const says = { down: "failed", up: "well", unclear: "unknown" } as const;
        return {
          sources: ["own-probe", "traffic-manager"].map((kind) => ({
            kind: kind as "own-probe",
            says: says[verdict],
            detail: verdict,
          })),
          ...{ silent: verdict === "down" ? 4 : 0, answering: verdict === "up" ? 4 : 0 },
          ...{ verdict, detail: `the witnesses say ${verdict}` },
        };
      }),
    ),
    stub(side.observeSide, ({ app: id }) =>
      orFailed(id === containerApp.primary ? "observeLostSide" : "observeSide", () => ({
        fqdn: "standby.example",
        ...{ serving: [latest], ready: is.ready, minReplicas: is.keeps, images: ["mcp:1"] },
        ...{ answers: is.answers, healthy: false, detail: `${is.ready} replicas` },
      })),
    ),
    stub(findVerifiedSets, ({ kind, sources }) =>
      orFailed("findVerifiedSets", () => {
        const there = kind === "blobs" ? is.blobSet : (is.vault.set ?? true);
        const found = there ? [{ set: `${kind}/x/here/`, source: sources[0] ?? "", takenAt }] : [];
        return { found, problems: [], detail: "looked" };
      }),
    ),
    stub(storage.chooseAccount, () =>
      orFailed("chooseAccount", () => ({
        ...(is.account && accounts.secondary !== undefined ? { standby: accounts.secondary } : {}),
        detail: is.account ? "one stands by" : "none stands by",
      })),
    ),
    stub(storage.countNewerBlobs, () =>
      orFailed("countNewerBlobs", () => ({
        ...{ newer: is.held, names: [], complete: true, detail: "counted" },
      })),
    ),
    stub(storage.findStorageUsers, () =>
      orFailed("findStorageUsers", () => ({
        users: [
          { principalId: "11111111-aaaa", name: "mcp-server", role: storageRole },
          { principalId: "22222222-bbbb", name: "this service", role: storageRole },
        ],
        ...{ appHasIdentity: true, detail: "found" },
      })),
    ),
    stub(storage.grantStorageRole, () =>
      orFailed("grantStorageRole", () => ({ changed: false, detail: "has it" })),
    ),
    stub(storage.observeAccount, ({ account }) =>
      orFailed(account === accounts.primary ? "observeLostAccount" : "observeAccount", () => ({
        ...{ state: "ready" as const, usable: true, endpoint: `https://${standbyHost}` },
        ...(is.geo && account === accounts.primary
          ? {
              redundancy: {
                sku: failedOver ? "Standard_LRS" : "Standard_RAGRS",
                primaryLocation: failedOver ? "westus" : "eastus",
                ...(failedOver ? {} : { geo: copied }),
              },
            }
          : {}),
        detail: "ready",
      })),
    ),
    stub(storage.startStorageFailover, (_input, { mode }) =>
      orFailed("startStorageFailover", () => {
        if (mode === "execute") failedOver = true;
        return { changed: true, operation: "p", detail: "failing over" };
      }),
    ),
    stub(blobs.findRestorableAccount, () =>
      orFailed("findRestorableAccount", () => ({
        endpoint: `https://${standbyHost}`,
        ...{ begin: 0, end: 3, wanted: 3, containers: ["branding"], takenAt, detail: "3 of 3" },
      })),
    ),
    stub(blobs.compareBlobs, () =>
      orFailed("compareBlobs", () => ({
        ...{ done: 3, decisions: "restores/run/blobs-000000.json", newer: [], damaged: [] },
        counts: {
          ...{ restore: is.missingBlobs, replace: 0, same: 3 - is.missingBlobs },
          ...{ "keep-newer": 0, overwrite: 0, "no-copy": 0 },
        },
        detail: "compared",
      })),
    ),
    stub(blobs.prepareTarget, () =>
      orFailed("prepareTarget", () => ({ changed: false, made: [], detail: "there" })),
    ),
    stub(blobs.copyBlobsBack, () =>
      orFailed("copyBlobsBack", () => ({
        ...{ changed: true, done: is.missingBlobs, restored: is.missingBlobs },
        ...{ waiting: 0, failed: [], detail: "copied" },
      })),
    ),
    stub(edge.observeEdge, () => orFailed("observeEdge", () => ({ view: view(), detail: "led" }))),
    stub(edge.findPublicAsset, () =>
      orFailed("findPublicAsset", () => ({
        kind: "found" as const,
        asset: { container: "branding", name: "logo.svg" },
        detail: "a logo",
      })),
    ),
    stub(edge.startOriginMove, ({ to }, { mode }) =>
      orFailed("startOriginMove", () => {
        if (mode === "execute") edgeHost = new URL(to).host;
        return { changed: true, operation: "origin", detail: "leading" };
      }),
    ),
    stub(edge.startEdgePurge, (_input, { mode }) =>
      orFailed("startEdgePurge", () => {
        if (mode === "execute") purged = true;
        return { changed: true, operation: "purge", detail: "purging" };
      }),
    ),
    stub(edge.pollEdgeOperation, () => ({ state: "succeeded" as const, detail: "done" })),
    stub(edge.probePublicAsset, () => ({
      ...{ leads: is.edgeSpreads, same: is.edgeSpreads && purged },
      detail: is.edgeSpreads ? "leads" : "does not lead",
    })),
    stub(side.startSideChange, ({ suffix }, { mode }) =>
      orFailed("startSideChange", () => {
        if (is.told === "already") return { changed: false, detail: "does so already" };
        const revision = `mcp-server-prod-dr--${suffix}`;
        if (mode === "execute") latest = revision;
        return { changed: true, revision, operation: "revision", detail: "making" };
      }),
    ),
    stub(app.pollAppOperation, () => ({ state: "succeeded" as const, detail: "done" })),
    stub(app.observeApp, () =>
      orFailed("observeApp", () => ({
        ...{ mode: "single" as const, provisioningState: "Succeeded", runningStatus: "Running" },
        ...{ latestRevision: latest, latestReadyRevision: latest, serving: [latest] },
        detail: "seen",
      })),
    ),
    stub(app.probeHealth, () =>
      orFailed("probeHealth", () => ({
        healthy: is.well,
        latency: milliseconds(9),
        detail: is.well ? "HTTP 200, healthy" : "HTTP 503, unhealthy",
      })),
    ),
    stub(side.proveSide, () =>
      orFailed("proveSide", () => ({
        holds: is.holds,
        detail: is.holds ? "read back" : "the write was answered 403",
      })),
    ),
    stub(traffic.enableEndpoint, ({ endpoint }, { mode }, now) =>
      orFailed("enableEndpoint", () => {
        const changed = !on.has(sideOf(endpoint));
        if (mode === "execute" && changed) on.set(sideOf(endpoint), now);
        return { changed, detail: `${endpoint} is enabled` };
      }),
    ),
    stub(traffic.disableEndpoint, ({ endpoint }, { mode }) =>
      orFailed("disableEndpoint", () => {
        if (mode === "execute") on.delete(sideOf(endpoint));
        least = Math.min(least, on.size);
        return { changed: true, detail: `${endpoint} is disabled` };
      }),
    ),
    stub(traffic.resolveName, () => ({
      ...{ resolvers: [], quorum: 2, atSource: true, spread: true, detail: "leads there" },
    })),
    stub(traffic.countRequests, () => ({ measured: true, total: 16, detail: "16 requests" })),
    stub(run.takeLease, (_input, caller, now) =>
      orFailed("takeLease", () => ({
        kind: "taken" as const,
        fencing: caller.attempt,
        expiresAt: new Date(now + 600_000).toISOString(),
        detail: "taken",
      })),
    ),
    stub(run.saveRecord, (input) => {
      ({ record } = input);
      return { detail: "saved" };
    }),
    stub(run.closeIncident, ({ outcome }) => {
      closedWith = outcome;
      return { detail: "closed" };
    }),
  ];
  const cache = cachePatient(is.cache).stubs.map((each) =>
    each.name === "writeConnection" && !is.secretWritten
      ? { ...each, answer: () => ({ ok: true, value: { changed: false, detail: "as it is" } }) }
      : each,
  );
  return {
    stubs: [...vaultPatient(is.vault).stubs, ...cache, ...own],
    record: (): RunRecord => {
      if (record === undefined) throw new Error("the run saved no record");
      return record;
    },
    closedWith: () => closedWith,
    least: () => least,
    on: () => [...on.keys()],
    edgeHost: () => edgeHost,
  };
}

const storageRole = "Storage Blob Data Contributor" as const;

const isList = <T>(planned: T | readonly T[] | undefined): planned is readonly T[] =>
  Array.isArray(planned);
