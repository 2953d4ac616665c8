import fc from "fast-check";
import { isAllowed } from "../../simulator/access/authorize.js";
import { mergePatch, withoutNulls } from "../../simulator/arm/merge-patch.js";
import { isWithin, parseResourceId } from "../../simulator/arm/resource-id.js";
import { checkSuffix, checkTraffic, needsRevision } from "../../simulator/container-apps/rules.js";
import { backendFor } from "../../simulator/container-apps/traffic.js";
import { Conditions } from "../../simulator/faults/conditions.js";
import { parseTimeSpan } from "../../simulator/log-analytics/time-span.js";
import { durationsOf } from "../../simulator/profiles/profile.js";
import { badDay } from "../../simulator/profiles/bad-day.js";
import { calm } from "../../simulator/profiles/calm.js";
import { Timeline } from "../../simulator/world/timeline.js";

describe("merge patch", () => {
  // The examples of RFC 7396, appendix A.
  it.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [{ a: "foo" }, null, null],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("of %j by %j is %j", (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });

  it("applied twice is the same as once", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
    );
  });

  it("leaves no null where null means absent", () => {
    expect(withoutNulls({ a: null, b: [{ c: null, d: 1 }], e: { f: null } })).toEqual({
      b: [{ d: 1 }],
      e: {},
    });
  });
});

describe("resource ids", () => {
  it("are parsed with their child types", () => {
    expect(
      parseResourceId(
        "/subscriptions/s/resourcegroups/g/providers/Microsoft.App/containerApps/a/revisions/r",
      ),
    ).toEqual({
      subscription: "s",
      resourceGroup: "g",
      type: "Microsoft.App/containerApps/revisions",
      name: "r",
    });
    expect(parseResourceId("/subscriptions/s/resourceGroups/g/providers/Microsoft.App/a")).toBe(
      undefined,
    );
  });

  it("lie within a scope by whole segments", () => {
    expect(isWithin("/subscriptions/S/resourceGroups/one", "/subscriptions/s")).toBe(true);
    expect(
      isWithin("/subscriptions/s/resourceGroups/one", "/subscriptions/s/resourceGroups/on"),
    ).toBe(false);
    expect(isWithin("/subscriptions/s", "/")).toBe(true);
  });
});

describe("role assignments", () => {
  const contributor = {
    scope: "/subscriptions/s/resourceGroups/g",
    principalId: "P",
    roleDefinitionId: "b24988ac-6180-42a0-ab88-20f7382dd24c",
    name: "n",
    principalType: "ServicePrincipal",
    description: undefined,
    createdAt: 0,
    createdBy: "",
    effectiveAt: 1000,
    endsAt: undefined,
  };
  const demand = {
    principalId: "p",
    scope: "/subscriptions/S/resourceGroups/G/providers/Microsoft.App/containerApps/a",
    action: "Microsoft.App/containerApps/write",
    plane: "control",
    at: 1000,
  } as const;

  const access = { roleAssignments: [contributor], conditions: new Conditions() };

  it("allow by principal, scope and action, once they are in force", () => {
    expect(isAllowed(access, demand)).toBe(true);
    expect(isAllowed(access, { ...demand, at: 999 })).toBe(false);
    expect(isAllowed(access, { ...demand, principalId: "q" })).toBe(false);
    expect(isAllowed(access, { ...demand, scope: "/subscriptions/s" })).toBe(false);
  });

  it("do not allow what the role excludes, nor data by control-plane actions", () => {
    const grant = "Microsoft.Authorization/roleAssignments/write";
    expect(isAllowed(access, { ...demand, action: grant })).toBe(false);
    expect(isAllowed(access, { ...demand, plane: "data" })).toBe(false);
  });
});

describe("traffic", () => {
  const active = ["app--one", "app--two"];

  it.each([
    [
      "Multiple",
      [
        { revisionName: "app--one", weight: 40 },
        { latestRevision: true, weight: 60 },
      ],
    ],
    ["Single", [{ latestRevision: true, weight: 100 }]],
    ["Multiple", []],
  ] as const)("in %s mode may be %j", (mode, traffic) => {
    expect(() => {
      checkTraffic(mode, traffic, active);
    }).not.toThrow();
  });

  it.each([
    ["Multiple", [{ revisionName: "app--one", weight: 99 }], "add up to 100"],
    ["Multiple", [{ revisionName: "app--old", weight: 100 }], "does not exist or is not active"],
    ["Multiple", [{ weight: 100 }], "needs revisionName"],
    ["Multiple", [{ revisionName: "app--one", latestRevision: true, weight: 100 }], "not both"],
    ["Single", [{ revisionName: "app--one", weight: 100 }], "single revision mode"],
    [
      "Multiple",
      [
        { revisionName: "app--one", weight: 50 },
        { revisionName: "app--one", weight: 50 },
      ],
      "twice",
    ],
  ] as const)("in %s mode may not be %j", (mode, traffic, message) => {
    expect(() => {
      checkTraffic(mode, traffic, active);
    }).toThrow(message);
  });

  it("keeps the shares over each hundred requests, whatever they are", () => {
    const share = (revision: string, weight: number): Parameters<typeof backendFor>[0][number] => ({
      revision,
      weight,
      backends: [{ revision, replica: `${revision}-1`, ailment: undefined }],
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.nat(10_000), (weight, start) => {
        const shares = [share("a", weight), share("b", 100 - weight)];
        const hits = Array.from({ length: 100 }, (_, n) => backendFor(shares, start + n)?.revision);
        expect(hits.filter((revision) => revision === "a")).toHaveLength(weight);
      }),
    );
  });
});

describe("revisions", () => {
  const template = { containers: [{ name: "main", image: "a:1" }] };

  it("are made when the template differs in anything but the order of members", () => {
    expect(needsRevision(template, { containers: [{ image: "a:1", name: "main" }] })).toBe(false);
    expect(needsRevision(template, { ...template, revisionSuffix: "x" })).toBe(true);
    expect(needsRevision(undefined, template)).toBe(true);
  });

  it("have names that are free, well formed and not too long", () => {
    expect(() => {
      checkSuffix("app", "dr-1a2b3c", ["app--v1"]);
    }).not.toThrow();
    expect(() => {
      checkSuffix("app", "v1", ["app--v1"]);
    }).toThrow("revision with suffix v1 already exists");
    expect(() => {
      checkSuffix("app", "v1-", []);
    }).toThrow("template.revisionsuffix");
  });
});

describe("the timeline", () => {
  it("carries changes out in order, at their own instants", () => {
    let now = 0;
    const seen: string[] = [];
    const timeline = new Timeline(() => now);
    const note = (name: string) => (): void => {
      seen.push(`${name} at ${timeline.now()}`);
    };
    timeline.plan(20, "b", note("b"));
    timeline.plan(10, "a", () => {
      note("a")();
      timeline.plan(timeline.now() + 5, "c", note("c"));
    });

    timeline.settle();
    expect(timeline.nextChangeAt()).toBe(10);
    now = 100;
    timeline.settle();

    expect(seen).toEqual(["a at 10", "c at 15", "b at 20"]);
    expect([timeline.now(), timeline.nextChangeAt()]).toEqual([100, undefined]);
  });
});

describe("time spans", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  const hour = 3_600_000;

  it.each([
    ["PT1H", now - hour, now],
    ["P1DT30M", now - 24.5 * hour, now],
    ["2026-11-22T10:00:00Z/2026-11-22T11:00:00Z", now - 2 * hour, now - hour],
    ["2026-11-22T10:00:00Z/PT1H", now - 2 * hour, now - hour],
    ["PT1H/2026-11-22T11:00:00Z", now - 2 * hour, now - hour],
  ])("%s", (text, from, to) => {
    expect(parseTimeSpan(text, now)).toEqual({ from, to });
  });

  it.each(["", "PT", "an hour", "PT1H/PT1H", "a/b/c"])("refuses '%s'", (text) => {
    expect(parseTimeSpan(text, now)).toBeUndefined();
  });
});

it("every figure of a profile has a source, and a scale divides it", () => {
  for (const profile of [calm, badDay]) {
    for (const { source, seconds } of Object.values(profile)) {
      expect(source).toMatch(/reported|documented|recordings|assumed/);
      expect(seconds).toBeGreaterThan(0);
    }
  }
  expect(durationsOf(calm, 10).revisionRestart).toBe(calm.revisionRestart.seconds * 100);
});
