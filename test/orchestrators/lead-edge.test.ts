import * as edge from "../../src/activities/edge.contract.js";
import { minutes, seconds } from "../../src/domain/duration.js";
import type { EdgeAct, EdgeOrigin, EdgeView } from "../../src/domain/edge-move.js";
import type { FrontDoor } from "../../src/domain/estate.js";
import type { Failure } from "../../src/domain/failure.js";
import { RunOrder } from "../../src/domain/run-order.js";
import { leadEdge } from "../../src/orchestrators/lead-edge.js";
import { framed } from "../../src/recovery/framed.js";
import { edgeSteps } from "../../src/scenarios/edge-steps.js";
import { declareScenario } from "../../src/scenarios/scenario.js";
import { orderOf } from "../support/estates.js";
import { orderedAt, production, runProcedure } from "../support/procedure-run.js";
import { stub } from "../support/replay-driver.js";

/* A procedure that exists in tests alone: it does nothing but lead the edge to another account. */

const [old, fresh] = ["old.example", "new.example"];
const move = { from: `https://${old}`, to: `https://${fresh}`, container: "branding" };

const edgeMove = declareScenario({
  id: "blob-restore",
  kind: "restore",
  title: "Edge move",
  orchestrator: "moveEdge",
  resource: "storage",
  symptoms: [],
  signals: [],
  rto: minutes(30),
  automatic: false,
  dataLoss: "none",
  steps: edgeSteps,
  fallbacks: [],
});

const moveEdge = framed(edgeMove, RunOrder, function* (run) {
  const failed = yield* leadEdge(run, move);
  return failed === undefined
    ? run.end("passed", "users get what the account has")
    : run.end("failed", `${failed.why}${failed.lacksRole ? " (a role is missing)" : ""}`);
});

const origin = (name: string, hostName: string, more: Partial<EdgeOrigin> = {}): EdgeOrigin => ({
  ...{ name, hostName, hostHeader: hostName, enabled: true, state: "Succeeded" },
  ...more,
});

/** The edge does what it is told, unless a field says otherwise. */
interface Traits {
  readonly origins: readonly EdgeOrigin[];
  /** Absent: the estate has no edge. */
  readonly place: FrontDoor | undefined;
  readonly mode: "execute" | "plan";
  readonly held: boolean;
  readonly asset: "found" | "none" | Failure;
  readonly refusing: Partial<Record<"observeEdge" | "startOriginMove" | "startEdgePurge", Failure>>;
  /** Whether Azure carries a change out that it has taken. */
  readonly changesFail: boolean;
  readonly endpoints: readonly string[];
  /** From the last change until the edge asks the new account; from the purge until it has forgotten. */
  readonly propagation: number;
  readonly forgetting: number;
}

const usual: Traits = {
  origins: [origin("storage", old)],
  place: production.frontDoor,
  mode: "execute",
  held: false,
  asset: "found",
  refusing: {},
  changesFail: false,
  endpoints: ["assets"],
  propagation: minutes(2),
  forgetting: minutes(1),
};

async function lead(given: Partial<Traits> = {}) {
  const is = { ...usual, ...given };
  let view: EdgeView = {
    origins: [...is.origins],
    endpoints: is.endpoints.map((name) => ({
      ...{ name, hostName: `${name}.example`, state: "Succeeded" },
    })),
  };
  let [changedAt, purgedAt] = [-Infinity, Infinity];
  const applied =
    (act: EdgeAct) =>
    (each: EdgeOrigin): EdgeOrigin => {
      if (each.name !== act.of) return each;
      const state = "Updating";
      return act.kind === "lead"
        ? { ...each, hostName: fresh, hostHeader: fresh, state }
        : { ...each, enabled: act.kind === "enable", state };
    };
  const { incident: _none, scenario: _scenario, ...order } = orderOf({ mode: is.mode });
  const { frontDoor: _edge, ...estate } = production;
  const run = await runProcedure(
    moveEdge,
    {
      ...order,
      estate: is.place === undefined ? estate : { ...estate, frontDoor: is.place },
      detectedAt: orderedAt,
      trigger: { kind: "operator", who: "ada", source: "entra", reason: "a test" },
    },
    [
      stub(edge.observeEdge, () => {
        const failure = is.refusing.observeEdge;
        return failure === undefined ? { view, detail: "looked" } : { failure };
      }),
      stub(edge.findPublicAsset, ({ container }) => {
        if (is.asset === "none") return { kind: "none" as const, detail: "nothing" };
        if (is.asset !== "found") return { failure: is.asset };
        return { kind: "found" as const, asset: { container, name: "logo.svg" }, detail: "a logo" };
      }),
      stub(edge.startOriginMove, ({ act, to }, caller, now) => {
        const failure = is.refusing.startOriginMove;
        if (failure !== undefined) return { failure };
        const detail = `${act.kind} ${act.of} for ${to}`;
        if (caller.mode === "plan") return { changed: true, detail };
        view = { ...view, origins: view.origins.map(applied(act)) };
        changedAt = now;
        return { changed: true, operation: `change of ${act.of}`, detail };
      }),
      stub(edge.startEdgePurge, ({ endpoint }, caller, now) => {
        const failure = is.refusing.startEdgePurge;
        if (failure !== undefined) return { failure };
        if (caller.mode === "execute") purgedAt = now;
        return { changed: true, operation: "purge", detail: `purge ${endpoint}` };
      }),
      stub(edge.pollEdgeOperation, ({ operation }) => {
        const state = is.changesFail ? "Failed" : "Succeeded";
        const origins = view.origins.map((each) =>
          each.state === "Updating" ? { ...each, state } : each,
        );
        if (operation !== "purge") view = { ...view, origins };
        const ended = is.changesFail ? ("failed" as const) : ("succeeded" as const);
        return { state: ended, detail: ended };
      }),
      stub(edge.probePublicAsset, (_input, _caller, now) => {
        const leads = now >= changedAt + is.propagation;
        // Whoever asks the edge before it has heard of the move makes it keep what the old account has.
        const forgets = purgedAt >= changedAt + is.propagation;
        const same = leads && forgets && now >= purgedAt + is.forgetting;
        return { leads, same, detail: `leads: ${leads}, same: ${same}` };
      }),
    ],
    { held: is.held },
  );
  const acts = run.calls.flatMap(({ name, input }) =>
    name === "startOriginMove"
      ? [(input as { act: EdgeAct }).act].map(({ kind, of }) => `${kind} ${of}`)
      : name === "startEdgePurge"
        ? ["purge"]
        : [],
  );
  return { ...run, acts, took: run.endedAt - Date.parse(orderedAt) };
}

const missingRole: Failure = {
  class: "permission-lag",
  code: "AuthorizationFailed",
  message: "no",
};
const refused: Failure = { class: "terminal", code: "BadRequest", message: "no" };

describe("leading the edge to another account", () => {
  it("changes the origin, waits for the edge, purges it, and verifies it as a user", async () => {
    const { record, acts, names, callsOf, took } = await lead();

    expect(record).toMatchObject({ outcome: "passed" });
    expect(acts).toEqual(["lead storage", "purge"]);
    expect(took).toBeLessThan(minutes(6));
    expect(names.indexOf("observeEdge")).toBe(0);
    // Three in a row before the purge, and three after it.
    const probes = callsOf("probePublicAsset");
    expect(probes.slice(-3).every(({ at }) => at > callsOf("startEdgePurge")[0]!.at)).toBe(true);
    expect(record.steps.map(({ id, status }) => `${id} ${status}`)).toEqual(
      Object.keys(edgeSteps).map((id) => `${id} done`),
    );
  });

  it("holds the edge alone while it changes it, and again while it purges", async () => {
    const { callsOf } = await lead();
    const { profile } = production.frontDoor!;

    expect(callsOf("takeLease").map(({ input }) => input)).toEqual([
      { resource: profile, scenario: "blob-restore" },
      { resource: profile, scenario: "blob-restore" },
    ]);
    expect(callsOf("startOriginMove")[0]?.caller.leases).toEqual([
      { resource: profile, fencing: 1 },
    ]);
    expect(callsOf("releaseLease")).toHaveLength(2);
  });

  it("enables an origin that stands ready before it disables the old one", async () => {
    const { record, acts, callsOf } = await lead({
      origins: [origin("east", old), origin("west", fresh, { enabled: false })],
    });

    expect(record.outcome).toBe("passed");
    expect(acts).toEqual(["enable west", "disable east", "purge"]);
    const claims = callsOf("startOriginMove").map(({ caller }) => caller.step);
    expect(claims).toEqual(["move-origin/enable-west", "move-origin/disable-east"]);
  });

  it("purges and verifies where the edge was led there before", async () => {
    const { record, acts } = await lead({ origins: [origin("storage", fresh)] });

    expect(record.outcome).toBe("passed");
    expect(acts).toEqual(["purge"]);
  });

  it("is patient with an edge that takes twenty minutes, and a purge that takes ten", async () => {
    const { record, acts, took } = await lead({
      propagation: minutes(20),
      forgetting: minutes(10),
    });

    expect(record.outcome).toBe("passed");
    // A purge at an edge that asks the old account yet would have been in vain.
    expect(acts).toEqual(["lead storage", "purge"]);
    expect(took).toBeGreaterThan(minutes(30));
    expect(took).toBeLessThan(minutes(34));
  });

  it("does nothing where the estate has no edge", async () => {
    const { record, names } = await lead({ place: undefined });

    expect(record.outcome).toBe("passed");
    expect(names).toEqual([]);
  });

  it("shows in a plan what it would change, and changes nothing", async () => {
    const { record, acts, names, took } = await lead({ mode: "plan" });

    expect(record.outcome).toBe("planned");
    expect(record.plan?.changes.map(({ detail }) => detail)).toEqual([
      `lead storage for https://${fresh}`,
      "purge assets",
    ]);
    expect(acts).toHaveLength(2);
    expect(names).not.toContain("probePublicAsset");
    expect(took).toBeLessThan(seconds(60));
  });

  it("says so where nothing proves it, having moved it", async () => {
    for (const given of [{ asset: "none" }, { endpoints: [] }] as const) {
      const { record, names, acts } = await lead(given);

      expect(acts).toContain("lead storage");
      expect(names).not.toContain("probePublicAsset");
      expect(record.findings.join()).toContain(`nobody has proven that the edge gives the files`);
    }
  });
});

describe("an edge that cannot be led there", () => {
  it.each<[string, Partial<Traits>, string, readonly string[]]>([
    ["another run holds it", { held: true }, "the edge could not be had alone: resource-held", []],
    [
      "nobody may look at it",
      { refusing: { observeEdge: missingRole } },
      "nobody can tell where the edge leads: AuthorizationFailed: no (a role is missing)",
      [],
    ],
    [
      "it leads to a third account",
      { origins: [origin("storage", "third.example")] },
      `the edge leads to third.example, neither to ${old} nor to ${fresh}`,
      [],
    ],
    [
      "the new account cannot be read",
      { asset: refused },
      "the new account cannot be read: BadRequest: no",
      [],
    ],
    [
      "Azure refuses the change",
      { refusing: { startOriginMove: refused } },
      "the edge could not be changed: BadRequest: no",
      ["lead storage"],
    ],
    [
      "Azure takes the change and fails",
      { changesFail: true },
      "Azure could not change storage of the edge",
      ["lead storage"],
    ],
    [
      "it never hears of it",
      { propagation: Infinity },
      `the edge does not ask ${fresh} yet`,
      ["lead storage"],
    ],
    [
      "it cannot be purged",
      { refusing: { startEdgePurge: missingRole } },
      "assets could not be purged: AuthorizationFailed: no (a role is missing)",
      ["lead storage", "purge"],
    ],
    [
      "it forgets nothing",
      { forgetting: Infinity },
      `the edge does not give what ${fresh} has`,
      ["lead storage", "purge"],
    ],
  ])("says why where %s", async (_what, given, why, expected) => {
    const { record, acts } = await lead(given);

    expect(record.outcome).toBe("failed");
    expect(record.reason).toContain(why);
    expect(acts).toEqual(expected);
  });
});
