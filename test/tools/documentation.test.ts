import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseEstate } from "../../src/config/load-estate.js";

const root = path.join(__dirname, "../..");
const pages = globSync(["*.md", "docs/**/*.md", "local/*.md", "simulator/*.md"], { cwd: root });
const textOf = (page: string): string => readFileSync(path.join(root, page), "utf8");

/** The anchors of a page, as GitHub makes them of headings; those of the same words are counted. */
function anchorsOf(page: string): ReadonlySet<string> {
  const used = new Map<string, number>();
  const prose = textOf(page).replace(/^```[^]*?^```/gm, "");
  return new Set(
    [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => {
      const plain = heading
        .toLowerCase()
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .replace(/[^\p{L}\p{N}_\- ]/gu, "")
        .replaceAll(" ", "-");
      const before = used.get(plain) ?? 0;
      used.set(plain, before + 1);
      return before === 0 ? plain : `${plain}-${before}`;
    }),
  );
}

function brokenLinksOf(page: string): readonly string[] {
  const prose = textOf(page).replace(/^```[^]*?^```/gm, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
    if (/^(https?|mailto):/.test(link)) return [];
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(root, target))) return [`${page}: ${link}`];
    const isThere = anchor === undefined || anchorsOf(target).has(anchor);
    return isThere ? [] : [`${page}: ${link}`];
  });
}

describe("the documentation", () => {
  it("leads nowhere that is not there", () => {
    expect(pages.length).toBeGreaterThan(25);
    expect(pages.flatMap(brokenLinksOf)).toEqual([]);
  });

  it("has every page of docs in its index", () => {
    const index = textOf("docs/README.md");
    const missing = globSync("docs/{,scenarios/}*.md", { cwd: root })
      .map((page) => path.relative("docs", page))
      .filter((page) => page !== "README.md" && !index.includes(`(${page}`));
    expect(missing).toEqual([]);
  });

  it("names no script that package.json has not", () => {
    const { scripts } = JSON.parse(textOf("package.json")) as { scripts: object };
    const named = pages.flatMap((page) =>
      [...textOf(page).matchAll(/npm run (?:-s |--silent )?([a-z][a-z:-]*)/g)].flatMap(
        ([, script = ""]) => (script in scripts ? [] : [`${page}: ${script}`]),
      ),
    );
    expect(named).toEqual([]);
  });

  it("shows a smallest estate that can be used", () => {
    const [, json = ""] =
      /^```json\n([^]*?)^```/m.exec(textOf("docs/describing-an-estate.md")) ?? [];
    expect(parseEstate(json, "the page")).toMatchObject({ ok: true });
  });
});
