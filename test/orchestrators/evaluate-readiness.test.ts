import { postNotice } from "../../src/activities/notices.contract.js";
import * as contract from "../../src/activities/readiness.contract.js";
import { checksOf, groupsOf, type CheckGroup } from "../../src/domain/readiness/catalogue.js";
import type { EvaluationOrder } from "../../src/domain/readiness/evaluation.js";
import type { CheckResult } from "../../src/domain/readiness/readiness.js";
import { RecoveryScenario } from "../../src/domain/readiness/readiness.js";
import type { Failure } from "../../src/domain/failure.js";
import { evaluateReadiness } from "../../src/orchestrators/evaluate-readiness.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { sampleEstate } from "../support/estates.js";
import { startedNotice } from "../support/notices.js";
import { broken, replay, stub, type Stub } from "../support/replay-driver.js";

const startAt = Date.parse("2026-11-22T14:00:00.000Z");
const estate = sampleEstate().environments.production!;
const refused: Failure = { class: "terminal", code: "http-400", message: "no" };
const pending = {
  at: "2026-11-22T14:00:00.000Z",
  verdicts: Object.fromEntries(
    RecoveryScenario.options.map((name) => [name, "degraded"]),
  ) as Record<RecoveryScenario, "degraded">,
};

/** Every group finds nothing; what is concluded is kept. */
function world(tell = false) {
  const concluded: CheckResult[] = [];
  const well = (group: CheckGroup): Stub =>
    stub(contract[group], () => ({
      detail: "looked",
      results: checksOf(group).map(({ id }) => ({ check: id, found: [] })),
    }));
  const stubs = [
    ...groupsOf("all").map(well),
    stub(contract.concludeReadiness, ({ results }) => {
      concluded.push(...results);
      return {
        ...{ changed: true, detail: "taken down" },
        ...(tell ? { tell: { notice: startedNotice(), pending } } : {}),
      };
    }),
    stub(postNotice, () => ({ changed: true, detail: "posted" })),
    stub(contract.rememberTold, () => ({ changed: true, detail: "remembered" })),
  ];
  const evaluate = (weight: EvaluationOrder["weight"], failing: readonly Stub[] = stubs) =>
    replay(evaluateReadiness, {
      instanceId: `readiness-production-${weight}-20261122T140000Z`,
      input: { environment: "production", estate, weight } satisfies EvaluationOrder,
      startAt,
      stubs: failing,
    });
  return { stubs, concluded, evaluate };
}

describe("evaluate readiness", () => {
  it("makes the checks of a weight side by side, and takes down what they found", async () => {
    const { evaluate, concluded } = world();

    const run = await keepsToHistory("evaluate-readiness.light", () => evaluate("light"));

    expect(run.output).toMatchObject({ findings: 0, recorded: true });
    expect(concluded.map(({ check }) => check)).toContain("traffic-ttl");
    expect(concluded.map(({ check }) => check)).not.toContain("secret-parity");
  });

  it("tells people, and remembers it once the notice was handed over", async () => {
    const { evaluate, stubs } = world(true);

    const run = await keepsToHistory("evaluate-readiness.told", () => evaluate("all"));
    const lost = await evaluate("all", broken(stubs, { postNotice: refused }));

    expect(run.outline.slice(-2)).toEqual(["postNotice", "rememberTold"]);
    expect(lost.outline).not.toContain("rememberTold");
  });

  it("leaves what a group could not look at unknown, and loses no other group's answer", async () => {
    const { stubs, evaluate, concluded } = world();
    const crashing = stubs.map((each) =>
      each.name === "checkTraffic"
        ? stub(contract.checkTraffic, () => new Error("node exited with code 1"))
        : each,
    );

    await evaluate("all", crashing);

    const unknown = concluded.filter(({ found }) => found.length > 0);
    expect(unknown.map(({ check }) => check)).toEqual(checksOf("checkTraffic").map(({ id }) => id));
    expect(unknown[0]?.found[0]).toMatchObject({ level: "unknown" });
    expect(unknown[0]?.found[0]?.what).toContain("node exited with code 1");
    expect(concluded.length).toBeGreaterThan(unknown.length + 10);
  });

  it("takes a failure for an unknown, and a check that was not spoken of too", async () => {
    const { stubs, evaluate, concluded } = world();
    const silent = stub(contract.checkBackups, () => ({ detail: "", results: [] }));
    const failing = broken(stubs, { checkAlerting: refused }).map((each) =>
      each.name === "checkBackups" ? silent : each,
    );

    const run = await evaluate("all", failing);

    const said = concluded.flatMap(({ found }) => found.map(({ what }) => what));
    expect(said).toHaveLength(checksOf("checkAlerting").length + checksOf("checkBackups").length);
    expect(said.join()).toContain("http-400: no");
    expect(said.join()).toContain("it said nothing");
    expect(run.output).toMatchObject({ findings: said.length });
  });

  it("says that nothing was recorded where the state store is away", async () => {
    const { stubs, evaluate } = world();

    const run = await evaluate("light", broken(stubs, { concludeReadiness: refused }));

    expect(run.output).toMatchObject({ recorded: false });
  });
});
