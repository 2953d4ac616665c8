import { containerAppFailure } from "../../../local/gameday/exercises/container-app-failure.js";
import { faults } from "../../../local/gameday/faults.js";
import {
  describeTime,
  isFlawless,
  judge,
  type Observed,
} from "../../../local/gameday/judgement.js";
import type { RunRecord } from "../../../src/domain/run-record.js";
import { runRecords } from "../../support/run-records.js";
import { effect, request } from "../../support/simulator-log.js";

const restart = "containerAppsRevisions.restart";

function verdictOf(observed: Partial<Observed>, fault = faults.none) {
  return judge(containerAppFailure, fault, {
    record: runRecords.restored,
    log: [effect(restart, { at: "2026-11-22T13:58:42.500Z" })],
    well: true,
    injected: true,
    ...observed,
  });
}

const needsOperator: RunRecord = {
  ...runRecords.restored,
  outcome: "needs-operator",
  reason: "nothing helped",
  nextSteps: ["Look at it"],
};
delete needsOperator.restoredAt;

describe("the judgement of a run under a fault", () => {
  it("finds no flaw in a run that serves again in time", () => {
    const verdict = verdictOf({});

    expect(isFlawless(verdict)).toBe(true);
    expect(verdict).toMatchObject({ outcome: "restored", late: false, duplicates: [] });
    expect(describeTime(verdict)).toBe("1 min 47 s of 15 min 00 s");
  });

  it("says so when it was late, which is no flaw", () => {
    const record = { ...runRecords.restored, restoredAt: "2026-11-22T14:20:00.000Z" };

    const verdict = verdictOf({ record });

    expect(describeTime(verdict)).toBe("21 min 36 s of 15 min 00 s, LATE");
    expect(isFlawless(verdict)).toBe(true);
  });

  it("counts the time until a person was asked where one is needed", () => {
    const asked = {
      step: "restart-revision",
      title: "Restart it",
      failure: "no",
      choices: ["abort" as const],
      askedAt: "2026-11-22T14:03:24.371Z",
      expiresAt: "2026-11-22T18:03:24.371Z",
      status: "expired" as const,
    };

    const verdict = verdictOf({ record: { ...needsOperator, decisions: [asked] }, well: false });

    expect(describeTime(verdict)).toBe("5 min 00 s of 15 min 00 s");
    expect(isFlawless(verdict)).toBe(true);
  });

  it.each<[string, Partial<Observed>, string]>([
    [
      "an app that is not well after all",
      { well: false },
      "it ended as restored, and the app is not well",
    ],
    [
      "an operator who is not told what to do",
      { record: { ...needsOperator, nextSteps: [] } },
      "an operator is needed and is not told what to do",
    ],
    [
      "an operator who is not told why",
      { record: { ...needsOperator, reason: " " } },
      "the record gives no reason",
    ],
    [
      "silence about what was lost",
      { record: { ...runRecords.restored, dataLoss: "" } },
      "the record does not say what was lost",
    ],
    [
      "an end that nobody asked for",
      { record: { ...runRecords.restored, outcome: "canceled" } },
      "nobody asked for an end as canceled",
    ],
  ])("calls %s an undefined ending", (_what, observed, why) => {
    const verdict = verdictOf(observed);

    expect(verdict.undefinedEnding).toBe(why);
    expect(isFlawless(verdict)).toBe(false);
  });

  it("calls a run without a record undefined, and says what is known of it", () => {
    const { record: _none, ...rest } = { record: undefined, log: [], well: false, injected: true };

    const verdict = judge(containerAppFailure, faults.none, { ...rest, lacking: "it hung" });

    expect(verdict).toMatchObject({ outcome: "none", undefinedEnding: "it hung" });
    expect(describeTime(verdict)).toBe("-");
  });

  it("names each effect that should not have been", () => {
    const at = "2026-11-22T13:58:42.500Z";
    const verdict = verdictOf({ log: [effect(restart, { at }), effect(restart, { at })] });

    expect(verdict.duplicates).toEqual([`${restart} of /one again at ${at}`]);
    expect(isFlawless(verdict)).toBe(false);
  });

  it("does not take a fault for proven that met no request, or whose moment never came", () => {
    const at = "2026-11-22T13:58:42.500Z";
    const logOf = (fault: string) => ({ log: [request({ fault }), effect(restart, { at })] });
    const struck = verdictOf(logOf("throttle"), faults.throttle);
    const unmet = verdictOf(logOf("slow"), faults.throttle);
    const early = verdictOf({ injected: false }, faults["region-down"]);

    expect(struck.missed).toBeUndefined();
    expect(unmet.missed).toBe("the fault met no request");
    expect(early.missed).toContain("never came");
    expect([struck, unmet, early].map(isFlawless)).toEqual([true, false, false]);
  });
});
