import { parseEstate } from "../../src/config/load-estate.js";
import {
  ChecklistItem,
  checklistItems,
  describeChecklist,
  isProbed,
  type ChecklistResult,
  type ChecklistStatus,
} from "../../src/domain/checklist.js";
import {
  callsForChecklist,
  findingsOfChecklist,
  outcomeWithMisses,
  withMisses,
} from "../../src/domain/checklist-outcome.js";
import { pagerDutyEvent } from "../../src/domain/messages.js";
import { composeNotice } from "../../src/domain/notice.js";
import { checklistFinding } from "../../src/domain/readiness/service-findings.js";
import { report } from "../../src/domain/report.js";
import { Outcome, RunKind, RunRecord } from "../../src/domain/run-record.js";
import { orderOf, sampleJson } from "../support/estates.js";
import { runRecords } from "../support/run-records.js";

const at = "2026-11-22T14:00:00.000Z";
const result = (item: ChecklistItem, status: ChecklistStatus): ChecklistResult => ({
  item,
  title: checklistItems[item].title,
  status,
  detail: `it ${status}`,
  proof: [],
  startedAt: at,
  endedAt: at,
});
const ending = { outcome: "failed-over", reason: "led away", nextSteps: ["rest"] } as const;

describe("the recovery checklist", () => {
  it("comes after what works again and was changed", () => {
    const called = RunKind.options.flatMap((kind) =>
      Outcome.options
        .filter((outcome) => callsForChecklist(kind, outcome))
        .map((outcome) => `${kind}: ${outcome}`),
    );

    const recovered = ["restored", "restored-with-findings", "failed-over", "failed-back"];
    expect(called).toEqual([
      ...recovered.map((outcome) => `recovery: ${outcome}`),
      ...recovered.map((outcome) => `failback: ${outcome}`),
      "drill: passed",
      "drill: passed-with-findings",
    ]);
  });

  it("makes a finding of what does not hold, or of what nobody could tell", () => {
    const results = [result("chat", "failed"), result("rate-limiting", "timed-out")];

    expect(withMisses("recovery", ending, results)).toEqual({
      outcome: "restored-with-findings",
      reason:
        "led away; recovery checklist: 0 of 2 passed, 1 failed, 1 timed out (Chat end to end, Rate limiting)",
      nextSteps: [
        expect.stringMatching(
          /^Recovery checklist, Chat end to end: send a message .* \(it failed\)$/,
        ),
        expect.stringMatching(/^Recovery checklist, Rate limiting: /),
        "rest",
      ],
    });
    const unknown = [result("cost-tracking", "timed-out")];
    expect(withMisses("recovery", ending, unknown)).toMatchObject({ outcome: "failed-over" });
    expect(withMisses("recovery", { ...ending, outcome: "restored" }, unknown)).toMatchObject({
      outcome: "restored-with-findings",
    });
    expect(outcomeWithMisses("drill")).toBe("passed-with-findings");
    expect(findingsOfChecklist(results)).toHaveLength(2);
  });

  it("leaves the outcome where nothing is missed, and never looks like a clean pass", () => {
    const results = [
      result("chat", "passed"),
      result("rate-limiting", "not-configured"),
      result("cost-tracking", "canceled"),
    ];

    expect(withMisses("recovery", ending, results)).toBe(ending);
    expect(describeChecklist(results)).toBe("1 of 3 passed, 1 not configured, 1 canceled");
    expect(findingsOfChecklist(results)).toEqual([
      "recovery checklist, not checked because not configured: Rate limiting",
      "recovery checklist, ended by a person before it was known: Cost tracking",
    ]);
    const { restored } = runRecords;
    expect(report({ ...restored, checklist: results }).tone).toBe("warning");
    expect(report({ ...restored, checklist: results.slice(0, 1) }).tone).toBe("good");
  });

  it("is a finding of readiness where the estate leaves items out", () => {
    const { checklist } = orderOf().estate;
    const { chat: _none, ...items } = checklist.items;

    expect(checklistFinding({ checklist }).found).toEqual([]);
    expect(checklistFinding({ checklist: { ...checklist, items } }).found).toMatchObject([
      { level: "degraded", remedy: expect.stringContaining("write probes for chat") as string },
    ]);
  });

  it("is of ten items, six of which the estate has to describe", () => {
    expect(ChecklistItem.options).toHaveLength(10);
    expect(ChecklistItem.options.filter(isProbed)).toHaveLength(6);
  });

  it("stands in records, and is missing in none from before it", () => {
    const checklist = [result("chat", "passed")];

    expect(RunRecord.parse({ ...runRecords.restored, checklist }).checklist).toEqual(checklist);
    expect(RunRecord.parse({ ...runRecords.restored, checklist: [] }).checklist).toEqual([]);
  });

  it("opens a call again that the restoration has closed", () => {
    const { contacts } = orderOf().estate;
    const event = (kind: "restored" | "ended", outcome?: Outcome) =>
      pagerDutyEvent(
        composeNotice({
          ...{ environment: "production", run: "r", kind, outcome, contacts, at },
          ...{ levels: ["primary"], subject: "s", lines: ["l"] },
        }),
        "key",
      );

    expect(event("restored")).toMatchObject({ event_action: "resolve" });
    expect(event("ended", "restored")).toMatchObject({ event_action: "resolve" });
    expect(event("ended", "restored-with-findings")).toMatchObject({
      event_action: "trigger",
      payload: { severity: "warning" },
    });
  });
});

describe("the checklist in the estate", () => {
  const http = (more: object) => ({ kind: "http", path: "/x", ...more });
  const logs = (more: object) => ({
    kind: "log-query",
    query: "AppEvents",
    expect: [{ atLeast: 1 }],
    ...more,
  });
  const problems = (probe: object): string => {
    const estate = sampleJson();
    estate.environments.production["checklist"] = { items: { chat: [probe] } };
    const parsed = parseEstate(JSON.stringify(estate), "estate.json");
    return parsed.ok ? "" : parsed.findings.join("; ");
  };
  const chat = "environments.production.checklist.items.chat";

  it.each<[object, string]>([
    [http({}), ""],
    [logs({}), ""],
    [http({ path: undefined }), `${chat}.0: names no place or two; write path`],
    [http({ url: "https://mcp.example.com/x" }), `${chat}.0: names no place or two`],
    [http({ path: undefined, url: "http://mcp.example.com" }), "write an address such as https://"],
    [http({ path: "x" }), `${chat}.0.path: write a path such as /chat`],
    [http({ headers: { "x-api-key": "in clear" } }), 'write {"secret": "its name in the vault"}'],
    [
      http({ expect: { equals: 1 } }),
      `${chat}.0.expect.equals: is compared with the value at a path`,
    ],
    [http({ expect: { jsonPath: "status" } }), "write a JSON path such as $.status"],
    [http({ expect: { jsonPath: "$.a[" } }), `${chat}.0.expect.jsonPath: "$.a[" is no JSON path`],
    [http({ expect: { matches: "(" } }), `${chat}.0.expect.matches: must be a regular expression`],
    [http({ expect: { within: "PT1M" } }), "write 20 seconds or less"],
    [logs({ expect: [{ column: "a" }] }), "asks for nothing; write atLeast, atMost or both"],
    [logs({ expect: [{ atMost: 0 }] }), `${chat}.0.expect: holds also where nothing was logged`],
    [logs({ workspace: "mine" }), "write a GUID"],
  ])("takes %j: %s", (probe, problem) => {
    expect(problems(probe)).toContain(problem);
    expect(problems(probe) === "").toBe(problem === "");
  });

  it("knows no other items, and waits between ten seconds and an hour", () => {
    const estate = sampleJson();
    estate.environments.production["checklist"] = { items: { tea: [] }, deadline: "PT2H" };
    const parsed = parseEstate(JSON.stringify(estate), "estate.json");

    expect(parsed).toMatchObject({
      ok: false,
      findings: [
        "environments.production.checklist.deadline: write 10 seconds to an hour, such as PT5M",
        "environments.production.checklist.items.tea: is not known here; remove it or check its spelling",
      ],
    });
  });
});
