import fc from "fast-check";
import { evaluate, type Table } from "../../simulator/log-analytics/kql/evaluate.js";
import { KqlError } from "../../simulator/log-analytics/kql/kql-error.js";
import { parse } from "../../simulator/log-analytics/kql/parser.js";
import { tokenize } from "../../simulator/log-analytics/kql/tokenizer.js";

const NOW = Date.parse("2026-11-22T12:00:00Z");

const REQUESTS: Table = {
  columns: [
    { name: "TimeGenerated", type: "datetime" },
    { name: "Name", type: "string" },
    { name: "Success", type: "bool" },
    { name: "DurationMs", type: "real" },
  ],
  rows: [
    [new Date(NOW - 600_000), "GET /health", true, 20],
    [new Date(NOW - 300_000), "POST /mcp", false, 1000],
    [new Date(NOW - 60_000), "POST /mcp", true, 40],
    [new Date(NOW - 30_000), "GET /health", false, null],
  ],
};
const TRACES: Table = {
  columns: [
    { name: "TimeGenerated", type: "datetime" },
    { name: "Message", type: "string" },
  ],
  rows: [[new Date(NOW), "worker pool exhausted"]],
};

const run = (query: string): unknown[][] => {
  const tables: Readonly<Record<string, Table>> = { Requests: REQUESTS, Traces: TRACES };
  const { rows } = evaluate(parse(query), (name) => tables[name], NOW);
  return rows.map((row) =>
    row.map((value) => (value instanceof Date ? value.toISOString() : value)),
  );
};
const columns = (query: string): string[] =>
  evaluate(parse(query), () => REQUESTS, NOW).columns.map(({ name, type }) => `${name}: ${type}`);

it.each([
  ['Requests | where Name == "GET /health" and Success | count', [[1]]],
  ['Requests | where Name =~ "get /HEALTH" | count', [[2]]],
  ['Requests | where Name != "GET /health" or not(Success) | count', [[3]]],
  ['Requests | where Name contains "HEAL" | count', [[2]]],
  ['Requests | where Name !contains "heal" | count', [[2]]],
  ['Requests | where Name startswith "post" | count', [[2]]],
  ['Requests | where Name has "health" and Name !has "heal" | count', [[2]]],
  ['Requests | where Name in ("POST /mcp", "x") | count', [[2]]],
  ['Requests | where Name !in ("POST /mcp") | count', [[2]]],
  ['Requests | where Name in~ ("post /MCP") | count', [[2]]],
  ["Requests | where DurationMs >= 40 | count", [[2]]],
  ["Requests | where TimeGenerated > ago(5m) | count", [[2]]],
  ["Requests | where TimeGenerated >= ago(5m) | count", [[3]]],
  ["Requests | where TimeGenerated between (ago(5m) .. now() - 1m) | count", [[2]]],
  ["Requests | where TimeGenerated < datetime(2026-11-22T11:52:00Z) | count", [[1]]],
  ["Requests | where TimeGenerated < datetime(2026-11-22 11:52) | count", [[1]]],
  ["Requests | where isnull(DurationMs) | count // the last one", [[1]]],
  ["Traces | where Message has 'pool'", [["2026-11-22T12:00:00.000Z", "worker pool exhausted"]]],
])("%s", (query, expected) => {
  expect(run(query)).toEqual(expected);
});

it("projects and extends", () => {
  expect(
    run(
      'Requests | take 1 | extend s = DurationMs / 1000, Name = strcat(Name, "!") | project s, Name',
    ),
  ).toEqual([[0.02, "GET /health!"]]);
  expect(columns("Requests | extend n = toint(DurationMs) | project n, t = tostring(n)")).toEqual([
    "n: long",
    "t: string",
  ]);
});

it("summarizes by groups and bins", () => {
  expect(
    run(
      `Requests | summarize n = count(), bad = countif(not(Success)), slowest = max(DurationMs),
       mean = avg(DurationMs), total = sum(DurationMs), least = min(DurationMs), kinds = dcount(Success)
       by Name | sort by Name asc`,
    ),
  ).toEqual([
    ["GET /health", 2, 1, 20, 20, 20, 20, 2],
    ["POST /mcp", 2, 1, 1000, 520, 1040, 40, 2],
  ]);
  expect(
    run("Requests | summarize count() by bin(TimeGenerated, 5m) | order by TimeGenerated asc"),
  ).toEqual([
    ["2026-11-22T11:50:00.000Z", 1],
    ["2026-11-22T11:55:00.000Z", 3],
  ]);
  expect(columns("Requests | summarize count(), avg(DurationMs) by Name")).toEqual([
    "Name: string",
    "count_: long",
    "avg_DurationMs: real",
  ]);
  expect(run("Requests | where false | summarize count()")).toEqual([[0]]);
});

it("orders descending unless told otherwise, and keeps the top", () => {
  const ordered = run(
    "Requests | where isnotnull(DurationMs) | order by DurationMs | project DurationMs",
  );
  expect(ordered).toEqual([[1000], [40], [20]]);
  expect(run("Requests | top 1 by TimeGenerated asc | project Name")).toEqual([["GET /health"]]);
  expect(
    run("Requests | sort by Name asc, DurationMs desc | project DurationMs | limit 3"),
  ).toEqual([[20], [null], [1000]]);
});

it("unites tables and leaves out those that do not exist when asked to", () => {
  expect(run("union Requests, Traces | summarize count(), dcount(Message)")).toEqual([[5, 1]]);
  expect(run("union isfuzzy=true Missing, Traces | count")).toEqual([[1]]);
  expect(() => run("union Requests, Missing")).toThrow(KqlError);
  expect(() => run("union isfuzzy=true Missing, Absent")).toThrow(KqlError);
});

it.each([
  ["Requests |", "SyntaxError"],
  ["Requests | where Name ==", "SyntaxError"],
  ["Requests | where (Success", "SyntaxError"],
  ["Requests | take many", "SyntaxError"],
  ["Requests | mv-expand Name", "SyntaxError"],
  ["Requests where Success", "SyntaxError"],
  ['Requests | where Name == "open', "SyntaxError"],
  ["Requests | where TimeGenerated > datetime(soon)", "SyntaxError"],
  ["Requests | where Name", "SemanticError"],
  ["Requests | where Name > 3", "SemanticError"],
  ["Requests | where TimeGenerated > 1h", "SemanticError"],
  ["Requests | extend a = Name + 1", "SemanticError"],
  ["Requests | summarize percentile(DurationMs, 95)", "SemanticError"],
  ["Requests | summarize count(Name)", "SemanticError"],
  ["Requests | extend a = parse_json(Name)", "SemanticError"],
  ["Requests | extend a = ago()", "SemanticError"],
])("refuses %s", (query, kind) => {
  expect(() => run(query)).toThrow(expect.objectContaining({ kind }) as Error);
});

it("reads any string literal back as it was meant", () => {
  const escaped = fc.constantFrom('"', "\\", "\n", "\r", "\t");
  const printable = fc.string({ minLength: 1, maxLength: 1 });
  fc.assert(
    fc.property(fc.string({ unit: fc.oneof(escaped, printable) }), (text) => {
      const [token] = tokenize(JSON.stringify(text));
      expect(token).toMatchObject({ kind: "string", text });
    }),
    { numRuns: 500 },
  );
});

it("either answers or refuses, whatever it is given", () => {
  const words = fc.constantFrom(
    ...[
      "Requests",
      "|",
      "where",
      "summarize",
      "count()",
      "by",
      "Name",
      "==",
      '"a"',
      "(",
      ")",
      "5m",
      ",",
    ],
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
      try {
        run(parts.join(" "));
      } catch (error) {
        expect(error).toBeInstanceOf(KqlError);
      }
    }),
  );
});

describe("a dynamic column", () => {
  const events: Table = {
    columns: [
      { name: "Name", type: "string" },
      { name: "Properties", type: "dynamic" },
      { name: "Measurements", type: "dynamic" },
    ],
    rows: [
      ["chat-cost", '{"tenant":"contoso","run":"a-1","of":{"model":"m"}}', '{"cost":0.5}'],
      ["chat-cost", '{"tenant":"fabrikam"}', '{"cost":0.25,"tokens":2}'],
      ["other", null, null],
    ],
  };
  const ask = (query: string) => evaluate(parse(query), () => events, NOW).rows;

  it.each([
    ['Events | where tostring(Properties.tenant) == "contoso" | count', [[1]]],
    ['Events | where tostring(Properties["tenant"]) == "fabrikam" | count', [[1]]],
    ['Events | where tostring(Properties.of.model) == "m" | count', [[1]]],
    ['Events | where Properties has "a-1" | count', [[1]]],
    ['Events | where Properties.tenant contains "oso" | count', [[1]]],
    ['Events | where Name == "chat-cost" | summarize sum(todouble(Measurements.cost))', [[0.75]]],
    ["Events | where isnull(tolong(Measurements.tokens)) | count", [[2]]],
  ])("%s", (query, expected) => {
    expect(ask(query)).toEqual(expected);
  });

  it.each([
    ['Events | where Properties.tenant == "contoso"', "Cannot compare values of types dynamic"],
    ["Events | where Name.length == 1", "'length' is asked of a string"],
    ["Events | project Properties.1", "expected the name of a member"],
    ["Events | project Properties[1]", "expected the name of a member"],
  ])("refuses %s", (query, message) => {
    expect(() => ask(query)).toThrow(message);
  });
});
