import * as traffic from "../../src/activities/traffic.contract.js";
import { minutes, seconds } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import type { TrafficManager } from "../../src/domain/estate.js";
import { RestoreOrder } from "../../src/domain/backup-order.js";
import { moveTraffic, type TrafficShift } from "../../src/orchestrators/move-traffic.js";
import { framed } from "../../src/recovery/framed.js";
import { declareScenario } from "../../src/scenarios/scenario.js";
import { trafficSteps, type TrafficStep } from "../../src/scenarios/traffic-steps.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { orderedAt, production, restoreOrder, runProcedure } from "../support/procedure-run.js";
import { replayRecorded, stub } from "../support/replay-driver.js";

/* A procedure that exists in tests alone: it moves traffic, and nothing else. */
const trafficMove = declareScenario({
  id: "blob-restore",
  kind: "restore",
  title: "Traffic move",
  orchestrator: "moveTrafficAlone",
  resource: "traffic-manager",
  symptoms: [],
  signals: [],
  rto: minutes(30),
  automatic: false,
  dataLoss: "none",
  steps: trafficSteps,
  fallbacks: [],
});

type Side = TrafficShift["to"];
const front = production.trafficManager!;
const names = { primary: front.primaryEndpoint, secondary: front.secondaryEndpoint! };
const hosts = { primary: "app.eastus.example", secondary: "app.westus.example" };
const apps = {
  primary: production.containerApp.primary,
  secondary: production.containerApp.secondary!,
};
const ttl = seconds(30);

/** The primary serves, and all goes well, unless a field says otherwise. */
interface World {
  readonly to: Side;
  readonly on: readonly Side[];
  /** Seconds after which something is so; undefined: never. */
  readonly onlineAfter: number | undefined;
  readonly sourceAfter: number | undefined;
  readonly spreadAfter: number | undefined;
  readonly trafficAfter: number | undefined;
  readonly failing: Readonly<Partial<Record<string, Failure>>>;
  readonly mode: "execute" | "plan";
  readonly held: boolean;
  readonly front: Partial<TrafficManager> | undefined;
  /** Another profile stands behind the endpoints, so they name no host. */
  readonly nested: boolean;
}
const usual: World = {
  to: "secondary",
  on: ["primary"],
  onlineAfter: 25,
  sourceAfter: 15,
  spreadAfter: 45,
  trafficAfter: 150,
  failing: {},
  mode: "execute",
  held: false,
  front: {},
  nested: false,
};

const never: Failure = { class: "terminal", code: "Conflict", message: "Azure says no" };
const role: Failure = { class: "permission-lag", code: "AuthorizationFailed", message: "no role" };

async function move(given: Partial<World> = {}) {
  const is = { ...usual, ...given };
  const on = new Map<Side, number>(is.on.map((side) => [side, 0]));
  let movedAt: number | undefined;
  const acts: string[] = [];
  const least = { enabled: 2 };
  const since = (now: number, from: number | undefined, after: number | undefined): boolean =>
    from !== undefined && after !== undefined && now >= from + after * 1_000;
  const sideOf = (endpoint: string): Side => (endpoint === names.primary ? "primary" : "secondary");
  const seenAt = (side: Side, now: number) => {
    const from = on.get(side);
    const online = from !== undefined && (from === 0 || since(now, from, is.onlineAfter));
    return {
      name: names[side],
      enabled: from !== undefined,
      online,
      monitorStatus: online ? "Online" : from === undefined ? "Disabled" : "CheckingEndpoint",
      ...(is.nested ? {} : { target: hosts[side] }),
    };
  };
  const failureOf = (name: string): { failure: Failure } | undefined => {
    const failure = is.failing[name];
    return failure && { failure };
  };
  const shift: TrafficShift = { to: is.to, app: apps[is.to] };
  const body = framed(trafficMove, RestoreOrder, function* (run) {
    const found = yield* moveTraffic(run, shift);
    return found === undefined
      ? run.end("passed", "moved")
      : run.end("failed", found.lacksRole ? `role: ${found.why}` : found.why);
  });
  const { trafficManager: _given, ...estate } = production;
  const input = restoreOrder("blobs", front.profile, {
    mode: is.mode,
    estate:
      is.front === undefined ? estate : { ...estate, trafficManager: { ...front, ...is.front } },
  });
  const run = await runProcedure(
    body,
    input,
    [
      stub(traffic.observeTraffic, (_input, _caller, now) => {
        const failed = failureOf("observeTraffic");
        if (failed !== undefined) return failed;
        const [primary, secondary] = [seenAt("primary", now), seenAt("secondary", now)];
        const detail = `${primary.monitorStatus}, ${secondary.monitorStatus}`;
        const fqdn = "mcp-traffic-prod.trafficmanager.net";
        return { fqdn, ttl, enabled: on.size, primary, secondary, detail };
      }),
      stub(traffic.enableEndpoint, ({ endpoint }, { mode }, now) => {
        const changed = !on.has(sideOf(endpoint));
        if (mode === "plan") return { changed, detail: `would enable ${endpoint}` };
        if (changed) on.set(sideOf(endpoint), now);
        acts.push(`enable ${endpoint}`);
        return failureOf("enableEndpoint") ?? { changed, detail: `${endpoint} enabled` };
      }),
      stub(traffic.disableEndpoint, ({ endpoint }, { mode }, now) => {
        if (mode === "plan") return { changed: true, detail: `would disable ${endpoint}` };
        const failed = failureOf("disableEndpoint");
        if (failed !== undefined) return failed;
        const changed = on.delete(sideOf(endpoint));
        least.enabled = Math.min(least.enabled, on.size);
        movedAt = now;
        acts.push(`disable ${endpoint}`);
        return { changed, detail: `${endpoint} disabled` };
      }),
      stub(traffic.resolveName, ({ expected }, _caller, now) => {
        const failed = failureOf("resolveName");
        if (failed !== undefined) return failed;
        const atSource = since(now, movedAt, is.sourceAfter);
        const spread = since(now, movedAt, is.spreadAfter);
        return {
          atSource,
          spread,
          quorum: 2,
          resolvers: [],
          detail: `${expected}: ${String(atSource)}, ${String(spread)}`,
        };
      }),
      stub(traffic.countRequests, (_input, _caller, now) => {
        const failed = failureOf("countRequests");
        if (failed !== undefined) return failed;
        const measured = since(now, movedAt, is.trafficAfter);
        return { measured, total: measured ? 12 : 0, detail: measured ? "12" : "nothing" };
      }),
    ],
    { held: is.held },
  );
  const steps = Object.fromEntries(run.record.steps.map(({ id, status }) => [id, status]));
  return { ...run, body, input, acts, least, steps, last: run.record };
}

describe("moving traffic", () => {
  it("enables the other side, sees it online, and only then disables the one that users leave", async () => {
    const run = await move();

    expect(run.acts).toEqual(["enable westus", "disable eastus"]);
    expect(run.least.enabled).toBe(1);
    expect(run.last.outcome).toBe("passed");
    expect(run.last.findings).toEqual([]);
    expect(run.steps).toEqual(
      Object.fromEntries(Object.keys(trafficSteps).map((id) => [id, "done"])),
    );
    const [off] = run.callsOf("disableEndpoint");
    const online = run.callsOf("observeTraffic").at(-1);
    expect(off!.at).toBeGreaterThan(online!.at);
    expect(Date.parse(run.last.endedAt) - Date.parse(orderedAt)).toBeLessThan(minutes(6));
  });

  it("goes back the same way, with what is there already left as it is", async () => {
    const run = await move({ to: "primary", on: ["primary", "secondary"] });

    expect(run.acts).toEqual(["enable eastus", "disable westus"]);
    expect(run.last.outcome).toBe("passed");
    const claims = run.calls.map(({ caller }) => caller.step).filter((step) => step.includes("/"));
    expect(claims).toEqual(["enable-endpoint/primary", "disable-endpoint/secondary"]);
  });

  it("holds the profile while it changes it, and no longer", async () => {
    const run = await move();
    const order = run.calls.map(({ name }) => name);

    expect(order.indexOf("takeLease")).toBeLessThan(order.indexOf("enableEndpoint"));
    expect(order.indexOf("releaseLease")).toBeGreaterThan(order.indexOf("disableEndpoint"));
    expect(order.indexOf("releaseLease")).toBeLessThan(order.indexOf("resolveName"));
    expect(run.callsOf("disableEndpoint")[0]?.caller.leases).toMatchObject([
      { resource: front.profile },
    ]);
  });

  it.each<[string, Partial<World>, string]>([
    ["it never comes online", { onlineAfter: undefined }, "westus did not come online"],
    ["it may not be enabled", { failing: { enableEndpoint: role } }, "role: westus could not be"],
    ["the other may not be disabled", { failing: { disableEndpoint: never } }, "eastus could not"],
    ["nobody can look", { failing: { observeTraffic: never } }, "Traffic Manager cannot be"],
    ["another run holds the profile", { held: true }, "the profile could not be changed"],
    ["no profile is named", { front: undefined }, "names no Traffic Manager profile"],
    [
      "no other side is named",
      { front: { secondaryEndpoint: undefined } },
      "no secondary endpoint",
    ],
  ])("stops where %s, and leaves the name leading somewhere", async (_when, world, why) => {
    const run = await move(world);

    expect(run.last.outcome).toBe("failed");
    expect(run.last.reason).toContain(why);
    expect(run.acts.filter((act) => act.startsWith("disable"))).toEqual([]);
    expect(run.names).not.toContain("resolveName");
  });

  it.each<[string, Partial<World>, string[]]>([
    [
      "resolvers do not follow",
      { spreadAfter: undefined },
      ["fewer than half of the resolvers were seen"],
    ],
    [
      "no name server can be asked",
      { failing: { resolveName: never } },
      ["the own name servers of", "fewer than half of the resolvers"],
    ],
    ["no traffic arrives", { trafficAfter: undefined }, ["no request was counted at"]],
    [
      "nobody can count",
      { failing: { countRequests: never } },
      ["the requests could not be counted at"],
    ],
    ["the endpoint names no host", { nested: true }, ["the endpoint names no host"]],
  ])("finds, and does not fail, where %s", async (_when, world, findings) => {
    const run = await move(world);

    expect(run.last.outcome).toMatch(/^passed/);
    expect(run.last.findings).toEqual(
      findings.map((finding) => expect.stringContaining(finding) as string),
    );
    expect(run.acts).toEqual(["enable westus", "disable eastus"]);
  });

  it("waits for resolvers no longer than twice the time to live and a minute", async () => {
    const run = await move({ spreadAfter: undefined, trafficAfter: 0 });
    const asked = run.callsOf("resolveName").map(({ at }) => at);
    const [movedAt] = run.callsOf("disableEndpoint").map(({ at }) => at);

    expect(asked.at(-1)! - movedAt!).toBeLessThanOrEqual(minutes(2) + seconds(30));
    expect(asked.length).toBeGreaterThan(5);
  });

  it("asks for where the users' own name leads, and for the profile's where they have none", async () => {
    const nameOf = (run: Awaited<ReturnType<typeof move>>): unknown =>
      run.callsOf("resolveName")[0]?.input;
    const profile = "mcp-traffic-prod.trafficmanager.net";
    const expected = hosts.secondary;

    expect(nameOf(await move())).toEqual({ profile, name: "mcp.example.com", expected });
    expect(nameOf(await move({ front: { publicName: undefined } }))).toEqual({
      profile,
      name: profile,
      expected,
    });
  });

  it("lists in a plan what it would change, and changes nothing", async () => {
    const run = await move({ mode: "plan" });

    expect(run.acts).toEqual([]);
    expect(run.names).toEqual(["observeTraffic", "enableEndpoint", "disableEndpoint"]);
    expect(run.last.outcome).toBe("planned");
    expect(run.last.plan?.changes.map(({ detail }) => detail)).toEqual([
      "would enable westus",
      "would disable eastus",
    ]);
  });

  it.each<[string, Partial<World>]>([
    ["moved", {}],
    ["not-online", { onlineAfter: undefined }],
    ["stale", { spreadAfter: undefined, trafficAfter: undefined }],
  ])("keeps to its recorded history: %s", async (name, world) => {
    const run = await keepsToHistory(`move-traffic.${name}`, () => move(world));
    await expect(
      replayRecorded(run.body, "procedure-production-20261122T140000Z", run.input, run.events),
    ).resolves.toMatchObject({ isDone: true });
  });

  it("declares the steps that it takes", async () => {
    const taken = new Set((await move()).last.steps.map(({ id }) => id));

    expect([...taken].sort()).toEqual((Object.keys(trafficSteps) as TrafficStep[]).sort());
  });
});
