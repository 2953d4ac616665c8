import type { BackupManifest } from "../../src/domain/backup.js";
import { setPrefix, sideKnownFact } from "../../src/domain/backup.js";
import { sidesOf } from "../../src/domain/backup-order.js";
import { hours, minutes, type Milliseconds } from "../../src/domain/duration.js";
import { plus, type Instant } from "../../src/domain/instant.js";
import { Protection } from "../../src/domain/protection.js";
import { backups } from "../../src/state/backups.js";
import { stateStore } from "../../src/state/state-store.js";
import { showBackups } from "../../src/triggers/backups.js";
import type { Endpoint } from "../../src/triggers/endpoint.js";
import { manifestOf } from "../support/backup-sets.js";
import { sampleEstate } from "../support/estates.js";
import { MemoryContainer } from "../support/memory-container.js";

const taken: Instant = "2026-11-22T14:00:00.000Z";
const production = sampleEstate().environments.production!;
const kind = "key-vault";

/** The entry of production's vaults, some time after sets were taken of them. */
function world() {
  const container = new MemoryContainer();
  const sets = backups(container, () => container);
  const add = async (
    side: "primary" | "secondary",
    facts: Record<string, string>,
    more: Partial<BackupManifest> = {},
  ): Promise<string> => {
    const source = sidesOf(production, kind)[side] ?? "";
    const of = { kind, environment: "production", source } as const;
    const { takenAt = taken } = more;
    const set = setPrefix(of, takenAt, "run-1");
    const items = [{ name: "jwt", blob: `${set}secrets/jwt`, bytes: 1, sha256: "0" }];
    await sets.complete(set, manifestOf(of, takenAt, { items, facts, ...more }));
    return set;
  };
  const shown = async (after: Milliseconds): Promise<Protection> => {
    const answer = await showBackups({
      request: { query: new URLSearchParams({ environment: "production" }) },
      estate: sampleEstate(),
      runs: { active: () => Promise.resolve([]) },
      now: () => plus(taken, after),
      backups: sets,
      store: stateStore(new MemoryContainer()),
    } as unknown as Endpoint);
    const all = JSON.parse(answer.body as string) as { backups: unknown[] };
    const entries = all.backups.map((each) => Protection.parse(each));
    const found = entries.find((each) => each.kind === kind);
    if (found === undefined) throw new Error("no entry");
    return found;
  };
  return { add, shown };
}

describe("what is protected", () => {
  it("is what an observed side's verified set holds, as long as the RPO lets it", async () => {
    const { add, shown } = world();
    const none = await shown(minutes(1));
    await add("primary", { [sideKnownFact]: "observed" });

    expect(none).toMatchObject({ status: "unprotected", problems: [] });
    expect(await shown(minutes(10))).toMatchObject({
      status: "protected",
      newest: { side: "primary", known: "observed" },
      problems: [],
    });
    expect(await shown(hours(2))).toMatchObject({ status: "late" });
  });

  it("is not said of a side that was only taken to be in use", async () => {
    for (const facts of [{ [sideKnownFact]: "assumed" }, {}]) {
      const { add, shown } = world();
      const set = await add("secondary", facts);
      const entry = await shown(minutes(10));

      expect(entry).toMatchObject({
        status: "assumed",
        newest: { side: "secondary", known: "assumed" },
        problems: [{ side: "secondary", set }],
      });
      expect(entry.problems[0]?.problem).toMatch(/^nobody could see which side was in use/);
      expect(entry.detail).toContain("only taken to be in use");
      expect(await shown(hours(2))).toMatchObject({ status: "late" });
    }
  });

  it("names newer sets that were never verified, beside the one that was", async () => {
    const { add, shown } = world();
    const verified = await add("primary", { [sideKnownFact]: "observed" });
    const takenAt = plus(taken, minutes(30));
    const doubtful = await add(
      "primary",
      { [sideKnownFact]: "observed" },
      { takenAt, check: { level: "none" } },
    );

    expect(await shown(minutes(40))).toMatchObject({
      status: "protected",
      newest: { set: verified },
      problems: [{ set: doubtful, problem: expect.stringMatching(/never verified/) as string }],
    });
  });
});
