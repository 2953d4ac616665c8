import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { loadEstate } from "../src/config/load-estate.js";
import { renderPage } from "./break-glass/page.js";
import { pagesOf } from "./break-glass/pages.js";

const help = `npm run break-glass -- [options]

Prints, for each environment and scenario of the estate, the page for a person who recovers it
without this service: the commands of the Azure CLI in order, with what each should print.

  --estate FILE       the estate; by default ESTATE_FILE, else config/estate.json
  --environment NAME  this environment alone
  --scenario NAME     this scenario alone
  --out DIR           write a Markdown file for each page instead of printing them
  --help              this text

Exit code: 0 pages were made, 2 wrong usage or no page.
`;

function main(): number {
  const { values } = parseArgs({
    options: {
      estate: { type: "string" },
      environment: { type: "string" },
      scenario: { type: "string" },
      out: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const file = values.estate ?? process.env["ESTATE_FILE"] ?? "config/estate.json";
  const loaded = loadEstate(file);
  if (!loaded.ok) throw new Error(`${file} cannot be used:\n${loaded.findings.join("\n")}`);
  const all = pagesOf(loaded.estate);
  const { environment, scenario, out } = values;
  const wanted = all.filter(
    (page) =>
      (environment === undefined || page.environment === environment) &&
      (scenario === undefined || page.scenario === scenario),
  );
  if (wanted.length === 0) {
    const known = all.map((page) => `${page.environment} ${page.scenario}`).join(", ");
    throw new Error(`there is no such page; there are ${known}`);
  }
  if (out === undefined) {
    process.stdout.write(wanted.map(renderPage).join("\n---\n\n"));
    return 0;
  }
  mkdirSync(out, { recursive: true });
  for (const page of wanted) {
    const to = path.join(out, `${page.environment}-${page.scenario}.md`);
    writeFileSync(to, renderPage(page));
    process.stderr.write(`${to}\n`);
  }
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\nnpm run break-glass -- --help says how.\n`);
  process.exitCode = 2;
}
