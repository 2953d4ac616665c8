import fc from "fast-check";
import type { ScheduledTimer } from "../../../../local/host/durable/instance.js";
import { TimerQueue } from "../../../../local/host/durable/timer-queue.js";

let now = 0;
let fired: ScheduledTimer[] = [];
let queue: TimerQueue;

beforeEach(() => {
  now = 0;
  fired = [];
  queue = new TimerQueue(
    () => now,
    (timers) => {
      fired.push(...timers);
    },
  );
});

afterEach(() => {
  queue.stop();
});

describe("timer queue", () => {
  it("hands over what is due, earliest first, and nothing else", () => {
    for (const at of [5_000, 3_000, 9_000, 4_000]) queue.add(timer("i", at, at));
    now = 5_000;
    queue.check();
    expect(fired.map(({ fireAtMs }) => fireAtMs)).toEqual([3_000, 4_000, 5_000]);
    expect(queue.earliest()).toBe(9_000);
  });

  it("forgets single timers and all of an instance", () => {
    queue.add(timer("a", 1, 1_000));
    queue.add(timer("a", 2, 2_000));
    queue.add(timer("b", 1, 3_000));
    queue.remove("a", 1);
    expect(queue.earliest()).toBe(2_000);
    queue.removeInstance("a");
    expect(queue.earliest()).toBe(3_000);
  });

  it("keeps its order whatever comes and goes", () => {
    const step = fc.record({ at: fc.integer({ min: 1, max: 1_000 }), keep: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        queue.stop();
        fired = [];
        now = 0;
        for (const [n, { at }] of steps.entries()) queue.add(timer("i", n, at));
        for (const [n, { keep }] of steps.entries()) if (!keep) queue.remove("i", n);
        now = 1_000;
        queue.check();
        const expected = steps.filter(({ keep }) => keep).map(({ at }) => at);
        expect(fired.map(({ fireAtMs }) => fireAtMs)).toEqual(expected.sort((a, b) => a - b));
      }),
    );
  });
});

function timer(instanceId: string, taskNumber: number, fireAtMs: number): ScheduledTimer {
  return { instanceId, executionId: "e", taskNumber, fireAtMs, createdAtMs: 0 };
}
