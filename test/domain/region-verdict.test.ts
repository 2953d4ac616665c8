import fc from "fast-check";
import { ownProbe, regionVerdict, type RegionLook } from "../../src/domain/region-verdict.js";
import { Source } from "../../src/domain/sources.js";

const look = (service: string, seen: RegionLook["seen"]): RegionLook => ({
  service,
  isApp: service === "app",
  seen,
});
const says = (...looks: RegionLook[]): string => ownProbe(looks).says;
const source = (kind: Source["kind"], word: Source["says"]): Source => ({
  kind,
  says: word,
  detail: "",
});

describe("our own looks at a region", () => {
  it.each<[string, RegionLook[], string]>([
    ["all are silent", [look("app", "silent"), look("vault", "silent")], "failed"],
    ["all answer", [look("app", "answers"), look("vault", "answers")], "well"],
    [
      "the vault answers from elsewhere",
      [look("app", "silent"), look("cache", "silent"), look("vault", "answers")],
      "failed",
    ],
    [
      "only the app is silent",
      [look("app", "silent"), look("cache", "answers"), look("vault", "answers")],
      "well",
    ],
    [
      "only the app answers",
      [look("app", "answers"), look("cache", "silent"), look("vault", "silent")],
      "unknown",
    ],
    ["there is nothing but a silent app", [look("app", "silent")], "unknown"],
    ["as many answer as not", [look("app", "silent"), look("vault", "answers")], "unknown"],
    ["nothing stands there", [look("app", "elsewhere")], "unknown"],
  ])("%s", (_when, looks, expected) => {
    expect(says(...looks)).toBe(expected);
  });

  it("name who is silent and who answered", () => {
    const { detail } = ownProbe([look("app", "silent"), look("vault", "answers")]);

    expect(detail).toBe("no answer from app; vault answered");
  });
});

describe("the verdict about a region", () => {
  it("takes two who say down, one of them ourselves", () => {
    expect(regionVerdict([source("own-probe", "failed")])).toBe("unclear");
    expect(
      regionVerdict([source("own-probe", "failed"), source("traffic-manager", "failed")]),
    ).toBe("down");
    expect(
      regionVerdict([source("service-health", "failed"), source("traffic-manager", "failed")]),
    ).toBe("unclear");
  });

  it("leaves it to a person where what answers us stands against two others", () => {
    const against = (...kinds: Source["kind"][]) =>
      regionVerdict([source("own-probe", "well"), ...kinds.map((kind) => source(kind, "failed"))]);

    expect(against("traffic-manager")).toBe("up");
    expect(against("traffic-manager", "traffic-manager")).toBe("up");
    expect(against("traffic-manager", "service-health")).toBe("unclear");
  });

  it("is up for what answers us, whatever one other says", () => {
    const kinds = Source.shape.kind.options.filter((kind) => kind !== "own-probe");
    const others = fc.array(
      fc.record({
        kind: fc.constantFrom(...kinds),
        says: fc.constantFrom(...Source.shape.says.options),
        detail: fc.string(),
      }),
    );
    fc.assert(
      fc.property(others, (said) => {
        const against = new Set(said.filter((one) => one.says === "failed").map((one) => one.kind));
        expect(regionVerdict([source("own-probe", "well"), ...said])).toBe(
          against.size >= 2 ? "unclear" : "up",
        );
        expect(regionVerdict([source("own-probe", "unknown"), ...said])).toBe("unclear");
        const failed = said.some((one) => one.says === "failed");
        expect(regionVerdict([...said, source("own-probe", "failed")])).toBe(
          failed ? "down" : "unclear",
        );
      }),
    );
  });
});
