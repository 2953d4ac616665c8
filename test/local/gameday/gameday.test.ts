import { play } from "../../../local/gameday/cell.js";
import { nothingWrong } from "../../../local/gameday/days/days.js";
import { playDay } from "../../../local/gameday/days/play-day.js";
import { isClaim } from "../../../local/gameday/effects.js";
import { containerAppFailure } from "../../../local/gameday/exercises/container-app-failure.js";
import { faults } from "../../../local/gameday/faults.js";
import { flawsOf, isFlawless, judge, judgeDay } from "../../../local/gameday/judgement.js";
import { backUpTwice, tearNewestSets } from "../../../local/gameday/sets.js";
import { principal } from "../../../local/stack/principal.js";
import { ServiceClient } from "../../../local/stack/service-client.js";
import { startStack, type Stack } from "../../../local/stack/stack.js";
import type { Protection } from "../../../src/domain/protection.js";
import { productionOf } from "../../support/recovery-run.js";

/** How long a run may take in real time, on a machine that does much else. */
const limitMs = 60_000;
jest.setTimeout(90_000);

const draws = {
  untilNoticed: 120,
  change: 1,
  struck: containerAppFailure.changes,
};
const options = { draws, limitMs };

describe("a game day of the container app, on a bad day", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({
      profile: "bad-day",
      settings: { PLATFORM_AUTHENTICATION: "entra" },
    });
  });
  afterAll(() => stack.stop());

  it.each(["none", "lost-answer"] as const)(
    "is without a flaw under the fault %s",
    async (fault) => {
      const observed = await play(stack, containerAppFailure, fault, options);
      const verdict = judge(containerAppFailure, faults[fault], observed);

      expect(verdict).toMatchObject({ outcome: "restored", duplicates: [], late: false });
      // Without claims in the log no effect could be told from its repetition.
      expect(observed.log.some(isClaim)).toBe(true);
      expect(isFlawless(verdict)).toBe(true);
      // Users wrote before, during and after, and what was acknowledged is there.
      const { attempted = 0, acknowledged = 0, gone } = observed.writes ?? {};
      expect(acknowledged).toBeGreaterThanOrEqual(6);
      expect(attempted).toBeGreaterThan(acknowledged);
      expect(gone).toEqual({ storage: [], redis: [] });
    },
  );

  it("takes a later change for the moment of the fault where the draw says so", async () => {
    const later = { ...options, draws: { ...draws, change: 2 } };

    const observed = await play(stack, containerAppFailure, "region-down", later);

    const changes = observed.log.filter(
      ({ operation, effect }) =>
        containerAppFailure.changes.includes(operation) && effect !== undefined,
    );
    expect(changes.map(({ operation }) => operation)).toEqual([
      "containerAppsRevisions.restart",
      "containerAppsRevisions.activate",
    ]);
    expect(observed.injected).toBe(true);
  });

  it("does nothing on a day on which nothing is wrong, however many alerts come", async () => {
    const verdict = judgeDay(nothingWrong, await playDay(stack, nothingWrong, options));

    expect(flawsOf(verdict)).toEqual([]);
    expect(verdict.actions).toEqual([]);
    expect(new Set(verdict.outcome.split(", "))).toEqual(new Set(["not-needed"]));
  });

  it("puts the region down when the run has made its first change, and needs an operator", async () => {
    const observed = await play(stack, containerAppFailure, "region-down", options);
    const verdict = judge(containerAppFailure, faults["region-down"], observed);

    const changes = observed.log.filter(
      ({ operation, effect }) =>
        containerAppFailure.changes.includes(operation) && effect !== undefined,
    );
    expect(changes.map(({ operation }) => operation)).toEqual(["containerAppsRevisions.restart"]);
    expect(observed.well).toBe(false);
    expect(verdict.outcome).toBe("needs-operator");
    expect(isFlawless(verdict)).toBe(true);
  });

  it("gives a run up that does not end in time, and says where it is", async () => {
    const observed = await play(stack, containerAppFailure, "none", { draws, limitMs: 0 });

    expect(observed.record).toBeUndefined();
    expect(observed.lacking).toMatch(/^it hung for 0 s of real time at: \S/);
  });

  it("has two sets when it wants them, of which the newest may be torn", async () => {
    const service = new ServiceClient(stack.host, principal("olga@example.com", ["operator"]));
    await stack.simulator.reset();

    await backUpTwice(stack, service, "production", ["key-vault"]);
    await tearNewestSets(stack, productionOf(stack), ["key-vault"]);

    const { json } = await service.call("GET", "/api/backups?environment=production");
    const { backups } = json as { backups: readonly Protection[] };
    const vault = backups.find(({ kind }) => kind === "key-vault");
    expect(vault?.problems).toHaveLength(1);
    expect(vault?.newest?.set).toBeDefined();
    expect(vault?.newest?.set).not.toBe(vault?.problems[0]?.set);
  });
});
