import { hostOf } from "../../src/domain/address.js";
import {
  actsOf,
  canDoWithout,
  holds,
  hostsInUse,
  progressOf,
  type EdgeAct,
  type EdgeOrigin,
  type EdgeView,
} from "../../src/domain/edge-move.js";

const [from, to, elsewhere] = ["old.example", "new.example", "third.example"];

const origin = (hostName: string, more: Partial<EdgeOrigin> = {}): EdgeOrigin => ({
  name: hostName.replace(".example", ""),
  hostName,
  hostHeader: hostName,
  enabled: true,
  state: "Succeeded",
  ...more,
});
const front = (...origins: EdgeOrigin[]): EdgeView => ({
  origins,
  endpoints: [{ name: "front", hostName: "front.example", state: "Succeeded" }],
});
const classic = (one: Omit<EdgeOrigin, "hostHeader">, hostHeader: string): EdgeView => ({
  origins: [one],
  endpoints: [{ name: "cdn", hostName: "cdn.example", hostHeader, state: "Succeeded" }],
});
const acts = (view: EdgeView) =>
  actsOf(view, from, to)?.map(({ kind, of }: EdgeAct) => `${kind} ${of}`);

describe("the changes that lead an edge to another account", () => {
  it("give the only origin another host and header, at once", () => {
    expect(acts(front(origin(from)))).toEqual(["lead old"]);
    expect(acts(front(origin(from.toUpperCase(), { name: "old" })))).toEqual(["lead old"]);
  });

  it("enable an origin that stands ready, and disable the old one last", () => {
    expect(acts(front(origin(from), origin(to, { enabled: false })))).toEqual([
      "enable new",
      "disable old",
    ]);
    expect(acts(front(origin(from), origin(to)))).toEqual(["disable old"]);
  });

  it("mend the header of an origin that stands ready", () => {
    const astray = origin(to, { enabled: false, hostHeader: from });

    expect(acts(front(origin(from), astray))).toEqual(["lead new", "enable new", "disable old"]);
  });

  it("leave one origin of several that lead to the old account", () => {
    const view = front(origin(from, { enabled: false }), origin(from, { name: "second" }));

    expect(acts(view)).toEqual(["lead second"]);
    expect(acts(front(origin(from), origin(from, { name: "second" })))).toEqual([
      "lead old",
      "disable second",
    ]);
  });

  it("enable an origin that was disabled when it led to the old account", () => {
    expect(acts(front(origin(from, { enabled: false })))).toEqual(["lead old", "enable old"]);
  });

  it("are the endpoint's header too where the classic CDN has it there", () => {
    const { hostHeader: _none, ...bare } = origin(from);

    expect(acts(classic(bare, from))).toEqual(["lead old", "set-header cdn"]);
    expect(acts(classic({ ...bare, hostName: to }, to))).toEqual([]);
    expect(acts(classic({ ...bare, hostName: to }, from))).toEqual(["lead old", "set-header cdn"]);
  });

  it("are none where it leads there, and unknown where it leads to neither", () => {
    expect(acts(front(origin(to)))).toEqual([]);
    expect(acts(front(origin(to), origin(from, { enabled: false })))).toEqual([]);
    expect(acts(front(origin(elsewhere)))).toBeUndefined();
    expect(acts(front())).toBeUndefined();
  });

  it("are done again where Azure has shown and not carried them out", () => {
    expect(acts(front(origin(to, { state: "Failed" })))).toEqual(["lead new", "enable new"]);
  });

  it("leave no group without an enabled origin at any moment", () => {
    const states = [true, false];
    for (const [one, other] of states.flatMap((a) => states.map((b) => [a, b] as const))) {
      let view = front(origin(from, { enabled: one }), origin(to, { enabled: other }));
      for (const act of actsOf(view, from, to) ?? []) {
        expect(act.kind !== "disable" || canDoWithout(view, act.of)).toBe(true);
        view = front(
          ...view.origins.map((each) =>
            each.name === act.of ? { ...each, enabled: act.kind === "enable" } : each,
          ),
        );
      }
      expect(hostsInUse(view)).toEqual([to]);
    }
  });
});

describe("a change that was begun", () => {
  const lead: EdgeAct = { kind: "lead", of: "old" };
  const led = (state: string) => front(origin(to, { name: "old", state }));

  it("is done once Azure shows it and has taken it in", () => {
    expect(progressOf(front(origin(from)), lead, to)).toBe("under-way");
    expect(progressOf(led("Updating"), lead, to)).toBe("under-way");
    expect(progressOf(led("Succeeded"), lead, to)).toBe("done");
    expect(progressOf(led("Failed"), lead, to)).toBe("failed");
    expect(progressOf(front(), lead, to)).toBe("under-way");
  });

  it("of an endpoint is judged by the endpoint", () => {
    const { hostHeader: _none, ...bare } = origin(to);
    const header: EdgeAct = { kind: "set-header", of: "cdn" };

    expect(progressOf(classic(bare, from), header, to)).toBe("under-way");
    expect(progressOf(classic(bare, to), header, to)).toBe("done");
    expect(holds(front(origin(to)), { kind: "set-header", of: "front" }, to)).toBe(true);
  });
});

it("no origin is disabled while the other one is not in force", () => {
  expect(canDoWithout(front(origin(from), origin(to, { state: "Updating" })), "old")).toBe(false);
  expect(canDoWithout(front(origin(from), origin(to, { enabled: false })), "old")).toBe(false);
});

it("a host is that of the account's address, or what a plan says in its place", () => {
  expect(hostOf("https://new.example/")).toBe(to);
  expect(hostOf("known after apply")).toBe("known after apply");
});
