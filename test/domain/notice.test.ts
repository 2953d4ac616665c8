import fc from "fast-check";
import { hours, minutes, seconds } from "../../src/domain/duration.js";
import type { Channel } from "../../src/domain/channel.js";
import type { ContactLevel } from "../../src/domain/contact-level.js";
import { Environment } from "../../src/domain/estate.js";
import { plus } from "../../src/domain/instant.js";
import { heldBackNotice, noticeOf, type Occasion } from "../../src/domain/notice-of.js";
import {
  addressedTo,
  channelsOf,
  composeNotice,
  deliveryId,
  isDelivery,
  levelsFor,
  linkedTo,
  Notice,
  receiptOf,
} from "../../src/domain/notice.js";
import { laterReceipt, NoticeKind, type NoticeReceipt } from "../../src/domain/notice-receipt.js";
import { checkpointAfter } from "../support/checkpoints.js";
import { detectedAt, runOf, sampleEstate } from "../support/estates.js";

const { contacts } = Environment.parse(sampleEstate().environments.production);
const run = runOf("container-app-failure");
const approval: Occasion = {
  kind: "approval-wanted",
  approval: {
    nonce: "5f0c1f5e-6a08-4e0f-9d57-0d4a6d1f7a11",
    title: "Fail the storage account over",
    expectedLoss: "writes after 13:40:00 UTC",
    expiresAt: plus(detectedAt, minutes(30)),
  },
};
const decision: Occasion = {
  kind: "operator-needed",
  decision: {
    step: "activate-known-good",
    title: "Activate the known good revision",
    failure: "AuthorizationFailed: no",
    choices: ["retry", "skip", "abort"],
    askedAt: plus(detectedAt, minutes(3)),
    expiresAt: plus(detectedAt, hours(4)),
  },
};
const occasions: readonly Occasion[] = [
  { kind: "started" },
  approval,
  decision,
  { kind: "half-rto-used" },
  { kind: "breached", distinction: "scenario" },
  { kind: "ended", nextSteps: [] },
];
const speak = (occasion: Occasion, more: Partial<Parameters<typeof noticeOf>[1]> = {}): Notice =>
  noticeOf(occasion, {
    run,
    checkpoint: checkpointAfter(minutes(1)),
    contacts,
    before: [],
    ...more,
  });
const levels = ({ to }: Notice): readonly ContactLevel[] => to.map(({ level }) => level);
const channel = (reaches: ContactLevel[], name = "on-call"): Channel => ({
  kind: "webhook",
  name,
  url: "https://hooks.example.com/x",
  levels: reaches,
  fallback: false,
});

describe("who is told", () => {
  const told = (spent: number, occasion: Occasion, before: readonly Notice[] = []) =>
    levels(speak(occasion, { checkpoint: checkpointAfter(seconds(spent)), before }));

  it("is the primary contact at the start, with all that is needed to reach him", () => {
    expect(speak({ kind: "started" }).to).toEqual([
      {
        level: "primary",
        name: "On-call engineer",
        email: "oncall@example.com",
        phone: "+14255550100",
      },
    ]);
  });

  it("is the secondary as well once half of the RTO is used", () => {
    expect(told(60, approval)).toEqual(["primary"]);
    expect(told(450, approval)).toEqual(["primary", "secondary"]);
    expect(told(450, { kind: "half-rto-used" })).toEqual(["primary", "secondary"]);
  });

  it("is everybody at a breach, and when an operator is needed", () => {
    for (const occasion of [decision, { kind: "breached", distinction: "scenario" } as const]) {
      expect(told(60, occasion)).toEqual(["primary", "secondary", "escalation"]);
    }
    const end = checkpointAfter(minutes(5), { outcome: "needs-operator", reason: "x" });
    expect(levels(speak({ kind: "ended", nextSteps: ["look"] }, { checkpoint: end }))).toHaveLength(
      3,
    );
  });

  it("is, at the end, whoever was told before", () => {
    const started = speak({ kind: "started" });
    const half = speak({ kind: "half-rto-used" });
    const checkpoint = checkpointAfter(minutes(9), { outcome: "restored", reason: "x" });
    const end = (before: readonly Notice[]) =>
      levels(speak({ kind: "ended", nextSteps: [] }, { checkpoint, before }));

    expect(end([])).toEqual(["primary"]);
    expect(end([started])).toEqual(["primary"]);
    expect(end([started, half, started])).toEqual(["primary", "secondary"]);
  });

  it("never leaves out a contact below one that is told", () => {
    const all = ["primary", "secondary", "escalation"];
    for (const kind of NoticeKind.options.filter((each) => each !== "ended")) {
      for (const halfUsed of [true, false]) {
        const found = levelsFor(kind, { halfUsed, needsOperator: false, told: [] });
        expect(found).toEqual(all.slice(0, found.length));
      }
    }
  });
});

describe("a notice of a run", () => {
  it.each(occasions.map((occasion) => [occasion.kind, occasion] as const))(
    "%s says what broke, what is done, until when and what to do, in few lines",
    (_kind, occasion) => {
      const notice = speak(occasion);

      expect(Notice.parse(notice)).toEqual(notice);
      expect(notice.subject).toMatch(/^\[production\] Container app failure: /);
      expect(notice.lines[0]).toBe(
        'mcp-server-prod in production, detected 2026-11-22 13:58:24 UTC by alert "mcp-health" (Sev1).',
      );
      expect(notice.lines).toHaveLength(4);
      expect(notice.lines.join("\n")).not.toMatch(/undefined|\.\./);
    },
  );

  it("started names the step, the deadlines and the forecast", () => {
    const notice = speak({ kind: "started" });

    expect(notice.lines[1]).toBe(
      "Now: Restart the revisions that serve traffic (restarted mcp-server-prod--v41).",
    );
    expect(notice.lines[2]).toBe(
      "Due by 14:13:24 UTC, at the latest by 14:58:24 UTC; 1 min 00 s used, forecast 14:00:24 UTC.",
    );
  });

  it("that asks says what may be lost, until when, and how to answer", () => {
    const asking = speak(approval).lines.join("\n");
    const deciding = speak(decision).lines.join("\n");

    expect(asking).toContain("May be lost: writes after 13:40:00 UTC.");
    expect(asking).toContain("Open until 14:28:24 UTC; silence never means go.");
    expect(asking).toContain(`POST /api/recoveries/${run}/approval with nonce 5f0c1f5e-`);
    expect(deciding).toContain("Failed: Activate the known good revision. AuthorizationFailed: no");
    expect(deciding).toContain("Decide (retry, skip, abort): POST");
  });

  it("of a milestone says whether the run waits for a person", () => {
    const waiting = (waitingFor: "approval" | "resume") =>
      speak({ kind: "half-rto-used" }, { checkpoint: checkpointAfter(minutes(8), { waitingFor }) })
        .lines[3];

    expect(waiting("approval")).toBe("It waits for a person: an open approval.");
    expect(waiting("resume")).toBe("It waits for a person: it is paused until it is resumed.");
  });

  it("of a breach says which, and by how much", () => {
    const checkpoint = checkpointAfter(minutes(17));
    const notice = speak({ kind: "breached", distinction: "scenario" }, { checkpoint });

    expect(notice.subject).toBe("[production] Container app failure: RTO of the scenario breached");
    expect(notice.lines[2]).toContain("past the scenario's RTO by 2 min 00 s");
  });

  it("of the end says how it ended, in time or not, and what is left to do", () => {
    const restoredAt = plus(detectedAt, minutes(4));
    const good = speak(
      { kind: "ended", nextSteps: [] },
      {
        checkpoint: checkpointAfter(minutes(5), {
          outcome: "restored",
          reason: "a restart helped",
          restoredAt,
        }),
      },
    );
    const bad = speak(
      { kind: "ended", nextSteps: ["Read the evidence", "Deploy", "Tell us"] },
      { checkpoint: checkpointAfter(minutes(5), { outcome: "needs-operator", reason: "no way" }) },
    );

    expect(good.subject).toContain(": Restored");
    expect(good.lines.slice(1)).toEqual([
      "a restart helped",
      "Restored 4 min 00 s after detection, in time.",
      "You need do nothing more.",
    ]);
    expect(bad.lines.slice(2)).toEqual([
      "Not restored by this run, which ended 5 min 00 s after detection.",
      "Do this: Read the evidence; then 2 more steps of the report.",
    ]);
  });

  it("of an end says how it ended, for machines", () => {
    const checkpoint = { ...checkpointAfter(minutes(9)), outcome: "failed-over" as const };
    const ended = noticeOf(
      { kind: "ended", nextSteps: [] },
      { run, checkpoint, contacts, before: [] },
    );
    const started = noticeOf({ kind: "started" }, { run, checkpoint, contacts, before: [] });

    expect(ended.outcome).toBe("failed-over");
    expect(started.outcome).toBeUndefined();
  });

  it("names Azure's support where it is escalated, whatever else it says, and only there", () => {
    const azureSupport = { plan: "ProDirect, contract 4711", phone: "+18005551234" };
    const told = (kind: "started" | "breached") =>
      noticeOf(kind === "started" ? { kind } : { kind, distinction: "scenario" }, {
        run,
        checkpoint: checkpointAfter(minutes(16)),
        contacts: { ...contacts, azureSupport },
        before: [],
      });

    expect(told("breached").lines.at(-1)).toMatch(
      / Azure support \(ProDirect, contract 4711\): \+18005551234\.$/,
    );
    expect(told("breached").lines.every((line) => line.length <= 240)).toBe(true);
    expect(JSON.stringify(told("started").lines)).not.toContain("ProDirect");
  });

  it("has an id that repeats with it and tells it from every other of the run", () => {
    const later = { ...decision, decision: { ...decision.decision, askedAt: detectedAt } };
    const distinct = [
      ...occasions,
      later,
      { kind: "breached", distinction: "environment" } as const,
    ].map((occasion) => speak(occasion).id);

    expect(new Set(distinct).size).toBe(distinct.length);
    expect(speak(approval).id).toBe(speak(approval).id);
    expect(speak({ kind: "started" }).id).toBe(`${run}.started`);
  });

  it("has an id that the platform takes as an instance's, and that is no run", () => {
    const longest = run.replace("production", "development");
    for (const occasion of occasions) {
      const id = deliveryId(speak(occasion, { run: longest }));
      expect(id).toMatch(/^[A-Za-z0-9.-]{1,100}$/);
      expect(isDelivery(id)).toBe(true);
    }
    expect(isDelivery(run)).toBe(false);
  });

  it("never holds a secret, a line too long or a line break, whatever the step says", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600 }), (noise) => {
        const detail = `${noise}\npassword=hunter2hunter2 ${noise}`;
        const { step } = checkpointAfter(minutes(1));
        const notice = speak(
          { kind: "started" },
          { checkpoint: checkpointAfter(minutes(1), { step: { ...step, detail } }) },
        );
        expect(Notice.safeParse(notice).success).toBe(true);
        expect(JSON.stringify(notice)).not.toContain("hunter2");
        for (const line of notice.lines) expect(line).not.toContain("\n");
      }),
    );
  });
});

describe("a notice of an alert that was held back", () => {
  const held = {
    environment: "production" as const,
    contacts: { ...contacts, primary: { name: "A", email: "a@example.com" } },
    alert: { rule: "mcp-health", severity: "Sev1", firedAt: detectedAt },
    distinction: "9f86d081884c7d659a2feaa0c55ad015",
    resource: sampleEstate().environments.production!.containerApp.primary,
    reason: "two automatic runs within 6 h",
    at: plus(detectedAt, seconds(2)),
  };

  it("goes to everybody and says why", () => {
    const notice = heldBackNotice(held);

    expect(notice.id).toBe("production.held-back.9a2feaa0c55ad015");
    expect(levels(notice)).toHaveLength(3);
    expect(notice.to[0]).toEqual({ level: "primary", name: "A", email: "a@example.com" });
    expect(notice.lines[1]).toBe("Nothing was started: two automatic runs within 6 h");
  });
});

describe("channels", () => {
  const notice = speak({ kind: "half-rto-used" });

  it("get a notice if they reach one of those it is for, and see those alone", () => {
    const all = [channel(["primary"], "one"), channel(["escalation"], "two")];

    expect(channelsOf(notice, all).map(({ name }) => name)).toEqual(["one"]);
    expect(levels(addressedTo(channel(["primary", "escalation"]), notice))).toEqual(["primary"]);
  });

  it("get the place to look at as the last of five lines", () => {
    const full = { ...notice, lines: ["1", "2", "3", "4", "5"] };

    expect(linkedTo(notice, "https://dr/x").lines.at(-1)).toBe("Look: https://dr/x");
    expect(linkedTo(full, "https://dr/x").lines).toEqual([
      "1",
      "2",
      "3",
      "4",
      "Look: https://dr/x",
    ]);
  });
});

describe("receipts", () => {
  const receipts = fc
    .record({
      status: fc.constantFrom("pending", "delivered", "failed"),
      attempts: fc.nat(50),
    })
    .map((of) =>
      receiptOf(speak({ kind: "started" }), channel(["primary"]), {
        ...of,
        at: detectedAt,
        detail: "x",
      }),
    );

  it("never lose a delivery, and never go back", () => {
    fc.assert(
      fc.property(receipts, receipts, (one, other) => {
        const kept = laterReceipt(one, other);
        const both = [one, other];
        const best = (status: NoticeReceipt["status"]) =>
          both.some((receipt) => receipt.status === status);
        expect(kept.status).toBe(
          best("delivered") ? "delivered" : best("failed") ? "failed" : "pending",
        );
        expect(laterReceipt(other, one)).toEqual(kept);
        expect(laterReceipt(kept, other)).toEqual(kept);
      }),
    );
  });
});

it("a notice composed of nothing but words keeps its order", () => {
  const notice = composeNotice({
    environment: "staging",
    kind: "held-back",
    levels: ["secondary"],
    contacts,
    subject: "x".repeat(500),
    lines: ["a", "b"],
    at: detectedAt,
  });

  expect(notice.id).toBe("staging.held-back");
  expect(notice.subject).toHaveLength(120);
  expect(notice.lines).toEqual(["a", "b"]);
});

it("says first that what is told of is practised", () => {
  const checkpoint = {
    ...checkpointAfter(minutes(1)),
    trigger: { kind: "drill", drill: "drill-q1", reason: "practice" } as const,
  };
  const notice = noticeOf({ kind: "started" }, { run, checkpoint, contacts, before: [] });

  expect(notice.subject).toContain("DRILL, ");
  expect(notice.lines[0]).toContain("by drill drill-q1");
});
