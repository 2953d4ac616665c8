import { nextSkip, type ProcessState } from "../../../simulator/clock/next-skip.js";

const NOW = 1_000;

function idle(until: number | null): ProcessState {
  return { kind: "idle", until };
}

describe("nextSkip", () => {
  it("goes to the earliest thing that any idle process waits for", () => {
    expect(nextSkip([idle(5_000), idle(3_000)], undefined, NOW)).toBe(3_000);
  });

  it("stops at the keeper's own next change on the way", () => {
    expect(nextSkip([idle(5_000)], 2_000, NOW)).toBe(2_000);
    expect(nextSkip([idle(5_000)], 9_000, NOW)).toBe(5_000);
  });

  it("stays while a process is busy", () => {
    expect(nextSkip([idle(5_000), { kind: "busy" }], 2_000, NOW)).toBeUndefined();
  });

  it("stays while nobody waits, whatever is about to change", () => {
    expect(nextSkip([], 2_000, NOW)).toBeUndefined();
    expect(nextSkip([idle(null)], 2_000, NOW)).toBeUndefined();
  });

  it("takes no account of a process that has nothing to wait for", () => {
    expect(nextSkip([idle(null), idle(5_000)], undefined, NOW)).toBe(5_000);
  });

  it("waits for a process whose instant has come and that has not acted on it yet", () => {
    expect(nextSkip([idle(1_000), idle(5_000)], undefined, NOW)).toBeUndefined();
  });

  it("ignores a change of the keeper's process that lies behind", () => {
    expect(nextSkip([idle(5_000)], 500, NOW)).toBe(5_000);
  });
});
