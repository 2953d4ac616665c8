import * as blobs from "../../src/activities/blob-proof.contract.js";
import * as vault from "../../src/activities/key-vault-proof.contract.js";
import * as proof from "../../src/activities/proof.contract.js";
import * as backup from "../../src/activities/redis-backup.contract.js";
import * as redis from "../../src/activities/redis-proof.contract.js";
import * as restore from "../../src/activities/redis-restore.contract.js";
import type { Comparison, ProofFailure } from "../../src/domain/backup-proof.js";
import { sidesOf, type ProofOrder } from "../../src/domain/backup-order.js";
import type { BackupKind } from "../../src/domain/backup.js";
import type { Failure } from "../../src/domain/failure.js";
import type { Notice } from "../../src/domain/notice.js";
import { proveBlobs } from "../../src/orchestrators/prove-blobs.js";
import { proveKeyVault } from "../../src/orchestrators/prove-key-vault.js";
import { proveRedis } from "../../src/orchestrators/prove-redis.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { broken, stub, type Stub } from "../support/replay-driver.js";
import { orderedAt, production, runProcedure } from "../support/procedure-run.js";

const never: Failure = { class: "terminal", code: "AuthorizationFailure", message: "no" };
const takenAt = "2026-11-22T12:00:00.000Z";
const sets = ["newest", "older"].map((name) => `kind/it/20261122T120000Z-${name}/`);
const bad: ProofFailure = { name: "logo.svg", blob: "x", reason: "its copy is gone" };

const orderOf = (
  kind: BackupKind,
  proofs: Partial<ProofOrder["estate"]["proof"]> = {},
): ProofOrder => ({
  environment: "production",
  kind,
  resource: sidesOf(production, kind).primary,
  mode: "execute",
  authority: "act",
  trigger: { kind: "timer", schedule: "0 */15 * * * *" },
  detectedAt: orderedAt,
  estate: { ...production, proof: { ...production.proof, ...proofs } },
});

interface Traits {
  /** How many sets there are to choose from. */
  readonly sets: number;
  readonly problems: readonly string[];
  readonly failing: Readonly<Record<string, Failure>>;
  /** What is wrong with the newest set. */
  readonly failures: readonly ProofFailure[];
  readonly sharing: readonly string[];
}

const traitsOf = (given: Partial<Traits>): Traits => ({
  sets: 2,
  problems: [],
  failing: {},
  failures: [],
  sharing: [],
  ...given,
});

function common(kind: BackupKind, traits: Traits): readonly Stub[] {
  const source = sidesOf(production, kind).primary;
  return [
    stub(proof.chooseProofSets, () => ({
      chosen: sets.slice(0, traits.sets).map((set) => ({ set, source, takenAt })),
      problems: [...traits.problems],
      detail: traits.sets === 0 ? "there is no set that can be used" : "chosen",
    })),
    stub(proof.recordProof, ({ comparison }) => ({
      changed: true,
      result: comparison.failures.length === 0 ? "proven" : "failed",
      sharing: comparison.failures.length === 0 ? [] : [...traits.sharing],
      detail: "recorded",
    })),
    stub(proof.releaseProvenSet, () => ({ detail: "released" })),
  ];
}

async function blobProof(given: Partial<Traits & { items: number }> = {}) {
  const traits = traitsOf(given);
  const { items = 250 } = given;
  const stubs = [
    ...common("blobs", traits),
    stub(blobs.sampleBlobs, ({ set }) => ({
      list: `list of ${set}`,
      items,
      of: 900,
      detail: "drawn",
    })),
    stub(blobs.compareBlobSample, ({ list, begin, end }) => ({
      changed: true,
      done: end - begin,
      bytes: 10,
      failures: list.includes("newest") && begin === 0 ? [...traits.failures] : [],
      detail: "compared",
    })),
    stub(blobs.clearScratchContainer, () => ({
      changed: true,
      left: false,
      kept: 0,
      detail: "clear",
    })),
  ];
  return runProcedure(proveBlobs, orderOf("blobs"), broken(stubs, traits.failing));
}

describe("the proof of blobs", () => {
  it("compares samples of two sets, stretch by stretch, and records each after its container is empty", async () => {
    const { record, names, callsOf } = await keepsToHistory("blob-proof.compared", () =>
      blobProof(),
    );

    expect(record).toMatchObject({ kind: "proof", outcome: "passed", findings: [] });
    const one = [
      "sampleBlobs",
      ...Array.from({ length: 3 }, () => "compareBlobSample"),
      "clearScratchContainer",
      "recordProof",
    ];
    expect(names.filter((name) => name !== "findPreviousOutcome")).toEqual([
      "clearScratchContainer",
      "chooseProofSets",
      ...one,
      ...one,
    ]);
    expect(callsOf("recordProof")[0]?.input).toMatchObject({
      set: sets[0],
      comparison: { items: 250, of: 900, bytes: 30, failures: [] },
    });
  });

  it("fails loudly where a set is not what it says, and proves the other all the same", async () => {
    const { record, callsOf } = await blobProof({ failures: [bad], sharing: ["a third set"] });

    expect(record.outcome).toBe("failed");
    expect(record.reason).toBe(`${sets[0]} has failed; ${sets[1]} is proven`);
    expect(record.findings).toEqual([
      "logo.svg: its copy is gone",
      `a third set uses what has failed in ${sets[0]}, and has failed with it`,
    ]);
    expect(record.nextSteps).not.toEqual([]);
    const notices = callsOf("postNotice").map(({ input }) => (input as { notice: Notice }).notice);
    expect(notices.map(({ subject }) => subject)).toEqual([
      "[production] Proof of blob backups: failed",
    ]);
    expect(notices[0]?.lines.join(" ")).toContain("in the coming night");
  });

  it("says nothing to people of what goes well", async () => {
    expect((await blobProof()).callsOf("postNotice")).toEqual([]);
  });

  it("fails without blaming the set where it cannot be carried out, and leaves nothing behind", async () => {
    const { record, names } = await blobProof({ failing: { compareBlobSample: never } });

    expect(record).toMatchObject({ outcome: "failed" });
    expect(record.findings).toEqual([
      `${sets[0]} was not proven and stays as it is: AuthorizationFailure: no`,
    ]);
    expect(names).not.toContain("recordProof");
    expect(names).toContain("releaseProvenSet");
    expect(names.filter((name) => name === "clearScratchContainer")).toHaveLength(2);
  });

  it("fails where there is nothing to be proven, and passes with findings where newer sets are bad", async () => {
    const none = await blobProof({ sets: 0 });
    const some = await blobProof({ sets: 1, problems: ["a set: it was never verified"] });

    expect(none.record).toMatchObject({
      outcome: "failed",
      reason: "there is no set that can be used",
    });
    expect(some.record).toMatchObject({
      outcome: "passed-with-findings",
      findings: ["a set: it was never verified"],
    });
  });

  it.each(["chooseProofSets", "sampleBlobs", "recordProof"])(
    "fails where %s does",
    async (name) => {
      const { record } = await blobProof({ failing: { [name]: never } });

      expect(record.outcome).toBe("failed");
      expect(`${record.reason} ${record.findings.join()}`).toContain("AuthorizationFailure: no");
    },
  );

  it("says that the scratch container could not be emptied", async () => {
    const { record } = await blobProof({ failing: { clearScratchContainer: never } });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings[0]).toContain("the scratch container keeps blobs");
  });

  it("proves nothing of a set whose blobs all are too large", async () => {
    const { record, names } = await blobProof({ items: 0 });

    expect(record.outcome).toBe("passed-with-findings");
    expect(names).not.toContain("compareBlobSample");
  });
});

async function vaultProof(
  given: Partial<Traits & { refused: string; noPlace: string; held: boolean }> = {},
  proofs: Parameters<typeof orderOf>[1] = {},
) {
  const traits = traitsOf(given);
  const { refused, noPlace, held = false } = given;
  const comparison: Comparison = { items: 3, of: 9, bytes: 3, withSource: 2, failures: [] };
  const stubs = [
    ...common("key-vault", traits),
    stub(vault.checkScratchVault, () => ({
      ...(refused === undefined ? {} : { refused }),
      findings: [],
      detail: "checked",
    })),
    stub(vault.proveSecrets, ({ set }) => {
      if (noPlace !== undefined) return { kind: "no-place" as const, detail: noPlace };
      const failures = set === sets[0] ? [...traits.failures] : [];
      return {
        kind: "compared" as const,
        changed: true,
        comparison: { ...comparison, failures },
        detail: "x",
      };
    }),
    stub(vault.clearScratchVault, () => ({ changed: true, detail: "purged" })),
  ];
  return runProcedure(proveKeyVault, orderOf("key-vault", proofs), broken(stubs, traits.failing), {
    held,
  });
}

describe("the proof of secrets", () => {
  it("restores samples while it alone may use the scratch vault, and purges each before it is recorded", async () => {
    const { record, names, callsOf } = await keepsToHistory("key-vault-proof.compared", () =>
      vaultProof(),
    );

    expect(record).toMatchObject({ outcome: "passed", findings: [] });
    expect(names.filter((name) => name !== "findPreviousOutcome")).toEqual([
      "checkScratchVault",
      "clearScratchVault",
      "chooseProofSets",
      ...["proveSecrets", "clearScratchVault", "recordProof"],
      ...["proveSecrets", "clearScratchVault", "recordProof"],
    ]);
    const { scratchVault } = production.proof;
    expect(callsOf("takeLease")[0]?.input).toMatchObject({ resource: scratchVault });
    expect(callsOf("proveSecrets")[0]?.input).toMatchObject({
      vault: scratchVault,
      estate: [production.keyVault.primary, production.keyVault.secondary],
      count: 50,
    });
    expect(callsOf("recordProof")[0]?.input).toMatchObject({ comparison: { withSource: 2 } });
  });

  it.each<[string, Parameters<typeof vaultProof>, string]>([
    ["no scratch vault is named", [{}, { scratchVault: undefined }], "names no proof.scratchVault"],
    ["it is none", [{ refused: "it has purge protection" }], "it has purge protection"],
    ["the sets do not open there", [{ noPlace: "do not open in Europe" }], "do not open in Europe"],
  ])("leaves the sets verified where %s, and says why", async (_when, given, why) => {
    const { record, names } = await vaultProof(...given);

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings).toHaveLength(2);
    for (const finding of record.findings) {
      expect(finding).toContain("was not proven and stays as it is");
      expect(finding).toContain(why);
    }
    expect(names).not.toContain("recordProof");
  });

  it("fails where a secret is not what the set says", async () => {
    const { record } = await vaultProof({ failures: [{ ...bad, name: "jwt" }] });

    expect(record).toMatchObject({ outcome: "failed", findings: ["jwt: its copy is gone"] });
  });

  it("begins nothing in a vault that cannot be emptied, or that another run uses", async () => {
    const full = await vaultProof({ failing: { clearScratchVault: never } });
    const held = await vaultProof({ held: true });

    for (const { record, names } of [full, held]) {
      expect(record.outcome).toBe("failed");
      expect(names).not.toContain("proveSecrets");
    }
  });

  it("purges also where the comparison could not be carried out", async () => {
    const { record, names } = await vaultProof({ failing: { proveSecrets: never } });

    expect(record.outcome).toBe("failed");
    expect(names.filter((name) => name === "clearScratchVault")).toHaveLength(2);
  });
});

type Place = "sample" | "import" | "none";

async function cacheProof(
  given: Partial<Traits & { place: Place; imported: Failure; noKeys: string }> = {},
  proofs: Parameters<typeof orderOf>[1] = {},
) {
  const traits = traitsOf(given);
  const { place = "sample", imported, noKeys } = given;
  const cache = production.proof.scratchCache ?? "";
  const comparison: Comparison = { items: 3, of: 9, bytes: 3, withSource: 0, failures: [] };
  const failed = (set: string) => (set === sets[0] ? [...traits.failures] : []);
  const at = { endpoint: "https://x", container: "redis-backups", prefix: "p/", own: false };
  const stubs = [
    ...common("redis", traits),
    stub(backup.findActiveCache, () => ({
      side: "primary" as const,
      known: "observed" as const,
      id: production.redis.primary,
      way: "export" as const,
      kind: "classic" as const,
      tier: "Premium",
      location: "eastus",
      hasIdentity: true,
      detail: "found",
    })),
    stub(redis.findProofPlace, () => {
      if (place === "none") return { kind: "none" as const, detail: "there is no place" };
      if (place === "sample") return { kind: "sample" as const, cache, detail: "a sample" };
      const target = {
        files: ["f"],
        name: "s",
        location: "westus",
        hasIdentity: true,
        empty: true,
      };
      return { kind: "import" as const, cache, keys: 9, ...target, detail: "an import" };
    }),
    stub(redis.proveKeys, ({ set }) =>
      noKeys === undefined
        ? {
            kind: "compared" as const,
            changed: true,
            comparison: { ...comparison, failures: failed(set) },
            detail: "x",
          }
        : { kind: "none" as const, detail: noKeys },
    ),
    stub(redis.beginScratchImport, () => ({ changed: true, detail: "noted" })),
    stub(restore.prepareImport, () => ({ changed: false, place: at, detail: "prepared" })),
    stub(backup.copyCacheFiles, () => ({
      done: 1,
      waiting: 0,
      failed: [],
      detail: "copied",
    })),
    stub(restore.startImport, () =>
      imported === undefined ? { changed: true, detail: "importing" } : { failure: imported },
    ),
    stub(restore.observeImport, () => ({ imported: true, keys: 9, detail: "it serves 9 keys" })),
    stub(backup.removeCacheFiles, () => ({ changed: true, detail: "removed" })),
    stub(redis.compareImport, ({ set }) => ({
      comparison: { ...comparison, failures: failed(set) },
      detail: "x",
    })),
    stub(redis.emptyScratchCache, () => ({ changed: true, detail: "emptied" })),
  ];
  return runProcedure(proveRedis, orderOf("redis", proofs), broken(stubs, traits.failing));
}

describe("the proof of caches", () => {
  it("passes samples of snapshots through a cache", async () => {
    const { record, names, callsOf } = await keepsToHistory("redis-proof.keys", () => cacheProof());

    expect(record).toMatchObject({ outcome: "passed", findings: [] });
    expect(names.filter((name) => name === "proveKeys")).toHaveLength(2);
    expect(callsOf("findProofPlace")[0]?.input).toMatchObject({
      scratch: production.proof.scratchCache,
      active: production.redis.primary,
      estate: expect.arrayContaining([
        production.redis.primary,
        production.redis.secondary,
      ]) as unknown,
    });
  });

  it("imports exports into the scratch cache while it alone may, and empties it before it is recorded", async () => {
    const { record, names, callsOf } = await keepsToHistory("redis-proof.import", () =>
      cacheProof({ place: "import", sets: 1 }),
    );

    expect(record).toMatchObject({ outcome: "passed", approvals: [] });
    const order = [
      "beginScratchImport",
      "startImport",
      "compareImport",
      "emptyScratchCache",
      "recordProof",
    ];
    expect(names.filter((name) => order.includes(name))).toEqual(order);
    expect(callsOf("startImport")[0]?.caller.leases).toHaveLength(1);
    expect(callsOf("startImport")[0]?.input).toMatchObject({
      cache: production.proof.scratchCache,
    });
  });

  it("blames a set for an import that failed only where its files are bad", async () => {
    const trouble = await cacheProof({ place: "import", imported: never });
    const damaged = await cacheProof({ place: "import", imported: never, failures: [bad] });

    expect(trouble.record.outcome).toBe("failed");
    expect(trouble.names).not.toContain("recordProof");
    expect(trouble.names).toContain("emptyScratchCache");
    expect(damaged.record.outcome).toBe("failed");
    expect(damaged.callsOf("recordProof")[0]?.input).toMatchObject({
      comparison: { failures: [bad] },
    });
  });

  it.each<[string, Parameters<typeof cacheProof>, string]>([
    ["there is no place", [{ place: "none" }], "there is no place"],
    ["the server is too old", [{ noKeys: "it is of an older version" }], "older version"],
    [
      "the scratch cache is one that the app may use",
      [{}, { scratchCache: production.redis.secondary }],
      "a cache that the app may use",
    ],
  ])("leaves the sets verified where %s", async (_when, given, why) => {
    const { record, names } = await cacheProof(...given);

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings[0]).toContain(why);
    expect(names).not.toContain("recordProof");
  });

  it.each(["findProofPlace", "proveKeys"])(
    "fails where %s does, and marks nothing",
    async (name) => {
      const { record, names } = await cacheProof({ failing: { [name]: never } });

      expect(record.outcome).toBe("failed");
      expect(names).not.toContain("recordProof");
    },
  );

  it("says that the scratch cache could not be emptied", async () => {
    const { record } = await cacheProof({
      place: "import",
      sets: 1,
      failing: { emptyScratchCache: never },
    });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings[0]).toContain("the scratch cache is not empty");
  });
});
