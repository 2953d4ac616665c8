/** Makes text safe between tags and in attributes. It comes from a library, so it is handed in. */
export type Escape = (text: string) => string;

/** A whole page that loads nothing: for a phone, a desk and paper, by day and by night. */
export const htmlPage = (title: string, body: string, escape: Escape): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escape(title)}</h1>
${body}</body>
</html>
`;

/** A list below a heading; nothing where it has no items. */
export function htmlList(
  heading: string,
  items: readonly string[],
  tag: "ol" | "ul",
  escape: Escape,
): string {
  if (items.length === 0) return "";
  const lines = items.map((item) => `<li>${escape(item)}</li>`).join("\n");
  return `<h2>${escape(heading)}</h2>\n<${tag}>\n${lines}\n</${tag}>\n`;
}

/** Names and values, two to a row. */
export const htmlFacts = (
  facts: readonly (readonly [name: string, value: string])[],
  escape: Escape,
): string => `<table class="facts">
${facts.map(([name, value]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td></tr>`).join("\n")}
</table>
`;

/** A table whose cells carry their column's name: on a narrow screen each row is a card. */
export function htmlTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  escape: Escape,
): string {
  const head = columns.map((name) => `<th scope="col">${escape(name)}</th>`).join("");
  const cell = (text: string, at: number): string =>
    `<td data-column="${escape(columns[at] ?? "")}">${escape(text)}</td>`;
  const lines = rows.map((cells) => `<tr>${cells.map(cell).join("")}</tr>`).join("\n");
  return `<table class="rows">
<thead><tr>${head}</tr></thead>
<tbody>
${lines}
</tbody>
</table>
`;
}

const style = `
:root { --text: #1b1b1b; --paper: #fff; --line: #ddd; --quiet: #5c5c5c; --good: #107c10; --good-paper: #eaf6ea; --warning: #b96a00; --warning-paper: #fff5e5; --bad: #c50f1f; --bad-paper: #fdecee; color-scheme: light dark; }
@media screen and (prefers-color-scheme: dark) { :root { --text: #eee; --paper: #1b1b1b; --line: #444; --quiet: #aaa; --good: #54b054; --good-paper: #12310f; --warning: #e0a030; --warning-paper: #3a2600; --bad: #f1707b; --bad-paper: #40090e; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: var(--text); background: var(--paper); overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 2rem; } h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
.facts th { width: 12rem; font-weight: 600; } .rows th { white-space: nowrap; } .rows td { min-width: 4rem; } .rows td[data-column="Step"], .rows td[data-column="Answer"] { min-width: 13rem; }
li { margin-bottom: .35rem; }
.verdict { padding: .75rem 1rem; border-left: .4rem solid; font-weight: 600; }
.good { border-color: var(--good); background: var(--good-paper); } .warning { border-color: var(--warning); background: var(--warning-paper); } .bad { border-color: var(--bad); background: var(--bad-paper); }
figure { margin: 1rem 0; } figcaption { color: var(--quiet); font-size: .9rem; }
svg { display: block; width: 100%; max-width: 34rem; height: auto; } svg text { fill: var(--quiet); font: 12px system-ui, sans-serif; }
svg .axis { stroke: var(--line); } svg .target { stroke: var(--quiet); stroke-dasharray: 5 4; fill: none; } svg .way { stroke: var(--line); fill: none; } svg .met { fill: var(--good); } svg .missed { fill: var(--bad); }
@media screen and (max-width: 54rem) {
  .rows, .rows tbody { display: block; } .rows thead { display: none; } .rows tr { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; padding: .6rem 0; border-bottom: 1px solid var(--line); }
  .rows td { border: 0; padding: 0; min-width: 0; max-width: 100%; flex: 0 1 auto; } .rows td:empty { display: none; }
  .rows td::before { content: attr(data-column) " "; color: var(--quiet); font-size: .85rem; font-weight: 400; }
  .rows td:is([data-column="Step"], [data-column="Detail"], [data-column="Reason"], [data-column="Answer"], [data-column="Scenario"], [data-column="Action"], [data-column="Who"], [data-column="Run"]) { flex-basis: 100%; }
  .rows td:is([data-column="Step"], [data-column="Action"], [data-column="Who"], [data-column="Scenario"]) { order: -1; font-weight: 600; }
  .rows td:is([data-column="Step"], [data-column="Detail"], [data-column="Answer"], [data-column="Action"])::before { content: none; }
}
@media screen and (max-width: 40rem) {
  body { margin: 1rem auto; } h1 { font-size: 1.3rem; } ol, ul { padding-left: 1.5rem; }
  .facts, .facts tbody { display: block; } .facts tr { display: flex; gap: .6rem; padding: .35rem 0; border-bottom: 1px solid var(--line); }
  .facts th, .facts td { border: 0; padding: 0; } .facts th { flex: 0 0 6.5rem; width: auto; color: var(--quiet); font-size: .85rem; } .facts td { flex: 1; min-width: 0; }
}
@media print {
  @page { margin: 12mm; }
  body { font-size: 9.5pt; max-width: none; margin: 0; padding: 0; } h2 { margin-top: 1.2rem; } h2, h3 { break-after: avoid; } tr, li, figure, .verdict { break-inside: avoid; } thead { display: table-header-group; }
  th, td { padding: .2rem .4rem; } .rows { font-size: 8.5pt; } .rows td { min-width: 0; } .rows td[data-column="Step"], .rows td[data-column="Answer"] { min-width: 10em; } .rows td[data-column="Detail"] { min-width: 20em; } .rows td[data-column="Took"] { min-width: 4em; }
  .verdict { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
