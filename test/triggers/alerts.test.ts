import { readFileSync } from "node:fs";
import path from "node:path";
import type { ApplicationTokens, TokenVerdict } from "../../src/domain/application-token.js";
import { alertSender } from "../../src/triggers/alerts/alert-sender.js";
import { receiveAlert } from "../../src/triggers/alerts/alerts.js";
import { endpoint } from "../../src/triggers/endpoint.js";
import { serviceInMemory } from "../support/service-calls.js";

const fixture = (name: string): string =>
  readFileSync(path.join(__dirname, `../fixtures/alerts/${name}.json`), "utf8");

function alerts(tokens?: ApplicationTokens) {
  const service = serviceInMemory({ platformAuthentication: "entra" });
  const receive = endpoint(service.dependencies, receiveAlert, {
    permission: alertSender(tokens),
    action: "alert",
  });
  return {
    ...service,
    post: (name: string, headers: Record<string, string> = {}) =>
      service.send(receive, { path: "alerts", headers, body: fixture(name) }),
  };
}

describe("the audit of alerts", () => {
  it("has an entry of the run that an alert starts, before it starts", async () => {
    const { post, entries, client } = alerts();

    await post("metric");

    const [run] = client.started;
    expect(entries()).toMatchObject([
      {
        folder: `audit/runs/${run ?? ""}`,
        who: { name: "holder of the function key", source: "key" },
        action: "alert",
        environment: "production",
        result: "accepted",
        detail: `starts ${run ?? ""}`,
      },
    ]);
    expect(entries()[0]?.reason).toMatch(/^.+ \(Sev\d\) fired at 2026-11-22T13:58:24.371Z$/);
  });

  it("has one entry for each delivery of a storm, and one of them started the run", async () => {
    const { post, entries, client } = alerts();

    await Promise.all(Array.from({ length: 30 }, () => post("metric")));
    await post("metric");

    expect(client.started).toHaveLength(1);
    expect(entries()).toHaveLength(31);
    expect(entries().filter(({ result }) => result === "accepted")).toHaveLength(1);
    expect(entries().filter(({ result }) => result === "already-done")).toHaveLength(30);
    expect(new Set(entries().map(({ folder }) => folder)).size).toBe(1);
  });

  it("has an entry of an alert that changes nothing, with the reason", async () => {
    const { post, entries } = alerts();

    await post("metric-resolved");
    await post("service-health");

    expect(entries()).toMatchObject([
      {
        folder: "audit/environments/production",
        result: "ignored",
        detail: "ignored: the alert is resolved",
      },
      { folder: "audit/service", result: "ignored" },
    ]);
  });
});

describe("the secure webhook", () => {
  const answering = (verdict: TokenVerdict) => {
    const shown: (string | null)[] = [];
    const tokens: ApplicationTokens = {
      verify(authorization) {
        shown.push(authorization);
        return Promise.resolve(verdict);
      },
    };
    return { ...alerts(tokens), shown };
  };

  it("takes alerts from Azure Monitor, under its name", async () => {
    const { post, entries, client, shown } = answering({ kind: "accepted", application: "a" });

    const answer = await post("metric", { authorization: "Bearer t", "x-operator": "ada" });

    expect(answer.status).toBe(202);
    expect(shown).toEqual(["Bearer t"]);
    expect(client.started).toHaveLength(1);
    expect(entries()[0]?.who).toEqual({
      name: "Azure Monitor's action groups",
      source: "entra",
      roles: [],
    });
  });

  it("refuses a token that is not accepted, keeps the reason to itself, and starts nothing", async () => {
    const { post, entries, client, log } = answering({
      kind: "unauthenticated",
      reason: "the signature is wrong",
    });

    const answer = await post("metric");

    expect(answer).toMatchObject({ status: 401, json: { title: "Unauthorized" } });
    expect(JSON.stringify(answer.json)).not.toContain("signature");
    expect(log.join("\n")).toContain("alert refused: the signature is wrong");
    expect(client.started).toEqual([]);
    expect(entries()).toEqual([]);
  });

  it("refuses another application, and remembers which", async () => {
    const { post, entries, client, log } = answering({
      kind: "forbidden",
      application: "0a0b",
      reason: "its token has not the role x",
    });

    const answer = await post("metric");

    expect(answer).toMatchObject({ status: 403, json: { title: "Forbidden" } });
    expect(log.join("\n")).toContain("application 0a0b: its token has not the role x");
    expect(client.started).toEqual([]);
    expect(entries()).toMatchObject([
      { who: { name: "application 0a0b", source: "entra" }, action: "alert", result: "refused" },
    ]);
  });

  it("asks for the alert again when the token cannot be checked", async () => {
    const { post, client, log } = answering({ kind: "undecided", reason: "no keys" });

    const answer = await post("metric");

    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBe("5");
    expect(log.join("\n")).toContain("no keys");
    expect(client.started).toEqual([]);
  });
});
