import { isDeepStrictEqual } from "node:util";
import { shiftedDate } from "../../../local/clock/shifted-date.js";

const DAY = 86_400_000;

let offset = 0;
const Shifted = shiftedDate(Date, () => offset);

beforeEach(() => {
  offset = DAY;
});

describe("shiftedDate", () => {
  it("shifts every way of asking for the present", () => {
    const tomorrow = Date.now() + DAY;

    expect(Shifted.now()).toBeGreaterThanOrEqual(tomorrow);
    expect(new Shifted().getTime()).toBeGreaterThanOrEqual(tomorrow);
    expect(Date.parse(Shifted())).toBeGreaterThanOrEqual(tomorrow - 1_000);
  });

  it("follows the offset as it grows", () => {
    const before = Shifted.now();
    offset += DAY;
    expect(Shifted.now() - before).toBeGreaterThanOrEqual(DAY);
  });

  it("leaves a given instant alone", () => {
    expect(new Shifted(0).getTime()).toBe(0);
    expect(new Shifted("2026-01-02T03:04:05Z").toISOString()).toBe("2026-01-02T03:04:05.000Z");
    expect(Shifted.UTC(2026, 0)).toBe(Date.UTC(2026, 0));
    expect(Shifted.parse("2026-01-02")).toBe(Date.parse("2026-01-02"));
  });

  it("makes dates that are dates", () => {
    expect(new Shifted() instanceof Date).toBe(true);
    expect(new Date() instanceof Shifted).toBe(true);
    expect(isDeepStrictEqual(new Shifted(5), new Date(5))).toBe(true);
    expect(structuredClone(new Shifted(5))).toEqual(new Date(5));
  });

  it("can be subclassed", () => {
    class Instant extends Shifted {
      isLate(): boolean {
        return this.getTime() > Date.now();
      }
    }

    const instant = new Instant();

    expect(instant).toBeInstanceOf(Instant);
    expect(instant.isLate()).toBe(true);
  });
});
