import * as contract from "../../src/activities/key-vault-restore.contract.js";
import type { RestoreOrder } from "../../src/domain/backup-order.js";
import type { Failure } from "../../src/domain/failure.js";
import { restoreKeyVault } from "../../src/orchestrators/restore-key-vault.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { stub } from "../support/replay-driver.js";
import { production, restoreOrder, runProcedure } from "../support/procedure-run.js";

const vault = production.keyVault.primary;
const takenAt = "2026-11-22T12:00:00.000Z";
const never: Failure = { class: "terminal", code: "backup-altered", message: "no" };

interface Traits {
  readonly order: Partial<RestoreOrder>;
  readonly found: Failure | { readonly count: number; readonly wanted: number };
  readonly compared: Failure | Partial<Record<contract.SecretAction, number>>;
  readonly newer: readonly string[];
  /** How many of those that are wanted are refused, and what bringing them back ends in instead. */
  readonly refused: number;
  readonly failing: Partial<Record<"restore" | "overwrite" | "verify", Failure>>;
  readonly missing: readonly string[];
  readonly approves?: boolean | undefined;
  readonly held: boolean;
}

async function restore(given: Partial<Traits> = {}) {
  const traits: Traits = {
    order: {},
    found: { count: 3, wanted: 3 },
    compared: { restore: 2, keep: 1 },
    newer: [],
    refused: 0,
    failing: {},
    missing: [],
    held: false,
    ...given,
  };
  const { found, compared, failing } = traits;
  const outcome = (count: number) => ({
    changed: true,
    done: 3,
    brought: count - traits.refused,
    failed: traits.refused,
    refused: traits.refused === 0 ? [] : [{ name: "jwt", reason: "copy-altered: it is" }],
    detail: "done",
  });
  const none = {
    restore: 0,
    recover: 0,
    keep: 0,
    "keep-existing": 0,
    "keep-newer": 0,
    "keep-older": 0,
    overwrite: 0,
  };
  const counts = { ...none, ...("class" in compared ? {} : compared) };
  return runProcedure(
    restoreKeyVault,
    restoreOrder("key-vault", vault, traits.order),
    [
      stub(contract.findRestorableVault, () =>
        "class" in found
          ? { failure: found }
          : { ...found, uri: "https://kv.vault.azure.net/", takenAt, detail: "found" },
      ),
      stub(contract.compareSecrets, ({ begin, end }) =>
        "class" in compared
          ? { failure: compared }
          : {
              done: end - begin,
              actions: `restores/run/secrets-${begin}.json`,
              counts: begin === 0 ? counts : none,
              newer: begin === 0 ? [...traits.newer] : [],
              older: [],
              detail: "compared",
            },
      ),
      stub(contract.restoreSecrets, ({ actions }) =>
        failing.restore === undefined
          ? outcome(actions.endsWith("-0.json") ? counts.restore + counts.recover : traits.refused)
          : { failure: failing.restore },
      ),
      stub(contract.overwriteSecrets, ({ actions }) =>
        failing.overwrite === undefined
          ? outcome(actions.endsWith("-0.json") ? counts.overwrite : traits.refused)
          : { failure: failing.overwrite },
      ),
      stub(contract.verifySecrets, () =>
        failing.verify === undefined
          ? { done: 3, missing: [...traits.missing], detail: "verified" }
          : { failure: failing.verify },
      ),
    ],
    { approves: traits.approves, held: traits.held },
  );
}

describe("restore key vault", () => {
  it("compares, brings back what is missing and verifies it, while it alone may change the vault", async () => {
    const { record, names, callsOf } = await keepsToHistory("key-vault-restore.missing", () =>
      restore(),
    );

    expect(record).toMatchObject({
      outcome: "passed",
      reason: "2 of 3 wanted secrets brought back, 1 left as they were",
    });
    expect(names).toEqual([
      "findRestorableVault",
      "compareSecrets",
      "restoreSecrets",
      "verifySecrets",
    ]);
    expect(callsOf("restoreSecrets")[0]?.caller.leases).toHaveLength(1);
    expect(callsOf("compareSecrets")[0]?.input).toMatchObject({ isSource: true });
    expect(callsOf("releaseLease")).toHaveLength(1);
  });

  it("works in stretches below what a vault grants, and knows another vault as that", async () => {
    const { callsOf } = await restore({
      order: { source: production.keyVault.secondary ?? "" },
      found: { count: 450, wanted: 450 },
    });

    expect(callsOf("compareSecrets").map(({ input }) => input)).toMatchObject([
      { begin: 0, end: 100, isSource: false },
      { begin: 100, end: 200 },
      { begin: 200, end: 300 },
      { begin: 300, end: 400 },
      { begin: 400, end: 450 },
    ]);
    const at = [...new Set(callsOf("restoreSecrets").map((call) => call.at))];
    for (const [index, later] of at.slice(1).entries()) {
      expect(later - (at[index] ?? 0)).toBeGreaterThanOrEqual(8_000);
    }
  });

  it("leaves what is newer, or in another vault already, and says so", async () => {
    const { record, names } = await restore({
      compared: { "keep-newer": 1, "keep-existing": 2 },
      newer: ["jwt"],
    });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings).toEqual([
      "jwt was left as it is: newer than the copy",
      expect.stringMatching(/^2 secrets were in this vault already/),
    ]);
    expect(names).not.toContain("restoreSecrets");
  });

  it("sets back what is newer by order; where the estate wants it, after a second person's yes", async () => {
    const approval = { ...production.approval, secondPerson: true };
    const estate = { ...production, approval };
    const compared = { overwrite: 1, keep: 2 };
    const ordered = await restore({ order: { overwrite: true }, compared });
    const agreed = await restore({ order: { overwrite: true, estate }, compared, approves: true });
    const denied = await restore({ order: { overwrite: true, estate }, compared, approves: false });
    const silent = await restore({ order: { overwrite: true, estate }, compared });

    expect(ordered.record).toMatchObject({ outcome: "passed", approvals: [] });
    expect(ordered.callsOf("overwriteSecrets")[0]?.input).toMatchObject({ takenAt });
    expect(agreed.record).toMatchObject({ outcome: "passed", approvals: [{ status: "approved" }] });
    for (const { record, names } of [denied, silent]) {
      expect(record.outcome).toBe("failed");
      expect(record.reason).toMatch(/^overwriting was not approved/);
      expect(names).not.toContain("overwriteSecrets");
    }
  });

  it("names what was refused and what is not there; it fails where nothing came back", async () => {
    const some = await restore({ refused: 1, missing: ["jwt"] });
    const all = await restore({ compared: { restore: 1 }, refused: 1 });

    expect(some.record).toMatchObject({
      outcome: "passed-with-findings",
      findings: ["jwt: copy-altered: it is", "jwt is not there"],
      nextSteps: [expect.stringContaining("earlier set")],
    });
    expect(all.record).toMatchObject({ outcome: "failed" });
    expect(all.record.reason).toContain("1 could not be brought back");
  });

  it("plans without a lease and without a change", async () => {
    const { record, names, callsOf } = await restore({
      order: { mode: "plan", overwrite: true },
      compared: { restore: 1, recover: 1, overwrite: 1 },
    });

    expect(record.outcome).toBe("planned");
    expect(record.plan?.changes).toMatchObject([
      { step: "restore", detail: "1 secrets to restore, 1 to recover from soft deletion" },
      { step: "overwrite", detail: "1 secrets to set back" },
    ]);
    expect(names).toEqual(["findRestorableVault", "compareSecrets"]);
    expect(callsOf("takeLease")).toEqual([]);
  });

  it.each<[string, Partial<Traits>]>([
    ["the set cannot be used", { found: never }],
    ["the vault cannot be compared", { compared: never }],
    ["nothing can be brought back", { failing: { restore: never } }],
    ["it cannot be verified", { failing: { verify: never } }],
    [
      "nothing can be set back",
      { compared: { overwrite: 1 }, order: { overwrite: true }, failing: { overwrite: never } },
    ],
  ])("fails with the reason where %s", async (_when, traits) => {
    const { record } = await restore(traits);

    expect(record).toMatchObject({ outcome: "failed", reason: "backup-altered: no" });
  });

  it("changes nothing where another run holds the vault", async () => {
    const { record, names } = await restore({ held: true });

    expect(record.outcome).toBe("failed");
    expect(record.reason).toMatch(/^resource-held/);
    expect(names).toEqual(["findRestorableVault"]);
  });
});
