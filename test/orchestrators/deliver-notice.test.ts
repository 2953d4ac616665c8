import fc from "fast-check";
import * as contract from "../../src/activities/notices.contract.js";
import { hours, minutes, seconds } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import { deliveryId, type Notice } from "../../src/domain/notice.js";
import type { NoticeReceipt } from "../../src/domain/notice-receipt.js";
import { deliverNotice } from "../../src/orchestrators/deliver-notice.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { channelTo, startedNotice } from "../support/notices.js";
import { replay, replayRecorded, stub } from "../support/replay-driver.js";

const notice = startedNotice();
const startAt = Date.parse(notice.at);
const instanceId = deliveryId(notice);
const transient: Failure = { class: "transient", code: "http-500", message: "later" };
const gone: Failure = { class: "terminal", code: "http-410", message: "gone" };

type Reaction = Failure | Error | undefined;

/** Receivers by name: what each says to an attempt, counted from 1; nothing means that it takes it. */
async function deliver(
  receivers: Readonly<Record<string, (attempt: number) => Reaction>>,
  more: Readonly<Record<string, Partial<ReturnType<typeof channelTo>>>> = {},
  told: Notice = notice,
) {
  const input = {
    notice: told,
    channels: Object.keys(receivers).map((name) =>
      channelTo(`https://${name}.example`, { name, ...more[name] }),
    ),
  };
  let closed: readonly NoticeReceipt[] | undefined;
  const run = await replay(deliverNotice, {
    instanceId,
    input,
    startAt,
    stubs: [
      stub(contract.sendNotice, ({ channel }, { attempt }) => {
        const reaction = receivers[channel.name]?.(attempt);
        if (reaction instanceof Error) return reaction;
        return reaction === undefined
          ? { changed: true, detail: "HTTP 204" }
          : { failure: reaction };
      }),
      stub(contract.closeNotice, ({ receipts }) => {
        closed = receipts;
        return { detail: "written" };
      }),
    ],
  });
  const attemptsAt = (name: string): readonly number[] =>
    run.calls
      .filter(({ name: activity, caller }) => activity === "sendNotice" && caller.step === name)
      .map(({ at }) => at - startAt);
  return { ...run, input, closed: closed ?? [], attemptsAt };
}

describe("deliver notice", () => {
  it("ends with the first delivery", async () => {
    const run = await deliver({ one: () => undefined });

    expect(run.outline).toEqual(["sendNotice", "closeNotice"]);
    expect(run.closed).toMatchObject([
      { notice: notice.id, channel: "one", status: "delivered", attempts: 1, detail: "HTTP 204" },
    ]);
    expect(run.output).toEqual(run.closed);
  });

  it("gives up at once on a receiver that refuses for good", async () => {
    const run = await deliver({ one: () => gone });

    expect(run.outline).toEqual(["sendNotice", "closeNotice"]);
    expect(run.closed).toMatchObject([{ status: "failed", attempts: 1, detail: "http-410: gone" }]);
  });

  it("tries a dead receiver for six hours, ever more rarely, and at least every ten minutes", async () => {
    const run = await deliver({ one: () => transient });

    const attempts = run.attemptsAt("one");
    const pauses = attempts.slice(1).map((at, index) => at - attempts[index]!);
    expect(pauses.slice(0, 4).map((pause) => Math.round(pause / 1_000))).toEqual([5, 10, 20, 40]);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(minutes(10) + seconds(1));
    expect(attempts.at(-1)).toBeGreaterThan(hours(6) - minutes(11));
    expect(attempts.at(-1)).toBeLessThanOrEqual(hours(6));
    expect(run.closed).toMatchObject([
      { status: "failed", attempts: attempts.length, detail: "given up; http-500: later" },
    ]);
  });

  it("reaches a receiver that comes back", async () => {
    const run = await deliver({ one: (attempt) => (attempt < 12 ? transient : undefined) });

    expect(run.closed).toMatchObject([{ status: "delivered", attempts: 12 }]);
  });

  it("waits as long as a receiver asks it to", async () => {
    const asking = { ...transient, retryAfter: minutes(20) };
    const run = await deliver({ one: (attempt) => (attempt === 1 ? asking : undefined) });

    expect(run.attemptsAt("one")[1]).toBeGreaterThanOrEqual(minutes(20));
  });

  it("lets no channel wait for another", async () => {
    const run = await deliver({
      dead: () => transient,
      slow: (attempt) => (attempt < 3 ? transient : undefined),
      well: () => undefined,
    });

    expect(run.attemptsAt("well")).toHaveLength(1);
    expect(run.attemptsAt("well")[0]).toBeLessThan(seconds(1));
    expect(run.attemptsAt("slow")).toHaveLength(3);
    expect(run.attemptsAt("slow")[2]).toBeLessThan(seconds(17));
    expect(run.closed.map(({ status }) => status)).toEqual(["failed", "delivered", "delivered"]);
    expect(Date.parse(run.closed[1]?.at ?? "") - startAt).toBeLessThan(seconds(17));
  });

  describe("with fallbacks", () => {
    const fallback = { fallback: true } as const;
    const deliverTo = (receivers: Parameters<typeof deliver>[0]) =>
      deliver(receivers, { second: fallback, third: fallback });

    it("does not need them where people were reached", async () => {
      const run = await deliverTo({ first: () => undefined, second: () => undefined });

      expect(run.attemptsAt("second")).toEqual([]);
      expect(run.closed.map(({ status }) => status)).toEqual(["delivered", "not-needed"]);
    });

    it("takes the next one at once where the one before it refuses", async () => {
      const run = await deliverTo({
        first: () => gone,
        second: () => gone,
        third: () => undefined,
      });

      expect(run.attemptsAt("third")[0]).toBeLessThan(seconds(2));
      expect(run.closed.map(({ status }) => status)).toEqual(["failed", "failed", "delivered"]);
    });

    it("takes them one after the other where those before are silent, and goes on with those", async () => {
      const run = await deliverTo({
        first: (attempt) => (attempt < 20 ? transient : undefined),
        second: () => transient,
        third: () => undefined,
      });

      expect(run.attemptsAt("second")[0]).toBeGreaterThanOrEqual(minutes(2));
      expect(run.attemptsAt("second")[0]).toBeLessThan(minutes(3));
      expect(run.attemptsAt("third")[0]).toBeGreaterThanOrEqual(minutes(4));
      expect(run.attemptsAt("third")[0]).toBeLessThan(minutes(6));
      expect(run.closed.map(({ status }) => status)).toEqual(["delivered", "failed", "delivered"]);
    });

    it("takes one for those alone whom others have not reached", async () => {
      const all = { ...notice, to: [notice.to[0]!, { ...notice.to[0]!, level: "escalation" }] };
      const { closed } = await deliver(
        { first: () => undefined, second: () => undefined, third: () => undefined },
        {
          first: { levels: ["primary"] },
          second: { ...fallback, levels: ["primary"] },
          third: { ...fallback, levels: ["escalation"] },
        },
        all as Notice,
      );

      expect(closed.map(({ status }) => status)).toEqual(["delivered", "not-needed", "delivered"]);
    });
  });

  it("outlives an attempt that crashes", async () => {
    const crash = new Error("node exited with code 1");
    const run = await deliver({
      one: (attempt) => (attempt === 1 ? crash : undefined),
      two: () => undefined,
    });

    expect(run.closed.map(({ status }) => status)).toEqual(["delivered", "delivered"]);
    expect(run.error).toBeUndefined();
  });

  it("ends whatever its receivers do, with one receipt for each", async () => {
    const reactions = fc.constantFrom(undefined, transient, gone, new Error("crash"));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(reactions), { minLength: 1, maxLength: 3 }),
        async (all) => {
          const run = await deliver(
            Object.fromEntries(
              all.map((script, index) => [`r${index}`, (attempt) => script[attempt - 1]]),
            ),
          );
          expect(run.closed.map(({ channel }) => channel)).toEqual(
            all.map((_, index) => `r${index}`),
          );
          expect(run.closed.every(({ status }) => status !== "pending")).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("depends on no more than its recorded history", async () => {
    const { events, input } = await keepsToHistory("deliver-notice.retried", () =>
      deliver({
        one: () => undefined,
        two: (attempt) => (attempt < 3 ? transient : undefined),
      }),
    );
    await expect(replayRecorded(deliverNotice, instanceId, input, events)).resolves.toMatchObject({
      isDone: true,
    });
  });
});
