import { completeSet, findLatestSet } from "../../src/activities/backup.contract.js";
import * as vault from "../../src/activities/key-vault-backup.contract.js";
import * as protection from "../../src/activities/protection.contract.js";
import { postNotice } from "../../src/activities/notices.contract.js";
import {
  findPreviousOutcome,
  releaseLease,
  saveRecord,
  takeLease,
} from "../../src/activities/run.contract.js";
import type { BackupOrder } from "../../src/domain/backup-order.js";
import type { Failure } from "../../src/domain/failure.js";
import { instantOf } from "../../src/domain/instant.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { backUpKeyVault } from "../../src/orchestrators/back-up-key-vault.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { detectedAt, orderOf } from "../support/estates.js";
import { broken, replay, stub } from "../support/replay-driver.js";
import { usersAt } from "../support/users-side.js";

const forbidden: Failure = { class: "terminal", code: "Forbidden", message: "no" };

interface World {
  readonly secrets: number;
  readonly scope: BackupOrder["scope"];
  /** What the n-th stretch ends in. */
  readonly failing: Readonly<Record<number, Failure>>;
  readonly syncFails: boolean;
  readonly otherSide: boolean;
  readonly active: "observed" | "assumed" | Failure;
  /** Whether another run works on the vault all the while. */
  readonly held: boolean;
  /** What making the vault safer ends in. */
  readonly protecting?: Failure;
  /** What another activity answers with instead, by its name. */
  readonly broken: Readonly<Record<string, Failure>>;
}

async function backUp(given: Partial<World> = {}) {
  const world: World = {
    secrets: 3,
    scope: "full",
    failing: {},
    syncFails: false,
    otherSide: true,
    active: "observed",
    held: false,
    broken: {},
    ...given,
  };
  const { active } = world;
  const {
    incident: _incident,
    scenario: _scenario,
    ...order
  } = orderOf({
    trigger: { kind: "timer", schedule: "0 */5 * * * *" },
  });
  let record: RunRecord | undefined;
  const run = await replay(backUpKeyVault, {
    instanceId: "backup-key-vault-production-20261122T140000Z",
    input: { ...order, kind: "key-vault", period: detectedAt, scope: world.scope },
    startAt: Date.parse(detectedAt),
    stubs: broken(
      [
        stub(findPreviousOutcome, () => ({ detail: "the first" })),
        stub(postNotice, () => ({ changed: true, detail: "posted" })),
        stub(takeLease, (_input, _caller, now) =>
          world.held
            ? { kind: "held" as const, detail: "held by restore-1" }
            : {
                kind: "taken" as const,
                fencing: 1,
                expiresAt: instantOf(new Date(now + 600_000)),
                detail: "taken",
              },
        ),
        stub(releaseLease, () => ({ detail: "released" })),
        stub(saveRecord, (saved) => {
          record = saved.record;
          return { detail: "saved" };
        }),
        usersAt("primary"),
        stub(vault.findActiveVault, ({ vault: { primary } }) =>
          typeof active === "object"
            ? { failure: active }
            : {
                side: "primary" as const,
                known: active,
                id: primary,
                uri: "https://prod.vault.azure.net/",
                location: "eastus",
                ...(world.otherSide ? { otherUri: "https://dr.vault.azure.net/" } : {}),
                detail: active === "observed" ? "the app uses prod" : "taken to be prod",
              },
        ),
        stub(protection.protectVault, () =>
          world.protecting === undefined
            ? { changed: false, drift: ["deleted secrets are kept for 7 days"], detail: "as it is" }
            : { failure: world.protecting },
        ),
        stub(protection.auditVault, () => ({ changed: false, detail: "it flows" })),
        stub(findLatestSet, () => ({ set: "key-vault/prod/before/", detail: "10 min old" })),
        stub(vault.listSecrets, ({ set }) => ({
          list: `${set}work/secrets.jsonl`,
          count: world.secrets,
          skipped: 0,
          detail: "listed",
        })),
        stub(vault.copySecrets, ({ nth, begin, end }) => {
          const failure = world.failing[nth];
          if (failure !== undefined) return { failure };
          const part = { blob: `items-${nth}`, count: end - begin, bytes: 1, sha256: "0" };
          return { done: end - begin, reused: 0, part, skipped: [], detail: "copied" };
        }),
        stub(completeSet, ({ parts }) => ({
          changed: true,
          count: parts.reduce((sum, { count }) => sum + count, 0),
          bytes: 1,
          latest: true,
          detail: "complete",
        })),
        stub(vault.syncSecrets, ({ begin, end }) =>
          world.syncFails
            ? { failure: forbidden }
            : { done: end - begin, written: 0, skipped: [], detail: "the same" },
        ),
        stub(vault.reportDeletedSecrets, () => ({ count: 0, names: [], detail: "none" })),
      ],
      world.broken,
    ),
  });
  if (record === undefined) throw new Error("no record");
  const callsOf = (name: string) => run.calls.filter((call) => call.name === name);
  return { ...run, record, callsOf };
}

describe("back up key vault", () => {
  it("copies every secret in stretches, paced below what a vault grants, and points last", async () => {
    const { record, callsOf } = await keepsToHistory("key-vault-backup.stretches", () =>
      backUp({ secrets: 950 }),
    );

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings).toEqual(["the vault: deleted secrets are kept for 7 days"]);
    const copies = callsOf("copySecrets");
    expect(copies).toHaveLength(10);
    const waves = [...new Set(copies.map(({ at }) => at))];
    for (const [index, at] of waves.slice(1).entries()) {
      expect(at - (waves[index] ?? 0)).toBeGreaterThanOrEqual(8_000);
    }
    const [completed] = callsOf("completeSet");
    expect(completed?.at).toBeGreaterThan(Math.max(...copies.map(({ at }) => at)));
  });

  it("builds on the latest set between the nights, and on none at night", async () => {
    const interval = await backUp({ scope: "interval" });
    const nightly = await backUp({ scope: "full" });

    expect(interval.callsOf("copySecrets")[0]?.input).toMatchObject({
      base: "key-vault/prod/before/",
    });
    expect(nightly.callsOf("copySecrets")[0]?.input).not.toHaveProperty("base");
    expect(nightly.callsOf("findLatestSet")).toEqual([]);
  });

  it("completes no set of which a stretch is missing", async () => {
    const { record, callsOf } = await backUp({ secrets: 250, failing: { 2: forbidden } });

    expect(record).toMatchObject({ outcome: "failed", reason: "Forbidden: no" });
    expect(callsOf("completeSet")).toEqual([]);
    expect(callsOf("postNotice")).toHaveLength(1);
  });

  it("ensures the vault's settings once the set is complete, while it holds the vault", async () => {
    const { callsOf } = await backUp();

    const [completed] = callsOf("completeSet");
    for (const name of ["protectVault", "auditVault"]) {
      const [call] = callsOf(name);
      expect(call?.caller.leases).toHaveLength(1);
      expect(call?.at).toBeGreaterThan(completed?.at ?? Infinity);
    }
    expect(callsOf("auditVault")[0]?.caller.step).not.toBe(callsOf("protectVault")[0]?.caller.step);
  });

  it("keeps the set where its settings cannot be had, and says which", async () => {
    const refused = await backUp({ protecting: forbidden });
    const held = await backUp({ held: true });

    expect(refused.record.findings).toEqual(["the vault's settings: Forbidden: no"]);
    expect(refused.callsOf("auditVault")).toHaveLength(1);
    expect(held.record.outcome).toBe("passed-with-findings");
    expect(held.record.findings).toEqual([
      "the vault's settings: resource-held: another run holds the resource: held by restore-1",
    ]);
    expect(held.callsOf("protectVault")).toEqual([]);
  });

  it("keeps the set when the recovery vault cannot be written, and says so", async () => {
    const { record, callsOf } = await backUp({ syncFails: true });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings).toContain("the recovery vault is behind: Forbidden: no");
    expect(callsOf("completeSet")).toHaveLength(1);
    expect(callsOf("postNotice")).toEqual([]);
  });

  it("says that it took the side for granted where the app does not tell", async () => {
    const { record, callsOf } = await backUp({ active: "assumed", otherSide: false });

    expect(record.findings[0]).toBe("taken to be prod");
    expect(callsOf("completeSet")[0]?.input).toMatchObject({ facts: { sideKnown: "assumed" } });
    expect(callsOf("syncSecrets")).toEqual([]);
  });

  it.each(["listSecrets", "completeSet"])("fails where %s does", async (name) => {
    const { record } = await backUp({ broken: { [name]: forbidden } });

    expect(record).toMatchObject({ outcome: "failed", reason: "Forbidden: no" });
  });

  it("copies every secret where the last set cannot be looked at", async () => {
    const { record, callsOf } = await backUp({
      scope: "interval",
      broken: { findLatestSet: forbidden },
    });

    expect(record.outcome).toMatch(/^passed/);
    expect(callsOf("copySecrets")[0]?.input).not.toHaveProperty("base");
  });

  it("makes no set of an emptied vault, so that the newest stays the newest", async () => {
    const { record, callsOf } = await backUp({ secrets: 0 });

    expect(record.reason).toContain("the newest set stays as it is");
    expect(record.nextSteps).toHaveLength(1);
    expect(callsOf("copySecrets")).toEqual([]);
  });

  it("leaves the recovery vault as it is where nobody can tell which side is in use", async () => {
    const { record, callsOf } = await backUp({ active: "assumed" });

    expect(record.findings.at(-1)).toMatch(/^the recovery vault was left as it is/);
    expect(callsOf("syncSecrets")).toEqual([]);
  });

  it("fails where the vault is gone", async () => {
    const { record } = await backUp({
      active: { class: "terminal", code: "vault-missing", message: "prod does not exist" },
    });

    expect(record).toMatchObject({
      outcome: "failed",
      reason: "vault-missing: prod does not exist",
    });
  });
});
