import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { checkItem, findUsersSide, type Check } from "../../src/activities/checklist.contract.js";
import { checklistActivities, type ChecklistPorts } from "../../src/activities/checklist.js";
import { httpProbes, type ProbeAnswer, type ProbeRequest } from "../../src/azure/http-probes.js";
import { ChecklistProbe } from "../../src/domain/checklist-probe.js";
import { milliseconds, seconds } from "../../src/domain/duration.js";
import { terminal } from "../../src/domain/failure.js";
import { holderOfKey } from "../../src/domain/identity.js";
import { receiptOf } from "../../src/domain/notice.js";
import { stateStore } from "../../src/state/state-store.js";
import { asking } from "../support/activity-call.js";
import { orderOf, runOf } from "../support/estates.js";
import { MemoryContainer } from "../support/memory-container.js";
import { channelTo, startedNotice } from "../support/notices.js";
import { runRecords } from "../support/run-records.js";

const run = runOf("container-app-failure");
const secret = "a-key-of-contoso";
const side = { app: "/apps/a", fqdn: "mcp.example.com", vault: "https://kv.vault.azure.net" };
const since = "2026-11-22T14:00:00.000Z";

/** An application, a workspace and a vault that answer what a test says. */
function service(
  answers: (request: ProbeRequest, nth: number) => Partial<ProbeAnswer>,
  rows: readonly Readonly<Record<string, unknown>>[] = [],
) {
  const blobs = new MemoryContainer();
  const store = stateStore(blobs);
  const requests: ProbeRequest[] = [];
  const queries: string[] = [];
  const ports: ChecklistPorts = {
    http: {
      ask: (request) => {
        requests.push(request);
        const answer = answers(request, requests.length);
        return Promise.resolve({ status: 200, latency: milliseconds(7), text: "", ...answer });
      },
    },
    secrets: {
      value: (vault, name) =>
        name === "refused"
          ? Promise.reject(terminal("Forbidden", "the vault refuses"))
          : Promise.resolve(
              vault === side.vault && name === "contoso-key"
                ? ({ value: secret } as Awaited<ReturnType<ChecklistPorts["secrets"]["value"]>>)
                : undefined,
            ),
    },
    logs: {
      query: (_workspace, kql) => {
        queries.push(kql);
        return Promise.resolve({ rows, partial: false });
      },
    },
    health: {
      probe: () =>
        Promise.resolve({
          healthy: true,
          status: 200,
          latency: milliseconds(5),
          detail: "HTTP 200, healthy",
          checks: { redis: { well: true, detail: "ok" } },
        }),
    },
    apps: { app: () => Promise.reject(new Error("not asked")) },
    traffic: { profile: () => Promise.resolve(undefined) },
    store,
  };
  const { ask, done } = asking(checklistActivities(ports));
  return { ports, store, blobs, requests, queries, ask, done };
}

const probed = (...probes: readonly object[]): Check => ({
  kind: "probes",
  side,
  probes: probes.map((probe) => ChecklistProbe.parse(probe)),
  component: "/components/insights",
  workspaceId: "w",
  since,
});
const look = (of: ReturnType<typeof service>, check: Check) =>
  of.done(checkItem, { item: "chat", check }, { run });

const keyed = { "x-api-key": { secret: "contoso-key" }, "x-run": { value: "of {run}" } };

describe("an item that is probed over HTTP", () => {
  it("sends what the estate says, with secrets from the app's vault, and shows what it saw", async () => {
    const of = service(() => ({ text: '{"reply":"hello"}' }));

    const seen = await look(
      of,
      probed({
        kind: "http",
        path: "/chat",
        method: "POST",
        headers: keyed,
        body: { conversation: "c-{run}" },
        expect: { jsonPath: "$.reply", equals: "hello", within: "PT3S" },
      }),
    );

    expect(of.requests).toMatchObject([
      {
        url: "https://mcp.example.com/chat",
        method: "POST",
        headers: { "x-api-key": secret, "x-run": `of ${run}`, "content-type": "application/json" },
        body: `{"conversation":"c-${run}"}`,
        timeLimit: seconds(3),
      },
    ]);
    expect(seen).toEqual({
      holds: true,
      open: false,
      detail: "HTTP 200 in 7 ms",
      proof: [{ what: "POST https://mcp.example.com/chat", status: 200, latency: 7 }],
    });
  });

  it.each<[string, object, Partial<ProbeAnswer>, string, boolean]>([
    [
      "another status",
      {},
      { status: 404, text: "no such blob" },
      "answered 404 instead of 200: no such blob",
      false,
    ],
    ["an overload", {}, { status: 503 }, "answered 503 instead of 200", true],
    [
      "no answer",
      {},
      { status: undefined, failure: "ECONNREFUSED" },
      "no answer (ECONNREFUSED)",
      true,
    ],
    [
      "no answer in time",
      {},
      { status: undefined, failure: "TimeoutError" },
      "no answer within 5000 ms",
      true,
    ],
    [
      "another value",
      { jsonPath: "$.a", equals: 1 },
      { text: '{"a":2}' },
      "$.a is 2, not 1",
      false,
    ],
    ["no value", { jsonPath: "$.a" }, { text: '{"b":2}' }, "there is nothing at $.a", false],
    ["no JSON", { jsonPath: "$.a" }, { text: "<html>" }, "the body is not JSON", false],
    [
      "no match at a path",
      { jsonPath: "$.a", matches: "^x" },
      { text: '{"a":"y"}' },
      "$.a does not match ^x",
      false,
    ],
    ["no match", { matches: "accent" }, { text: "plain" }, "the body does not match accent", false],
  ])("says what is wrong: %s", async (_name, expected, answer, detail, open) => {
    const of = service(() => answer);

    const seen = await look(of, probed({ kind: "http", path: "/x", expect: expected }));

    expect(seen).toMatchObject({ holds: false, open, detail });
  });

  it("takes a match at a path or in the body", async () => {
    const of = service(() => ({ text: '{"a":{"b":[3]}}' }));
    const probe = { kind: "http", path: "/x" };

    const seen = await look(
      of,
      probed(
        { ...probe, expect: { jsonPath: "$.a.b[0]", matches: "^3$" } },
        { ...probe, expect: { matches: "b" } },
      ),
    );

    expect(seen).toMatchObject({ holds: true, proof: [{ status: 200 }, { status: 200 }] });
  });

  it("leaves no secret in what it tells and keeps, also where the app echoes it", async () => {
    const of = service(() => ({ status: 401, text: `bad key ${secret}; password=hunter2hunter2` }));

    const seen = await look(of, probed({ kind: "http", path: "/auth", headers: keyed }));

    const left = [JSON.stringify(seen), ...[...of.blobs.blobs.values()].map(({ text }) => text)];
    expect(left).toHaveLength(2);
    for (const text of left) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain("hunter2");
    }
    expect(seen.proof[0]?.evidence?.blob).toMatch(new RegExp(`^evidence/${run}/answer-to-`));
  });

  it("fails where the vault lacks the secret, or the app names no vault, and sends nothing", async () => {
    const of = service(() => ({}));
    const probe = { kind: "http", path: "/auth", headers: { "x-api-key": { secret: "other" } } };
    const check = probed(probe) as Extract<Check, { kind: "probes" }>;

    const missing = await look(of, check);
    const { vault: _none, ...homeless } = side;
    const noVault = await look(of, { ...check, side: homeless });
    const refused = await of.ask(checkItem, {
      item: "chat",
      check: probed({ ...probe, headers: { k: { secret: "refused" } } }),
    });

    for (const seen of [missing, noVault]) {
      expect(seen).toMatchObject({ holds: false, open: false });
      expect(seen.detail).toContain("has no secret other, which the header x-api-key takes");
    }
    expect(refused).toMatchObject({ ok: false, failure: { code: "Forbidden" } });
    expect(of.requests).toEqual([]);
  });

  it("asks elsewhere where an address is named, and nowhere without ingress", async () => {
    const of = service(() => ({}));
    const { fqdn: _none, ...inner } = side;
    const check = probed({ kind: "http", path: "/x" }) as Extract<Check, { kind: "probes" }>;

    await look(of, probed({ kind: "http", url: "https://mcp.example.org/x?y={run}" }));
    const seen = await look(of, { ...check, side: inner });

    expect(of.requests.map(({ url }) => url)).toEqual([`https://mcp.example.org/x?y=${run}`]);
    expect(seen).toMatchObject({ holds: false, detail: "the app has no ingress to ask at" });
  });
});

describe("a limit of requests", () => {
  const limit = probed({
    kind: "http",
    path: "/tools",
    headers: { "x-client": { value: "{call}" } },
    repeat: { requests: 6 },
  });
  const answeredBy = (status: (nth: number) => number | undefined) =>
    service((_request, nth) => ({ status: status(nth) }));

  it("holds where some are let through and some refused, all of one client", async () => {
    const of = answeredBy((nth) => (nth <= 4 ? 200 : 429));

    const seen = await look(of, limit);
    await look(of, limit);

    const clients = of.requests.map(({ headers }) => headers["x-client"]);
    expect(seen).toMatchObject({
      holds: true,
      proof: [{ value: "6 requests: 4 answered 200, 2 answered 429", latency: 7 }],
    });
    expect([new Set(clients.slice(0, 6)).size, new Set(clients).size]).toEqual([1, 2]);
  });

  it.each<[string, (nth: number) => number | undefined, string, boolean]>([
    ["nothing is refused", () => 200, "nothing was refused", true],
    ["everything is refused", () => 429, "everything was refused", true],
    ["something fails", (nth) => (nth === 1 ? 503 : nth <= 4 ? 200 : 429), "others 503", true],
    ["something is lost", (nth) => (nth === 1 ? undefined : 429), "others none", true],
  ])("does not hold where %s", async (_name, status, detail, open) => {
    const seen = await look(answeredBy(status), limit);

    expect(seen).toMatchObject({ holds: false, open });
    expect(seen.detail).toContain(detail);
  });
});

describe("an item that is looked for in logs", () => {
  const query = {
    kind: "log-query",
    query: 'AppEvents | where Run == "{run}" and TimeGenerated > datetime({since}) // {component}',
    expect: [{ column: "Records", atLeast: 1 }, { column: "Failed", atMost: 0 }, { atMost: 5 }],
  };
  const seenIn = (rows: readonly Readonly<Record<string, unknown>>[]) =>
    look(
      service(() => ({}), rows),
      probed(query),
    );

  it("holds within its bounds, and shows what was counted", async () => {
    const of = service(() => ({}), [{ Records: 2, Failed: "0" }]);

    const seen = await look(of, probed(query));

    expect(of.queries).toEqual([
      `AppEvents | where Run == "${run}" and TimeGenerated > datetime(${since}) // /components/insights`,
    ]);
    expect(seen).toMatchObject({
      holds: true,
      proof: [{ value: "Records = 2, Failed = 0, rows = 1" }],
    });
  });

  it("waits for what is lacking, not for what is too much", async () => {
    expect(await seenIn([{ Records: 0, Failed: 0 }])).toMatchObject({
      holds: false,
      open: true,
      detail: "Records = 0, less than 1",
    });
    expect(await seenIn([])).toMatchObject({ holds: false, open: true });
    expect(await seenIn([{ Records: 0, Failed: 3 }])).toMatchObject({ holds: false, open: false });
    expect(await seenIn([{ Records: 3, Failed: 1 }])).toMatchObject({
      holds: false,
      open: false,
      detail: "Failed = 1, more than 0",
    });
  });
});

describe("what the service knows by itself", () => {
  it("asks the app's health, also which checks it consists of", async () => {
    const of = service(() => ({}));
    const rule = orderOf().estate.containerApp.health;
    const { fqdn: _none, ...inner } = side;

    expect(await look(of, { kind: "health", side, rule })).toMatchObject({
      holds: true,
      detail: "HTTP 200, healthy; checks: redis",
      proof: [{ what: "GET https://mcp.example.com/health", status: 200, latency: 5 }],
    });
    expect(await look(of, { kind: "health", side: inner, rule })).toMatchObject({ holds: false });
  });

  it("takes a notice for delivered by its receipts", async () => {
    const of = service(() => ({}));
    const [one, two] = [channelTo("https://a.example.com"), channelTo("https://b.example.com")];
    const channels = [one, { ...two, name: "other" }];
    const notice = startedNotice(run);
    const keep = (nth: number, status: "delivered" | "failed") =>
      of.store.notices.keep(notice, [
        receiptOf(notice, channels[nth] ?? one, {
          status,
          attempts: 1,
          at: since,
          detail: status === "failed" ? "http-500: refused" : "HTTP 204",
        }),
      ]);
    const seen = () => look(of, { kind: "receipts" });

    expect(await seen()).toMatchObject({ holds: false, open: true });
    await of.store.notices.open(notice, channels);
    expect(await seen()).toMatchObject({
      holds: false,
      open: true,
      detail: "0 of 1 notices delivered; the others were not taken yet",
    });
    await keep(0, "delivered");
    expect(await seen()).toMatchObject({ holds: true });
    await keep(1, "failed");
    expect(await seen()).toMatchObject({
      holds: false,
      open: false,
      detail: "1 of 1 notices delivered; other: http-500: refused",
    });
  });

  it("takes a notice that no channel could take for lost", async () => {
    const of = service(() => ({}));
    const notice = startedNotice(run);
    const channel = channelTo("https://a.example.com");
    await of.store.notices.open(notice, [channel]);
    await of.store.notices.keep(notice, [
      receiptOf(notice, channel, { status: "failed", attempts: 9, at: since, detail: "http-500" }),
    ]);

    expect(await look(of, { kind: "receipts" })).toMatchObject({ holds: false, open: false });
  });

  it("looks for who wanted the run, and what people said to it", async () => {
    const of = service(() => ({}));
    const { trigger } = orderOf();
    const seen = (
      interventions: number,
      by: Extract<Check, { kind: "audit" }>["trigger"] = trigger,
    ) => look(of, { kind: "audit", trigger: by, interventions });

    expect(await seen(0)).toMatchObject({ holds: false, open: true });
    expect(await seen(0, { kind: "timer", schedule: "0 0 3 * * *" })).toMatchObject({
      holds: true,
    });
    await of.store.audit.add({
      version: 1,
      id: "a",
      at: since,
      who: holderOfKey,
      action: "alert",
      run,
      result: "accepted",
      reason: "fired",
      detail: "starts it",
    });
    expect(await seen(0)).toMatchObject({ holds: true });
    expect(await seen(1)).toMatchObject({ holds: false });
  });

  it("looks whether record, report and incident are written", async () => {
    const of = service(() => ({}));
    const { restored } = runRecords;
    const incident = "incidents/production/container-app-failure/0.json";
    const seen = () => look(of, { kind: "papers", incident });

    expect((await seen()).detail).toContain("not there: the record, the report, the incident");
    await of.store.runs.draft({ ...restored, id: run }, () => ({ md: "# it", html: "<p>it" }));
    expect((await seen()).detail).toContain("not there: the incident");
    await of.store.incidents.open(incident, {
      version: 1,
      environment: "production",
      scenario: "container-app-failure",
      resource: restored.resource,
      run,
      distinction: "d",
      status: "open",
      openedAt: since,
      detectedAt: since,
      automatic: true,
      order: {},
      earlier: [],
    });
    expect(await seen()).toMatchObject({
      holds: true,
      detail: `record of ${restored.steps.length} steps, started by alert mcp-health-prod`,
    });
    expect(await look(of, { kind: "papers" })).toMatchObject({ holds: true });
  });
});

describe("the side that users are led to", () => {
  const { containerApp, trafficManager: front } = orderOf().estate;
  const { primary, secondary } = containerApp;
  const both = { primary, ...(secondary && { secondary }), ...(front && { front }) };

  const found = (enabled: { primary: boolean; secondary: boolean } | undefined, asked: object) => {
    const of = service(() => ({}));
    const ports = {
      ...of.ports,
      apps: {
        app: (id: string) =>
          Promise.resolve({
            name: id.split("/").at(-1),
            location: "eastus",
            fqdn: `${id === primary ? "one" : "other"}.example.com`,
            variables: id === primary ? { KEY_VAULT_URL: side.vault } : {},
          }),
      },
      traffic: {
        profile: () =>
          Promise.resolve(
            enabled && {
              endpoints: [
                { name: front?.primaryEndpoint, enabled: enabled.primary },
                { name: front?.secondaryEndpoint, enabled: enabled.secondary },
              ],
            },
          ),
      },
    } as unknown as ChecklistPorts;
    return asking(checklistActivities(ports)).ask(findUsersSide, asked as typeof both);
  };

  it("is the one whose endpoint is on", async () => {
    const here = await found({ primary: true, secondary: false }, both);
    const there = await found({ primary: false, secondary: true }, both);

    expect(here).toMatchObject({
      ok: true,
      value: { side: { app: primary, fqdn: "one.example.com", vault: side.vault } },
    });
    expect(there).toMatchObject({
      ok: true,
      value: { side: { app: secondary, fqdn: "other.example.com" } },
    });
  });

  it("is the only one without Traffic Manager, and unknown without its profile", async () => {
    expect(await found(undefined, { primary })).toMatchObject({
      ok: true,
      value: { side: { app: primary } },
    });
    expect(await found(undefined, both)).toMatchObject({
      ok: false,
      failure: { code: "no-profile" },
    });
  });
});

describe("the client that probes", () => {
  let server: Server;
  let url: string;
  let react: (path: string) => { status: number; body: string; location?: string } | "silence";

  beforeAll(async () => {
    server = createServer((request, response) => {
      const reaction = react(request.url ?? "");
      if (reaction === "silence") return;
      const { status, body, location } = reaction;
      response.writeHead(status, location === undefined ? {} : { location }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const ask = (timeLimit = seconds(5)) =>
    httpProbes().ask({ url, method: "GET", headers: {}, timeLimit });

  it("reads the beginning of an answer, follows no redirect and waits no longer than told", async () => {
    react = () => ({ status: 200, body: "x".repeat(200_000) });
    const long = await ask();
    react = () => ({ status: 302, body: "", location: "https://elsewhere.example.com" });
    const moved = await ask();
    react = () => "silence";
    const late = await ask(milliseconds(50));
    const nobody = await httpProbes().ask({
      url: "http://127.0.0.1:1",
      method: "GET",
      headers: {},
      timeLimit: seconds(5),
    });

    expect([long.status, long.text.length]).toEqual([200, 65_536]);
    expect(moved).toMatchObject({ status: 302, text: "" });
    expect(late).toMatchObject({ status: undefined, failure: "TimeoutError" });
    expect(nobody).toMatchObject({ status: undefined, text: "" });
  });
});
