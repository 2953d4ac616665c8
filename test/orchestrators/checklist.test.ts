import { checkItem, findUsersSide } from "../../src/activities/checklist.contract.js";
import type { ChecklistItem } from "../../src/domain/checklist.js";
import { minutes, seconds } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import { elapsed } from "../../src/domain/instant.js";
import type { Notice } from "../../src/domain/notice.js";
import type { RecoveryOrder } from "../../src/domain/recovery-order.js";
import { verbEvent } from "../../src/domain/verb.js";
import { recoverContainerApp } from "../../src/orchestrators/recover-container-app.js";
import { detectedAt, orderOf, runOf } from "../support/estates.js";
import { patient } from "../support/patient.js";
import { replay, stub, type People, type Stub } from "../support/replay-driver.js";

const side = { app: "/apps/mcp-server-prod", fqdn: "mcp.example.com", vault: "https://kv" };
const transient: Failure = { class: "transient", code: "http-500", message: "later" };
const terminal: Failure = { class: "terminal", code: "Forbidden", message: "no" };

const { estate: sample } = orderOf();
const inFiveMinutes = { ...sample, checklist: { ...sample.checklist, deadline: minutes(5) } };

type Look = (attempt: number, now: number) => object;
const holds: Look = () => ({ holds: true, open: false, detail: "holds", proof: [{ what: "x" }] });
const misses: Look = () => ({ holds: false, open: false, detail: "no", proof: [{ what: "x" }] });
const notYet: Look = () => ({ holds: false, open: true, detail: "0 rows", proof: [] });

/** Recovers an app whose checklist finds what is said of its items; all else holds. */
async function recover(
  items: Partial<Record<ChecklistItem, Look>>,
  {
    stubs = [],
    people,
    order = {},
    took = 200,
  }: {
    stubs?: readonly Stub[];
    people?: People;
    order?: Partial<RecoveryOrder>;
    took?: number;
  } = {},
) {
  const subject = patient({ heals: "restart" });
  const notices: Notice[] = [];
  const saved: { readonly findings: readonly string[] }[] = [];
  const watched = subject.stubs.map((each): Stub => {
    const watch = (input: unknown): void => {
      if (each.name === "postNotice") notices.push((input as { notice: Notice }).notice);
      if (each.name === "saveRecord")
        saved.push((input as { record: (typeof saved)[number] }).record);
    };
    return {
      ...each,
      answer: (input, caller, now) => {
        watch(input);
        return each.answer(input, caller, now);
      },
    };
  });
  const looks = stub(
    checkItem,
    ({ item }, { attempt }, now) => (items[item] ?? holds)(attempt, now) as never,
    took,
  );
  const run = await replay(recoverContainerApp, {
    instanceId: runOf("container-app-failure"),
    input: orderOf({ estate: inFiveMinutes, ...order }),
    stubs: [...watched, stub(findUsersSide, () => ({ side, detail: "seen" })), looks, ...stubs],
    startAt: Date.parse(detectedAt) + 6_000,
    ...(people === undefined ? {} : { people }),
  });
  const record = subject.record();
  const byItem = new Map(record.checklist.map((result) => [result.item, result]));
  return { ...run, record, notices, saved, byItem, closedWith: subject.closedWith() };
}

const failing =
  (failure: Failure | Error): Look =>
  () =>
    failure instanceof Error ? failure : { failure };

describe("the recovery checklist of a run", () => {
  it("leaves the outcome as it is where all holds, and stands in the record in its order", async () => {
    const { record, notices, output } = await recover({});

    expect(output).toMatchObject({ outcome: "restored" });
    expect(record.checklist.map(({ item }) => item)).toEqual([
      "health-endpoints",
      "application-insights-errors",
      "tenant-authentication",
      "rate-limiting",
      "chat",
      "branding-assets",
      "cost-tracking",
      "notification-delivery",
      "audit-logs",
      "incident-documentation",
    ]);
    expect(record.checklist.every(({ status }) => status === "passed")).toBe(true);
    expect(record.findings).toEqual([]);
    expect(notices.map(({ kind }) => kind)).toEqual(["started", "restored", "ended"]);
    expect(notices.at(-1)?.lines.join(" ")).toContain("Recovery checklist: 10 of 10 passed.");
  });

  it("comes after the restoration: the clock, the incident and people do not wait for it", async () => {
    const { calls, record, saved, closedWith } = await recover({ chat: notYet });

    const names = calls.map(({ name }) => name);
    const first = names.indexOf("findUsersSide");
    expect(names.indexOf("closeIncident")).toBeLessThan(first);
    expect(names.lastIndexOf("closeIncident")).toBeLessThan(first);
    expect(names.lastIndexOf("releaseLease")).toBeLessThan(first);
    expect(closedWith).toBe("restored");
    const began = record.checklist[0]?.startedAt ?? "";
    expect(elapsed(record.restoredAt ?? "", began)).toBeLessThan(seconds(5));
    expect(elapsed(began, record.endedAt)).toBeGreaterThan(minutes(4));
    expect(saved[0]?.findings).toContainEqual(expect.stringContaining("under way"));
  });

  it("asks a person for what does not hold, and the run ends all the same", async () => {
    const { record, notices, output } = await recover({ "rate-limiting": misses });

    expect(output).toMatchObject({ outcome: "restored-with-findings" });
    expect(record.reason).toContain("9 of 10 passed, 1 failed (Rate limiting)");
    expect(record.nextSteps[0]).toContain("Recovery checklist, Rate limiting: see whether");
    expect(record.findings).toEqual(["recovery checklist, Rate limiting: failed: no"]);
    expect(notices.at(-1)).toMatchObject({ kind: "ended", outcome: "restored-with-findings" });
    expect(notices.at(-1)?.lines.join(" ")).toContain("Do this: Recovery checklist, Rate limiting");
  });

  it("looks again for what may still come, and gives up at the deadline", async () => {
    const ingested: Look = (attempt) => (attempt < 3 ? notYet(attempt, 0) : holds(attempt, 0));

    const { byItem, calls } = await recover({ "cost-tracking": ingested, chat: notYet });

    expect(byItem.get("cost-tracking")).toMatchObject({ status: "passed" });
    expect(byItem.get("chat")).toMatchObject({
      status: "failed",
      detail: expect.stringMatching(/^0 rows \(looked for 4 min/) as string,
    });
    const looks = (item: ChecklistItem): number =>
      calls.filter(({ caller }) => caller.step === `checklist/${item}`).length;
    expect([looks("health-endpoints"), looks("cost-tracking")]).toEqual([1, 3]);
    expect(looks("chat")).toBeGreaterThan(5);
  });

  it("says of what never answered that it timed out, and does not wait for it", async () => {
    const { record, byItem } = await recover({}, { took: minutes(30) });

    expect([...byItem.values()].map(({ status }) => status)).toEqual(
      Array.from({ length: 10 }, () => "timed-out"),
    );
    expect(record.outcome).toBe("restored-with-findings");
    const began = record.checklist[0]?.startedAt ?? "";
    expect(elapsed(began, record.endedAt)).toBeLessThan(minutes(6));
  });

  it("takes what could not be looked at for failed, and tries what may heal again", async () => {
    const heals: Look = (attempt) => (attempt === 1 ? { failure: transient } : holds(2, 0));

    const { byItem, calls } = await recover({
      "branding-assets": failing(terminal),
      "cost-tracking": heals,
      chat: (attempt) => (attempt === 1 ? new Error("it crashed") : holds(2, 0)),
      "audit-logs": failing(transient),
    });

    expect(byItem.get("branding-assets")).toMatchObject({
      status: "failed",
      detail: "could not be looked at: Forbidden: no",
    });
    expect(byItem.get("cost-tracking")).toMatchObject({ status: "passed" });
    expect(byItem.get("chat")).toMatchObject({ status: "passed" });
    expect(byItem.get("audit-logs")).toMatchObject({ status: "timed-out" });
    expect(calls.filter(({ caller }) => caller.step === "checklist/audit-logs")).toHaveLength(3);
  });

  it("looks at what needs no side where nobody can say where users are led", async () => {
    const blind = stub(findUsersSide, () => ({ failure: transient }));

    const { byItem } = await recover({}, { stubs: [blind] });

    expect(byItem.get("audit-logs")).toMatchObject({ status: "passed" });
    expect(byItem.get("chat")).toMatchObject({
      status: "timed-out",
      detail: expect.stringContaining("where users are led could not be seen") as string,
    });
  });

  it("takes nothing from the outcome by a defect of its own", async () => {
    const { record, output, error } = await recover({ chat: () => ({ unforeseen: true }) });

    expect(error).toBeUndefined();
    expect(output).toMatchObject({ outcome: "restored-with-findings" });
    expect(record.findings).toMatchObject([
      expect.stringContaining("was not run to its end: this service failed itself"),
    ]);
    expect(record.nextSteps).toEqual(["Go through the recovery checklist by hand"]);
  });

  it("names what the estate does not configure, and leaves the outcome", async () => {
    const { estate } = orderOf();
    const { notifications: _none, ...rest } = estate;
    const { chat: _chat, ...items } = estate.checklist.items;
    const bare = { ...rest, checklist: { ...estate.checklist, items } };

    const { record, byItem } = await recover({}, { order: { estate: bare } });

    expect(byItem.get("chat")).toMatchObject({
      status: "not-configured",
      detail: "not checked: the estate has no checklist.items.chat in production",
    });
    expect(byItem.get("notification-delivery")).toMatchObject({ status: "not-configured" });
    expect(record.outcome).toBe("restored");
    expect(record.findings).toEqual([
      "recovery checklist, not checked because not configured: Chat end to end, Notification delivery",
    ]);
  });

  it("is ended by a person's cancel, which is not the end of the outcome", async () => {
    let said = false;
    const people: People = (status) => {
      const { step } = status as { step: { id: string; detail: string } };
      const isWaiting = step.id === "recovery-checklist" && step.detail.startsWith("waiting");
      if (said || !isWaiting) return [];
      said = true;
      const by = { name: "ada", source: "key" };
      const data = { verb: "cancel", id: "c1", at: detectedAt, by, reason: "I look myself" };
      return [{ name: verbEvent, data, after: 1_000 }];
    };

    const { record, byItem } = await recover({ chat: notYet }, { people });

    expect(record.outcome).toBe("restored");
    expect(byItem.get("chat")).toMatchObject({
      status: "canceled",
      detail: "a person ended the checklist; last seen: 0 rows",
    });
    expect(record.findings).toEqual([
      "recovery checklist, ended by a person before it was known: Chat end to end",
    ]);
    expect(record.interventions).toMatchObject([{ verb: "cancel" }]);
  });

  it("is not run where nothing was done, nothing works again, or nothing is changed", async () => {
    const names = async (heals: "already" | "never", mode: "execute" | "plan") => {
      const subject = patient({ heals });
      const { incident, ...order } = orderOf({ mode });
      const { calls } = await replay(recoverContainerApp, {
        instanceId: runOf("container-app-failure"),
        input: mode === "plan" ? order : { ...order, incident },
        stubs: subject.stubs,
        startAt: Date.parse(detectedAt) + 6_000,
      });
      expect(subject.record().checklist).toEqual([]);
      return calls.map(({ name }) => name);
    };

    for (const run of [
      await names("already", "execute"),
      await names("never", "execute"),
      await names("never", "plan"),
    ]) {
      expect(run).not.toContain("checkItem");
    }
  });
});
