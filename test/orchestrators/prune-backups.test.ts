import * as contract from "../../src/activities/backup-pruning.contract.js";
import { days } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import { pruneBackups } from "../../src/orchestrators/prune-backups.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { orderedAt, production, runProcedure } from "../support/procedure-run.js";
import { stub } from "../support/replay-driver.js";

const never: Failure = { class: "terminal", code: "not-ours", message: "no" };

interface Traits {
  readonly planned: Failure | number;
  readonly unreadable: readonly string[];
  /** By a set's number: how often more is left of it, what a policy keeps, or what it ends in. */
  readonly sets: Readonly<Record<number, { left?: number; kept?: number; failure?: Failure }>>;
  readonly forgetting: Failure | undefined;
}

async function prune(given: Partial<Traits> = {}) {
  const traits: Traits = {
    planned: 3,
    unreadable: [],
    sets: {},
    forgetting: undefined,
    ...given,
  };
  const { planned } = traits;
  const tries = new Map<number, number>();
  return runProcedure(
    pruneBackups,
    {
      environment: "production",
      resource: production.storage.primary,
      mode: "execute",
      authority: "act",
      trigger: { kind: "timer", schedule: "0 */5 * * * *" },
      detectedAt: orderedAt,
      estate: production,
    },
    [
      stub(contract.planPruning, () =>
        typeof planned === "object"
          ? { failure: planned }
          : {
              plan: "pruning/run.json",
              prune: planned,
              keep: 7,
              unreadable: [...traits.unreadable],
              detail: "planned",
            },
      ),
      stub(contract.pruneSet, ({ nth }) => {
        const { left = 0, kept = 0, failure } = traits.sets[nth] ?? {};
        if (failure !== undefined) return { failure };
        const tried = tries.get(nth) ?? 0;
        tries.set(nth, tried + 1);
        const isLeft = tried < left;
        const detail = `set ${nth}: ${kept} are kept`;
        return {
          changed: true,
          set: `set-${nth}`,
          left: isLeft,
          kept,
          done: isLeft ? 0 : 1,
          detail,
        };
      }),
      stub(contract.forgetOldRuns, () =>
        traits.forgetting === undefined
          ? { changed: false, forgotten: 0, left: false, detail: "none" }
          : { failure: traits.forgetting },
      ),
    ],
  );
}

describe("prune backups", () => {
  it("plans for both sides of each kind, by the estate's retention, then removes what the plan says", async () => {
    const { record, callsOf } = await keepsToHistory("backup-pruning.pruned", () => prune());

    expect(record).toMatchObject({ outcome: "passed", reason: "3 sets were to go, 7 stay" });
    const [planned] = callsOf("planPruning");
    const { sources } = planned?.input as { sources: contract.PrunedSource[] };
    expect(sources.map(({ kind, source }) => [kind, source])).toEqual([
      ...(
        [
          ["key-vault", production.keyVault],
          ["redis", production.redis],
          ["blobs", production.storage],
        ] as const
      ).flatMap(([kind, { primary, secondary }]) => [
        [kind, primary],
        [kind, secondary],
      ]),
      // Telemetry has one side.
      ["application-insights", production.applicationInsights.component],
    ]);
    expect(sources.find(({ kind }) => kind === "redis")?.retention).toBe(days(30));
    expect(callsOf("pruneSet").map(({ input }) => (input as { nth: number }).nth)).toEqual([
      0, 1, 2,
    ]);
    expect(callsOf("forgetOldRuns")).toHaveLength(1);
  });

  it("goes on with a large set until nothing is left of it, and with no other", async () => {
    const { record, callsOf } = await prune({ sets: { 1: { left: 3 } } });

    expect(record.outcome).toBe("passed");
    expect(callsOf("pruneSet").map(({ input }) => (input as { nth: number }).nth)).toEqual([
      0, 1, 2, 1, 1, 1,
    ]);
  });

  it("says what cannot be read, what is kept and what failed, and ends", async () => {
    const { record } = await prune({
      unreadable: ["redis/mine/x/"],
      sets: { 0: { kept: 2 }, 2: { failure: never } },
      forgetting: never,
    });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings).toEqual([
      "redis/mine/x/: its manifest cannot be read",
      "set 0: 2 are kept",
      "not-ours: no",
      "not-ours: no",
    ]);
  });

  it("removes nothing without a plan", async () => {
    const { record, names } = await prune({ planned: never });

    expect(record).toMatchObject({ outcome: "failed", reason: "not-ours: no" });
    expect(names).not.toContain("pruneSet");
    expect(names).not.toContain("forgetOldRuns");
  });
});
