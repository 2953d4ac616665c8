import * as backup from "../../src/activities/backup.contract.js";
import * as contract from "../../src/activities/blob-backup.contract.js";
import * as protection from "../../src/activities/protection.contract.js";
import { postNotice } from "../../src/activities/notices.contract.js";
import {
  findPreviousOutcome,
  releaseLease,
  saveRecord,
  takeLease,
} from "../../src/activities/run.contract.js";
import type { BackupOrder } from "../../src/domain/backup-order.js";
import { backupRunId } from "../../src/domain/backup-schedule.js";
import type { Failure } from "../../src/domain/failure.js";
import { instantOf } from "../../src/domain/instant.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { backUpBlobs } from "../../src/orchestrators/back-up-blobs.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { sampleEstate } from "../support/estates.js";
import { broken, replay, stub, type Call } from "../support/replay-driver.js";
import { usersAt } from "../support/users-side.js";

const period = "2026-11-22T12:00:00.000Z";
/** A set is of what is there when its run begins, not when its period does. */
const startAt = Date.parse(period) + 60_000;
const instanceId = backupRunId("blobs", "production", period);
const estate = sampleEstate().environments.production!;
const set = `blobs/mcpstorageprod/20261122T120100Z-${instanceId}/`;
const never: Failure = { class: "terminal", code: "AuthorizationFailure", message: "no" };
const later: Failure = { class: "transient", code: "ServerBusy", message: "later" };

interface Traits {
  readonly order: Partial<BackupOrder>;
  readonly containers: readonly string[];
  /** What each page of a container has; a container without any is missing. */
  readonly pages: Readonly<Record<string, readonly { pieces: number; slow?: number }[]>>;
  readonly known: "observed" | "assumed";
  readonly drift: readonly string[];
  /** What copying a piece brings instead of an answer, a try each. */
  readonly failing: Readonly<Record<number, readonly (Failure | Error)[]>>;
  readonly skipped: readonly { name: string; reason: string }[];
  /** Blobs that a piece copies, of the 500 in it. */
  readonly copied: number;
  /** Looks until the large copies are done. */
  readonly slowLooks: number;
  readonly base: string | undefined;
  readonly users: "primary" | "secondary";
  /** What an activity answers with instead, by its name. */
  readonly broken: Readonly<Record<string, Failure>>;
}

const usual: Traits = {
  order: {},
  containers: ["branding"],
  pages: { branding: [{ pieces: 2 }] },
  known: "observed",
  drift: [],
  failing: {},
  skipped: [],
  copied: 500,
  slowLooks: 1,
  base: undefined,
  users: "primary",
  broken: {},
};

async function backUp(given: Partial<Traits> = {}) {
  const traits = { ...usual, ...given };
  const order: BackupOrder = {
    environment: "production",
    resource: estate.storage.primary,
    kind: "blobs",
    period,
    scope: "interval",
    mode: "execute",
    authority: "act",
    trigger: { kind: "timer", schedule: "startBackups" },
    detectedAt: period,
    estate: { ...estate, storage: { ...estate.storage, containers: [...traits.containers] } },
    ...traits.order,
  };
  let record: RunRecord | undefined;
  let looks = 0;
  const tries = new Map<number, number>();
  const partOf = (nth: number) => ({
    done: 500,
    reused: nth === 1 ? 300 : 0,
    part: { blob: `${set}items-0000${nth}.json`, count: traits.copied, bytes: 5_000, sha256: "0" },
    skipped: nth === 1 ? [...traits.skipped] : [],
    findings: [],
    detail: "copied",
  });
  const run = await replay(backUpBlobs, {
    instanceId,
    input: order,
    startAt,
    stubs: broken(
      [
        stub(findPreviousOutcome, () => ({ detail: "the first" })),
        stub(postNotice, () => ({ changed: true, detail: "posted" })),
        stub(takeLease, (_input, _caller, now) => ({
          kind: "taken" as const,
          fencing: 1,
          expiresAt: instantOf(new Date(now + 600_000)),
          detail: "taken",
        })),
        stub(releaseLease, () => ({ detail: "released" })),
        stub(saveRecord, ({ record: saved }) => {
          record = saved;
          return { detail: "saved" };
        }),
        usersAt(traits.users),
        stub(contract.findActiveAccount, ({ storage }) => ({
          side: "primary",
          known: traits.known,
          id: storage.primary,
          endpoint: "https://mcpstorageprod.blob.core.windows.net",
          region: "eastus",
          detail: "the app names another account",
        })),
        stub(protection.protectAccount, () => ({
          changed: false,
          drift: [...traits.drift],
          detail: "as it should be",
        })),
        stub(protection.keepImages, () => ({ changed: true, detail: "kept" })),
        stub(contract.prepareContainers, () => ({ changed: true, detail: "made" })),
        stub(backup.findLatestSet, () => ({
          detail: "found",
          ...(traits.base === undefined ? {} : { set: traits.base }),
        })),
        stub(contract.listBlobs, ({ container, token }) => {
          const pages = traits.pages[container];
          const none = { exists: false, pieces: 0, slowPieces: 0, count: 0, detail: "none" };
          if (pages === undefined) return none;
          const at = Number(token ?? 0);
          const { pieces, slow = 0 } = pages[at] ?? { pieces: 0 };
          return {
            exists: true,
            pieces,
            slowPieces: slow,
            count: pieces * 500 + slow,
            basePart: at + 1,
            ...(at + 1 < pages.length ? { token: String(at + 1) } : {}),
            detail: "listed",
          };
        }),
        stub(contract.copyBlobs, ({ nth }) => {
          const tried = tries.get(nth) ?? 0;
          tries.set(nth, tried + 1);
          const failure = traits.failing[nth]?.[tried];
          if (failure instanceof Error) throw failure;
          return failure === undefined ? partOf(nth) : { failure };
        }),
        stub(contract.startSlowCopies, () => ({ done: 1, detail: "begun" })),
        stub(contract.checkSlowCopies, () => ({
          waiting: ++looks < traits.slowLooks ? 1 : 0,
          detail: "looked",
        })),
        stub(contract.proveSlowCopies, ({ nth }) => ({ ...partOf(nth), done: 1, reused: 0 })),
        stub(backup.completeSet, ({ parts }) => ({
          changed: true,
          count: parts.reduce((sum, { count }) => sum + count, 0),
          bytes: 1,
          latest: true,
          detail: "complete",
        })),
      ],
      traits.broken,
    ),
  });
  if (record === undefined) throw new Error("no record");
  const inputsOf = <Input>({ name }: { readonly name: string }): Input[] =>
    run.calls.filter((call: Call) => call.name === name).map(({ input }) => input as Input);
  return { ...run, record, inputsOf, looks };
}

type Completed = Parameters<typeof backup.completeSet.task>[2];
type Listed = Parameters<typeof contract.listBlobs.task>[2];

describe("back up blobs", () => {
  it("copies piece by piece, and completes the set with where its copies lie", async () => {
    const { record, inputsOf } = await keepsToHistory("blob-backup.copied", () => backUp());

    expect(record).toMatchObject({
      outcome: "passed",
      reason: "1000 blobs are backed up and verified, 300 of them unchanged since the last set",
    });
    expect(record.steps.map(({ id }) => id)).toEqual([
      "find-active",
      "prepare",
      "list",
      "copy-blobs",
      "complete",
      "protect",
    ]);
    const folder = `20261122T120100Z-${instanceId}`;
    expect(inputsOf<Completed>(backup.completeSet)).toMatchObject([
      {
        set,
        scope: "interval",
        takenAt: expect.stringMatching(/^2026-11-22T12:01:00/) as string,
        verified: true,
        copies: [`branding-backup-20261122/${folder}/`],
        facts: {},
      },
    ]);
  });

  it("goes through containers and pages in order, and through the earlier set beside them", async () => {
    const { inputsOf, record } = await backUp({
      containers: ["themes", "branding"],
      pages: { branding: [{ pieces: 2 }, { pieces: 1 }], themes: [{ pieces: 1 }] },
      base: "blobs/mcpstorageprod/20261122T060000Z-run/",
    });

    expect(inputsOf<Listed>(contract.listBlobs)).toMatchObject([
      { container: "branding", piece: 1, base: { part: 0 } },
      { container: "branding", piece: 3, token: "1", base: { part: 1 } },
      { container: "themes", piece: 4, base: { part: 2 } },
    ]);
    const pieces = inputsOf<{ nth: number; container: string; list: string }>(contract.copyBlobs);
    expect(pieces.map(({ nth, container }) => `${container} ${nth}`)).toEqual([
      "branding 1",
      "branding 2",
      "branding 3",
      "themes 4",
    ]);
    expect(pieces[3]?.list).toBe(`${set}work/piece-4.jsonl`);
    expect(record.outcome).toBe("passed");
  });

  it("copies what the other side uses while users are led there, and asks nobody of the side they left", async () => {
    const { calls, record } = await backUp({ users: "secondary" });
    const asked = calls.find(({ name }) => name === "findActiveAccount");
    expect(asked?.input).toEqual({
      app: estate.containerApp.secondary,
      storage: { primary: estate.storage.secondary },
    });
    expect(record.findings).toContainEqual(expect.stringContaining("users are led to westus"));
  });

  it("takes nothing over in a nightly full set", async () => {
    const { inputsOf, calls } = await backUp({ order: { scope: "full" }, base: "blobs/x/1-run/" });

    expect(calls.map(({ name }) => name)).not.toContain("findLatestSet");
    expect(inputsOf<Listed>(contract.listBlobs)[0]?.base).toBeUndefined();
  });

  it("repeats a piece that failed for a while", async () => {
    const { record, calls } = await backUp({ failing: { 2: [later, new Error("killed"), later] } });

    expect(record.outcome).toBe("passed");
    expect(calls.filter(({ name }) => name === "copyBlobs")).toHaveLength(5);
  });

  it("completes nothing where a piece fails for good", async () => {
    const { record, calls } = await backUp({ failing: { 2: [never, never] } });

    expect(record).toMatchObject({ outcome: "failed", reason: "AuthorizationFailure: no" });
    expect(calls.map(({ name }) => name)).not.toContain("completeSet");
  });

  it("completes nothing where there is nothing, so that the newest set stays the newest", async () => {
    const { record, calls } = await backUp({ pages: {} });

    expect(record).toMatchObject({
      outcome: "failed",
      findings: ["nothing of branding: none"],
      nextSteps: [expect.stringContaining("soft deletion")],
    });
    expect(calls.map(({ name }) => name)).not.toContain("completeSet");
  });

  it("completes nothing where every blob was left out, and says why each was", async () => {
    const { record, calls } = await backUp({
      copied: 0,
      skipped: [{ name: "branding/a.svg", reason: "it is in the archive tier" }],
    });

    expect(record).toMatchObject({
      outcome: "failed",
      reason: "not one blob could be backed up; the newest set stays as it is",
      findings: ["branding/a.svg was left out: it is in the archive tier"],
    });
    expect(calls.map(({ name }) => name)).not.toContain("completeSet");
  });

  it("says what is odd: the account, its settings, what was left out, what is missing", async () => {
    const { record } = await backUp({
      known: "assumed",
      drift: ["a zone may be lost"],
      skipped: [{ name: "branding/a.svg", reason: "it is in the archive tier" }],
      containers: ["branding", "gone", `x${"y".repeat(60)}`],
    });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings).toEqual([
      "the app names another account",
      expect.stringContaining("its name is too long"),
      "nothing of gone: none",
      "branding/a.svg was left out: it is in the archive tier",
      "the account: a zone may be lost",
    ]);
  });

  it("waits for large copies with growing pauses, and proves them last", async () => {
    const { record, looks, inputsOf, endedAt } = await backUp({
      pages: { branding: [{ pieces: 1, slow: 1 }] },
      slowLooks: 8,
    });

    expect(record.outcome).toBe("passed");
    expect(looks).toBe(8);
    expect(endedAt - startAt).toBeGreaterThan(300_000);
    expect(inputsOf<{ nth: number; list: string }>(contract.proveSlowCopies)).toMatchObject([
      { nth: 2, list: `${set}work/slow-1.jsonl` },
    ]);
    expect(inputsOf<Completed>(backup.completeSet)[0]?.facts).toEqual({
      sideKnown: "observed",
      slowParts: "1",
    });
  });

  it.each(["findActiveAccount", "prepareContainers", "listBlobs", "completeSet"])(
    "fails, and leaves the newest set as it is, where %s does",
    async (name) => {
      const { record } = await backUp({ broken: { [name]: never } });

      expect(record).toMatchObject({ outcome: "failed", reason: "AuthorizationFailure: no" });
    },
  );

  it("fails where large copies cannot be begun or proven", async () => {
    for (const name of ["startSlowCopies", "proveSlowCopies"]) {
      const { record, inputsOf } = await backUp({
        pages: { branding: [{ pieces: 1, slow: 1 }] },
        broken: { [name]: never },
      });

      expect(record).toMatchObject({ outcome: "failed", reason: "AuthorizationFailure: no" });
      expect(inputsOf(backup.completeSet)).toEqual([]);
    }
  });

  it("keeps the set where the account's settings cannot be had", async () => {
    const { record } = await backUp({ broken: { protectAccount: never } });

    expect(record).toMatchObject({
      outcome: "passed-with-findings",
      findings: ["the account's settings: AuthorizationFailure: no"],
    });
  });

  it("has the registries keep the app's images once a night, and says where that cannot be had", async () => {
    const registry = estate.images!.registry;
    const between = await backUp();
    const nightly = await backUp({ order: { scope: "full" } });
    const refused = await backUp({ order: { scope: "full" }, broken: { keepImages: never } });

    expect(between.inputsOf(protection.keepImages)).toEqual([]);
    expect(nightly.inputsOf(protection.keepImages)).toEqual([{ registry, retentionDays: 180 }]);
    expect(nightly.record.outcome).toBe("passed");
    expect(refused.record).toMatchObject({
      outcome: "passed-with-findings",
      findings: ["the registry's settings: AuthorizationFailure: no"],
    });
  });

  it("copies everything where the last set cannot be looked at", async () => {
    const { record, inputsOf } = await backUp({ broken: { findLatestSet: never } });

    expect(record.outcome).toBe("passed");
    expect(inputsOf(contract.listBlobs)[0]).not.toHaveProperty("base");
  });

  it("leaves a history that grows by pieces, not by blobs", async () => {
    const few = await backUp({ pages: { branding: [{ pieces: 10 }] } });
    const many = await backUp({ pages: { branding: [{ pieces: 110 }] } });

    const perPiece = (many.events.length - few.events.length) / 100;
    expect(perPiece).toBeLessThan(5);
    const bytes = JSON.stringify(many.events).length - JSON.stringify(few.events).length;
    expect(bytes / 100 / 500).toBeLessThan(10);
  });
});
