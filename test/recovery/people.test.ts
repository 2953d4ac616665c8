import { Checkpoint } from "../../src/domain/checkpoint.js";
import { minutes } from "../../src/domain/duration.js";
import { elapsed } from "../../src/domain/instant.js";
import type { RecoveryOrder } from "../../src/domain/recovery-order.js";
import {
  approveAs,
  decide,
  estateWith,
  refusal,
  runThing,
  startAt,
  type Saying,
} from "../support/thing.js";

const ordered = (who: string): Partial<RecoveryOrder> => ({
  trigger: { kind: "operator", who, source: "entra", reason: "it is down" },
});
const at = (step: string, verb: "pause" | "cancel"): Saying => ({
  when: (seen) => seen.step.id === step,
  say: () => ({ verb }),
  after: 10,
});

describe("approval", () => {
  it("asks before a step that destroys something, with loss and duration, and goes on when approved", async () => {
    const run = await runThing({ says: [approveAs("Ada Approver")] });

    expect(run.record.outcome).toBe("restored");
    expect(run.acts).toEqual(["replaced t", "labeled"]);
    expect(run.record.approvals).toEqual([
      expect.objectContaining({
        step: "replace",
        title: "Replace the thing",
        expectedLoss: "all that the thing holds",
        expectedDuration: "2 min 00 s",
        status: "approved",
        by: { name: "Ada Approver", source: "entra" },
        reason: "because",
      }),
    ]);
    expect(run.seen.some(({ waitingFor }) => waitingFor === "approval")).toBe(true);
  });

  it.each([
    ["silence", []],
    ["a no", [approveAs("Ada Approver", "deny")]],
  ])("takes the fallback that needs no approval after %s", async (_name, says) => {
    const run = await runThing({ says });

    expect(run.acts).toEqual(["patched 1", "labeled"]);
    expect(run.record.outcome).toBe("restored");
    expect(run.record.steps.find(({ id }) => id === "replace")).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("not-approved") as string,
    });
  });

  it("never lets whoever ordered the run approve it", async () => {
    const own = approveAs("Olga Operator");
    const run = await runThing({ says: [own], order: ordered("olga operator") });

    expect(run.acts).not.toContain("replaced t");
    expect(run.record.approvals[0]).toMatchObject({
      status: "expired",
      requester: { name: "olga operator" },
    });
    expect(run.record.interventions[0]?.effect).toContain("another person has to approve");
  });

  it("does not take an answer to another question", async () => {
    const stale: Saying = {
      when: ({ waitingFor }) => waitingFor === "approval",
      say: () => ({ verb: "approval", nonce: "an-old-one", decision: "approve" }),
    };
    const run = await runThing({ says: [stale] });

    expect(run.acts).not.toContain("replaced t");
  });

  it("asks for any step that the estate adds, and the scenario lives with a no", async () => {
    const estate = estateWith({
      approval: { also: [{ scenario: "storage-failure", step: "label" }] },
    });
    const run = await runThing({
      order: { estate },
      says: [
        approveAs("Ada Approver"),
        { ...approveAs("Ada Approver", "deny"), when: (seen) => seen.approvals.length === 2 },
        decide("label", "skip"),
      ],
    });

    expect(run.acts).toEqual(["replaced t"]);
    expect(run.record.outcome).toBe("restored-with-findings");
    expect(run.record.findings.join()).toContain("Label the thing: skipped by Olga Operator");
  });

  it("keeps its leases while a person thinks, and changes nothing once it has lost them", async () => {
    const kept = await runThing({ says: [{ ...approveAs("Ada Approver"), after: minutes(25) }] });
    const lost = await runThing({
      says: [{ ...approveAs("Ada Approver"), after: minutes(25) }],
      leaseLostAfter: minutes(8),
    });

    expect(kept.calls.filter(({ name }) => name === "takeLease").length).toBeGreaterThan(4);
    expect(kept.acts).toContain("replaced t");
    expect(lost.record.outcome).toBe("superseded");
    expect(lost.acts).toEqual([]);
  });
});

describe("a run that may only propose", () => {
  it("asks for the whole before its first change", async () => {
    const run = await runThing({
      order: { authority: "propose" },
      says: [
        approveAs("Ada Approver"),
        { ...approveAs("Ada Approver"), when: (seen) => seen.approvals.length === 2 },
      ],
    });

    expect(run.record.approvals.map(({ step }) => step)).toEqual(["proposal", "replace"]);
    expect(run.record.outcome).toBe("restored");
  });

  it.each([
    ["denied", [approveAs("Ada Approver", "deny")], "canceled"],
    ["not answered", [], "needs-operator"],
  ])("changes nothing when it is %s", async (_name, says, outcome) => {
    const run = await runThing({ order: { authority: "propose" }, says });

    expect(run.record.outcome).toBe(outcome);
    expect(run.acts).toEqual([]);
    expect(run.calls.map(({ name }) => name)).not.toContain("takeLease");
  });
});

describe("an automatic run that two sources do not agree about", () => {
  it("changes nothing, and says that it was held back", async () => {
    const run = await runThing({
      reachable: false,
      order: { estate: estateWith({ decisionWindow: 0 }) },
    });

    expect(run.record.outcome).toBe("needs-operator");
    expect(run.record.reason).toMatch(
      /^held back because fewer than two .* alert: failed .*; own-probe: unknown/,
    );
    expect(run.acts).toEqual([]);
    expect(run.calls.map(({ name }) => name)).not.toContain("takeLease");
  });

  it("goes on by a person's order all the same", async () => {
    const run = await runThing({
      reachable: false,
      order: ordered("Olga Operator"),
      says: [approveAs("Ada Approver")],
    });

    expect(run.acts).toEqual(["replaced t", "labeled"]);
  });
});

describe("decision", () => {
  const denied = { replace: [refusal] };

  it("repeats a step with changed input", async () => {
    const run = await runThing({
      failing: { ...denied, patch: [refusal] },
      says: [approveAs("Ada Approver"), decide("patch", "retry", { strength: 3 })],
    });

    expect(run.acts).toEqual(["patched 3", "labeled"]);
    expect(run.record.decisions[0]).toMatchObject({
      step: "patch",
      status: "decided",
      choice: "retry",
      input: { strength: 3 },
      failure: "Conflict: Azure says no",
    });
    const claims = run.calls
      .filter(({ name }) => name === "patchThing")
      .map(({ caller }) => caller.step);
    expect(new Set(claims).size).toBe(2);
  });

  it("asks again when the changed input is wrong", async () => {
    const run = await runThing({
      failing: { ...denied, patch: [refusal] },
      says: [
        approveAs("Ada Approver"),
        decide("patch", "retry", { strength: -1 }),
        {
          ...decide("patch", "retry", { strength: 2 }),
          when: (seen) => seen.decisions.length === 2,
        },
      ],
    });

    expect(run.record.decisions[1]?.failure).toContain("strength");
    expect(run.acts).toContain("patched 2");
  });

  it("goes on without a step that can be left out, as a finding", async () => {
    const run = await runThing({
      failing: { label: [refusal] },
      says: [approveAs("Ada Approver"), decide("label", "skip")],
    });

    expect(run.record.outcome).toBe("restored-with-findings");
    expect(run.record.steps.find(({ id }) => id === "label")?.status).toBe("skipped");
  });

  it("refuses to leave out what the scenario cannot do without", async () => {
    const run = await runThing({
      failing: { ...denied, patch: [refusal] },
      says: [approveAs("Ada Approver"), decide("patch", "skip")],
    });

    expect(run.record.interventions.at(-1)?.effect).toContain("skip is not a choice here");
    expect(run.record.outcome).toBe("needs-operator");
  });

  it.each([
    ["aborted", [approveAs("Ada Approver"), decide("label", "abort"), decide("label", "abort")]],
    ["not answered for as long as the estate waits", [approveAs("Ada Approver")]],
  ])("ends with an operator when it is %s", async (_name, says) => {
    const run = await runThing({ failing: { label: [refusal] }, says });

    expect(run.record.outcome).toBe("needs-operator");
  });

  it("does the scenario again, as a second round with claims of its own", async () => {
    const again: Saying = {
      when: ({ decisions }) => decisions.filter(({ status }) => status === "open").length > 0,
      say: ({ decisions }) => ({
        verb: "decision",
        step: decisions.at(-1)?.step ?? "",
        choice: decisions.length === 1 ? "abort" : "retry",
      }),
    };
    const run = await runThing({
      failing: { label: [refusal] },
      says: [
        approveAs("Ada Approver"),
        again,
        {
          ...again,
          when: (seen) => seen.decisions.at(-1)?.status === "open" && seen.decisions.length === 2,
        },
        {
          ...approveAs("Ada Approver"),
          when: (seen) =>
            seen.approvals.filter(({ status }) => status === "open").length > 0 &&
            seen.approvals.length === 2,
        },
      ],
    });

    expect(run.record.outcome).toBe("restored");
    expect(run.record.steps.filter(({ round }) => round === 2).map(({ id }) => id)).toContain(
      "replace",
    );
    const steps = run.calls
      .filter(({ name }) => name === "replaceThing")
      .map(({ caller }) => caller.step);
    expect(steps).toEqual(["replace", "replace~round-2"]);
  });

  it("does not wait where the estate gives no time", async () => {
    const run = await runThing({
      order: { estate: estateWith({ decisionWindow: 0 }) },
      failing: { label: [refusal] },
      says: [approveAs("Ada Approver")],
    });

    expect(run.record.decisions).toEqual([]);
    expect(run.record.outcome).toBe("needs-operator");
  });
});

describe("pause, resume and cancel", () => {
  it("pauses before the next step, keeps its lease, and goes on when told", async () => {
    const run = await runThing({
      actTakes: 30,
      says: [
        approveAs("Ada Approver"),
        at("replace", "pause"),
        {
          when: ({ waitingFor }) => waitingFor === "resume",
          say: () => ({ verb: "resume" }),
          after: minutes(20),
        },
      ],
    });

    expect(run.record.outcome).toBe("restored");
    expect(run.record.interventions.map(({ verb }) => verb)).toEqual(
      expect.arrayContaining(["pause", "resume"]),
    );
    expect(run.calls.filter(({ name }) => name === "takeLease").length).toBeGreaterThan(3);
    expect(elapsed(run.record.detectedAt, run.record.restoredAt ?? "")).toBeGreaterThan(
      minutes(20),
    );
  });

  it.each(["confirm", "replace", "label"])(
    "cancels at the next safe point after %s, with nothing half done",
    async (step) => {
      const run = await runThing({
        actTakes: 30,
        says: [approveAs("Ada Approver"), at(step, "cancel")],
        failing: { label: [refusal] },
      });

      expect(run.record.outcome).toBe("canceled");
      expect(run.error).toBeUndefined();
      const taken = run.calls.filter(({ name }) => name === "takeLease").length;
      const given = run.calls.filter(({ name }) => name === "releaseLease").length;
      expect(given).toBe(taken > 0 ? 1 : 0);
      expect(run.calls.at(-1)?.name).toBe("closeIncident");
    },
  );

  it.each(["approval", "decision", "resume"])("cancels while it waits for %s", async (what) => {
    const run = await runThing({
      failing: { label: [refusal] },
      actTakes: 30,
      says: [
        ...(what === "approval" ? [] : [approveAs("Ada Approver")]),
        ...(what === "resume" ? [at("replace", "pause")] : []),
        { when: ({ waitingFor }) => waitingFor === what, say: () => ({ verb: "cancel" }) },
      ],
    });

    expect(run.record.outcome).toBe("canceled");
  });

  it("hears the same saying once, and what comes too late is in the record", async () => {
    const run = await runThing({
      actTakes: 30,
      says: [
        approveAs("Ada Approver"),
        { ...at("replace", "pause"), say: () => ({ verb: "pause", id: "one" }) },
        { ...at("replace", "pause"), say: () => ({ verb: "pause", id: "one" }), after: 20 },
        { when: ({ waitingFor }) => waitingFor === "resume", say: () => ({ verb: "resume" }) },
        {
          when: ({ waitingFor }) => waitingFor === "resume",
          say: (seen) => ({
            verb: "approval",
            nonce: seen.approvals[0]?.nonce ?? "",
            decision: "deny",
          }),
          after: 10,
        },
      ],
    });

    expect(run.record.interventions.filter(({ verb }) => verb === "pause")).toHaveLength(1);
    const late = run.record.interventions.filter(({ verb }) => verb === "approval").at(-1);
    expect(late?.effect).toBe("came too late: it was approved by Ada Approver");
    expect(run.record.outcome).toBe("restored");
  });

  it("loses none of many sayings that arrive during one act", async () => {
    const run = await runThing({
      actTakes: 60,
      says: [
        approveAs("Ada Approver"),
        ...Array.from({ length: 6 }, (_, index): Saying => ({
          when: (seen) => seen.step.id === "replace" && seen.approvals[0]?.status === "approved",
          say: () => ({ verb: index % 2 === 0 ? "pause" : "resume" }),
          after: 1_000 + index * 1_000,
        })),
      ],
    });

    expect(
      run.record.interventions.filter(({ verb }) => verb !== "approval").map(({ verb }) => verb),
    ).toEqual(["pause", "resume", "pause", "resume", "pause", "resume"]);
    expect(run.record.outcome).toBe("restored");
  });
});

describe("plan", () => {
  it("changes nothing, waits for nobody, and lists changes, approvals and fallbacks", async () => {
    const run = await runThing({ order: { mode: "plan", incident: undefined } });

    expect(run.record.outcome).toBe("planned");
    expect(run.calls.filter(({ caller }) => caller.mode !== "plan")).toEqual([]);
    expect(run.calls.map(({ name }) => name)).not.toContain("takeLease");
    expect(run.endedAt - startAt).toBeLessThan(60_000);
    expect(run.record.plan).toMatchObject({
      changes: [
        { step: "replace", approval: "an approver" },
        { step: "label", title: "Label the thing" },
      ],
      fallbacks: [
        {
          when: "the replacement is not approved",
          steps: ["Patch the thing"],
          dataLoss: "nothing",
        },
      ],
      dataLoss: "what the thing held, if it is replaced",
    });
    expect(run.record.restoredAt).toBeUndefined();
  });

  it("is not ended by a thing that is well", async () => {
    const run = await runThing({
      well: true,
      order: { mode: "plan", incident: undefined },
    });

    expect(run.record.steps[0]).toMatchObject({ id: "confirm", detail: "well" });
    expect(run.record.plan?.changes).toHaveLength(2);
  });
});

it("keeps every checkpoint within what the platform takes, however much is asked", async () => {
  const run = await runThing({
    failing: { label: Array.from({ length: 8 }, () => refusal) },
    says: [
      approveAs("Ada Approver"),
      ...Array.from({ length: 8 }, (): Saying => ({
        ...decide("label", "retry"),
        when: ({ decisions }) => decisions.at(-1)?.status === "open",
      })),
    ],
  });

  const longest = Math.max(...run.customStatuses.map((each) => JSON.stringify(each).length));
  expect(longest).toBeLessThan(16_000);
  expect(run.customStatuses.every((each) => Checkpoint.safeParse(each).success)).toBe(true);
});
