import { QuarterlySummary } from "../../src/domain/summary.js";
import { endpoint } from "../../src/triggers/endpoint.js";
import { listReports, ReportList, showReport } from "../../src/triggers/reports.js";
import { compileSummary } from "../../src/triggers/summary.js";
import { runRecords } from "../support/run-records.js";
import { principal, serviceInMemory } from "../support/service-calls.js";

const ids = ["20261001", "20261002", "20261003"].map(
  (day) => `container-app-failure-production-${day}T100000Z-abcdef`,
);
const backup = "backup-redis-production-20261003T100000Z";

async function world(platformAuthentication: "none" | "entra" = "none") {
  const service = serviceInMemory({ platformAuthentication });
  const { dependencies, send } = service;
  const rendered = () => ({ md: "# report", html: "<p>report" });
  for (const [nth, id] of [...ids, backup].entries()) {
    const kind = id === backup ? "backup" : "recovery";
    const endedAt = `2026-10-0${nth + 1}T10:00:00.000Z`;
    await dependencies.store.runs.save(
      { ...runRecords.restored, id, kind, endedAt, nextSteps: ["look"] },
      rendered,
    );
  }
  const of = (handler: typeof listReports) =>
    endpoint(dependencies, handler, { permission: "report" });
  const get = (handler: typeof listReports, query: Record<string, string>, more = {}) =>
    send(of(handler), { method: "GET", path: "reports", query, ...more });
  return { ...service, get };
}

describe("GET /api/reports", () => {
  it("lists records page by page, with hashes and links, those of backups when they are asked for", async () => {
    const { get, blobs } = await world();

    const first = await get(listReports, { limit: "2" });
    const { reports, continuation = "" } = ReportList.parse(first.json);
    const second = ReportList.parse((await get(listReports, { limit: "2", continuation })).json);
    const ofBackups = ReportList.parse((await get(listReports, { kind: "backup" })).json);

    expect([...reports, ...second.reports].map(({ id }) => id)).toEqual([...ids].reverse());
    expect(second.continuation).toBeUndefined();
    expect(reports[0]?.links.report).toBe(`https://dr.example.com/api/reports/${ids[2]}`);
    const entry = JSON.parse(blobs.blobs.get(`index/${ids[2]}.json`)?.text ?? "") as {
      record: { sha256: string };
    };
    expect(reports[0]?.sha256).toBe(entry.record.sha256);
    expect(ofBackups.reports.map(({ id }) => id)).toEqual([backup]);
  });

  it.each([
    [{ limit: "0" }, 400, "limit"],
    [{ since: "yesterday" }, 400, "since"],
    [{ kind: "party" }, 400, "kind"],
    [{ continuation: "x" }, 400, "continuation"],
    [{ environment: "nowhere" }, 400, "environment"],
  ])("refuses %j", async (query, status, about) => {
    const { get } = await world();
    const answer = await get(listReports, query);

    expect(answer.status).toBe(status);
    expect(answer.text).toContain(about);
  });

  it("is for auditors, and not for approvers", async () => {
    const { get } = await world("entra");
    const as = async (role: string) =>
      (await get(listReports, {}, { headers: principal("eve", [role]) })).status;

    expect([await as("auditor"), await as("approver")]).toEqual([200, 403]);
  });
});

describe("GET /api/reports/{id}", () => {
  it("gives the report as the caller understands it", async () => {
    const { get } = await world();
    const of = { params: { id: ids[0]! } };

    const [html, md, json] = await Promise.all([
      get(showReport, {}, { ...of, headers: { accept: "text/html" } }),
      get(showReport, { format: "md" }, of),
      get(showReport, {}, of),
    ]);
    expect([html.text, md.text, json.json["id"]]).toEqual(["<p>report", "# report", ids[0]]);
  });
});

describe("GET /api/reports/summary", () => {
  it("sums up the present quarter, or another one, in each format", async () => {
    const { get } = await world();
    const environment = "production";

    const present = QuarterlySummary.parse((await get(compileSummary, { environment })).json);
    const before = await get(compileSummary, { environment, quarter: "2026-Q3" });
    const md = await get(compileSummary, { environment, format: "md" });
    const html = await get(compileSummary, { environment }, { headers: { accept: "text/html" } });

    expect(present.quarter).toBe("2026-Q4");
    expect(present.runs.map(({ run }) => run)).toEqual(ids);
    expect(present.openActions.map(({ run, action }) => [run, action])).toEqual([[ids[2], "look"]]);
    expect(QuarterlySummary.parse(before.json).runs).toEqual([]);
    expect(md.text).toContain("# Disaster recovery of production, 2026-Q4");
    expect(html.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(html.text).toContain("<!doctype html>");
  });

  it("leaves out what somebody has changed, and says so", async () => {
    const { get, blobs } = await world();
    const name = `runs/${ids[1]}.json`;
    const standing = blobs.blobs.get(name)!;
    blobs.blobs.set(name, { ...standing, text: standing.text.replace("restored", "failed") });

    const { json } = await get(compileSummary, { environment: "production" });

    expect(json).toMatchObject({ unproven: [ids[1]] });
  });

  it.each([
    [{}, 400],
    [{ environment: "production", quarter: "2026-Q5" }, 400],
  ])("refuses %j", async (query, status) => {
    const { get } = await world();

    expect((await get(compileSummary, query as Record<string, string>)).status).toBe(status);
  });
});
