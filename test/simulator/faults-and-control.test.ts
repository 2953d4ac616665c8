import { ACCOUNT, APP_ID, ARM, arm, FQDN } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let token: string;

interface Logged {
  readonly n: number;
  readonly operation: string;
  readonly status: number;
  readonly fault?: string;
  readonly effect?: { readonly kind: string; readonly resource: string };
}

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  await azure.steer("POST", "/reset", {});
  token = await azure.tokenFor(ARM);
});

const restart = (): Promise<Reply> =>
  azure.call("POST", arm(`${APP_ID}/revisions/mcp-server--v142/restart`), { token });
const getApp = (): Promise<Reply> => azure.call("GET", arm(APP_ID), { token });
const health = async (): Promise<number> =>
  (await azure.call("GET", `https://${FQDN}/health`)).status;
const order = async (fault: object): Promise<string> =>
  (await azure.steer("POST", "/faults", fault)).json<{ id: string }>().id;
const effects = async (): Promise<readonly Logged[]> =>
  (await azure.steer("GET", "/log?effects=true")).json<{ entries: Logged[] }>().entries;

describe("faults of the app", () => {
  it("app-unhealthy is healed by a restart, step by step", async () => {
    await order({ name: "app-unhealthy", resource: APP_ID });
    const sick = [await health(), await health()];
    await restart();
    await azure.advance(24);
    const half = [await health(), await health()].sort();
    await azure.advance(24);
    const well = [await health(), await health()];

    expect([sick, half, well]).toEqual([
      [503, 503],
      [200, 503],
      [200, 200],
    ]);
    expect((await azure.steer("GET", "/faults")).json()).toMatchObject([{ over: true }]);
  });

  it("bad-revision takes the traffic, and only another revision helps", async () => {
    await order({ name: "bad-revision", resource: APP_ID });
    const deployed = (await getApp()).json<{ properties: { latestReadyRevisionName: string } }>();
    const { latestReadyRevisionName: bad } = deployed.properties;
    expect(await health()).toBe(503);

    await azure.call("POST", arm(`${APP_ID}/revisions/${bad}/restart`), { token });
    await azure.advance(60);
    expect(await health()).toBe(503);

    await azure.call("POST", arm(`${APP_ID}/revisions/mcp-server--v142/activate`), { token });
    await azure.advance(61);
    expect(await health()).toBe(200);
    expect(bad).toMatch(/^mcp-server--bad-/);
  });

  it("restart-does-not-help outlasts restarts and revisions until it is taken back", async () => {
    const id = await order({ name: "restart-does-not-help", resource: APP_ID });
    await restart();
    await azure.call("POST", arm(`${APP_ID}/revisions/mcp-server--v141/activate`), { token });
    await azure.advance(120);
    expect(await health()).toBe(503);

    await azure.steer("DELETE", `/faults/${id}`);
    expect(await health()).toBe(200);
  });

  it("ends after its time", async () => {
    await order({ name: "restart-does-not-help", resource: APP_ID, forSeconds: 300 });
    expect(await health()).toBe(503);
    await azure.advance(301);
    expect(await health()).toBe(200);
  });
});

describe("faults of calls", () => {
  it("throttle refuses before anything happens, with Retry-After", async () => {
    await order({ name: "throttle", times: 1, retryAfterSeconds: 7 });

    const refused = await restart();

    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "7"]);
    expect(refused.json()).toMatchObject({ error: { code: "TooManyRequests" } });
    expect(await effects()).toEqual([]);
    expect((await restart()).status).toBe(200);
  });

  it("server-error strikes the n-th matching call only", async () => {
    await order({
      name: "server-error",
      status: 503,
      nth: 2,
      match: { operation: "containerApps.get" },
    });

    const statuses = [await getApp(), await restart(), await getApp(), await getApp()];

    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 503, 200]);
  });

  it("write an error in the shape of the service they strike", async () => {
    await order({ name: "throttle", match: { service: "blobs" } });
    const storage = await azure.tokenFor("https://storage.azure.com");

    const refused = await azure.call("GET", `${ACCOUNT}/?comp=list`, { token: storage });

    expect(refused.headers["x-ms-error-code"]).toBe("TooManyRequests");
    expect(refused.text).toContain("<Code>TooManyRequests</Code>");
  });

  it("lost-answer lets the effect happen and breaks the connection", async () => {
    await order({ name: "lost-answer", times: 1 });

    await expect(restart()).rejects.toMatchObject({ code: "ECONNRESET" });

    expect(await effects()).toMatchObject([
      { operation: "containerAppsRevisions.restart", status: 200, fault: "lost-answer" },
    ]);
    expect((await restart()).status).toBe(200);
  });

  it("lost-answer with a status lets the effect happen and answers an error", async () => {
    await order({ name: "lost-answer", times: 1, status: 504 });

    const answer = await restart();

    expect(answer.status).toBe(504);
    expect(answer.json()).toMatchObject({ error: { code: "GatewayTimeout" } });
    expect(await effects()).toMatchObject([
      { operation: "containerAppsRevisions.restart", status: 504, fault: "lost-answer" },
    ]);
  });

  it("hold-answer keeps the answer back until it is released or dropped", async () => {
    await order({ name: "hold-answer", match: { service: "arm" }, times: 2 });

    const first = restart();
    const second = restart();
    second.catch(() => undefined);
    const held = await allHeld(2);
    expect(held.map(({ entry }) => entry.effect?.kind)).toEqual([
      "revision-restarted",
      "revision-restarted",
    ]);

    await azure.steer("POST", `/held/${held[0]?.id ?? ""}`, { action: "release" });
    await azure.steer("POST", `/held/${held[1]?.id ?? ""}`, { action: "drop" });
    const outcomes = await Promise.allSettled([first, second]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("hold-answer forgets a client that has gone", async () => {
    await order({ name: "hold-answer", times: 1 });
    const abandoned = restart();
    abandoned.catch(() => undefined);
    await allHeld(1);

    azure.agent.destroy();

    await expect(abandoned).rejects.toBeDefined();
    for (let look = 0; look < 100 && (await allHeld(0)).length > 0; look += 1);
    expect(await allHeld(0)).toEqual([]);
  });

  it("are limited to a resource and a region", async () => {
    await order({ name: "server-error", resource: `${APP_ID}/revisions/mcp-server--v141` });
    await order({ name: "throttle", region: "westus", match: { service: "arm" } });

    expect((await restart()).status).toBe(200);
    expect((await getApp()).status).toBe(200);
    const other = arm(`${APP_ID}/revisions/mcp-server--v141`);
    expect((await azure.call("GET", other, { token })).status).toBe(500);
  });

  it("slow delays and then lets the call through", async () => {
    await order({ name: "slow", ms: 50, times: 1 });
    const start = performance.now();

    const { status } = await getApp();

    expect(status).toBe(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(49);
  });
});

async function allHeld(count: number): Promise<{ id: string; entry: Logged }[]> {
  for (;;) {
    const answer = await azure.steer("GET", `/held?waitMs=${count === 0 ? 0 : 5000}`);
    const { held } = answer.json<{ held: { id: string; entry: Logged }[] }>();
    if (held.length >= count) return held;
  }
}

describe("the control API", () => {
  it("counts the log on, and answers what came after", async () => {
    const { next } = (await azure.steer("GET", "/log")).json<{ next: number }>();
    await getApp();
    await restart();

    const log = await azure.steer("GET", `/log?since=${next}`);
    const { entries } = log.json<{ entries: Logged[] }>();

    expect(entries.map(({ n, operation }) => [n - next, operation])).toEqual([
      [1, "containerApps.get"],
      [2, "containerAppsRevisions.restart"],
    ]);
  });

  it("shows what exists and what is about to change", async () => {
    await restart();

    const state = (await azure.steer("GET", "/state")).json();

    expect(state).toMatchObject({
      containerApps: [
        { fqdn: FQDN, revisions: [{ active: false }, { active: false }, { weight: 100 }] },
      ],
      upcoming: expect.arrayContaining([
        { at: expect.any(String) as string, what: expect.stringContaining("restart") as string },
      ]) as unknown[],
    });
  });

  it("shows since when an app has served whoever came again and again, and since when nobody", async () => {
    const seen = async () => {
      const { containerApps } = (await azure.steer("GET", "/state")).json<{
        containerApps: { id: string; health: { from: string; well: boolean }[] }[];
      }>();
      return containerApps.find(({ id }) => id === APP_ID)?.health ?? [];
    };
    const before = await seen();
    const id = await order({ name: "region-down", region: "eastus", planes: ["data"] });
    await azure.advance(60);
    await azure.steer("DELETE", `/faults/${id}`);
    const after = await seen();

    expect(before.map(({ well }) => well)).toEqual([true]);
    expect(after.map(({ well }) => well)).toEqual([true, false, true]);
    const [, down = "", up = ""] = after.map(({ from }) => from);
    expect(Date.parse(up) - Date.parse(down)).toBeGreaterThanOrEqual(60_000);
    expect(Date.parse(up) - Date.parse(down)).toBeLessThan(70_000);
  });

  it("moves the clock by seconds and to an instant", async () => {
    const clock = async (): Promise<number> =>
      Date.parse((await azure.steer("GET", "/clock")).json<{ now: string }>().now);
    const before = await clock();

    await azure.steer("POST", "/clock/advance", { seconds: 60 });
    const later = await clock();
    const target = new Date(later + 3_600_000).toISOString();
    await azure.steer("POST", "/clock/advance", { to: target });

    expect(later - before).toBeGreaterThanOrEqual(59_900);
    expect(await clock()).toBeGreaterThanOrEqual(Date.parse(target));
  });

  it.each([
    ["GET", "/nothing", undefined, 404, "GET /state"],
    ["PUT", "/faults", {}, 405, "DELETE"],
    ["GET", "/log?from=1", undefined, 400, "from"],
    ["GET", "/log?since=-1", undefined, 400, "since"],
    ["POST", "/faults", { name: "meteor" }, 400, "name"],
    ["POST", "/faults", { name: "throttle", often: true }, 400, "often"],
    ["POST", "/faults", { name: "throttle", match: { operation: 3 } }, 400, "match.operation"],
    ["POST", "/faults", { name: "app-unhealthy", resource: "/subscriptions/x" }, 400, "resource"],
    ["DELETE", "/faults/fault-99", undefined, 404, "fault-99"],
    ["POST", "/held/held-1", { action: "eat" }, 400, "action"],
    ["POST", "/clock/advance", { seconds: -5 }, 400, "seconds"],
    ["POST", "/reset", { seed: { subscriptions: [] } }, 400, "subscriptions"],
  ])(
    "%s %s is refused with the name of what is wrong",
    async (method, path, body, status, name) => {
      const refused = await azure.steer(method, path, body);

      expect(refused.status).toBe(status);
      expect(refused.json<{ error: string }>().error).toContain(name);
    },
  );

  it("resets to how it started", async () => {
    await order({ name: "bad-revision", resource: APP_ID });
    await restart();

    await azure.steer("POST", "/reset", {});

    expect(await health()).toBe(200);
    expect((await azure.steer("GET", "/faults")).json()).toEqual([]);
    expect(await effects()).toEqual([]);
  });
});
