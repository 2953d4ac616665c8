import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { findOnPath } from "../simulator/program.js";

/** Chromium, under whichever name the machine has it. */
export const chromium = ["chromium", "chromium-browser", "google-chrome"]
  .map(findOnPath)
  .find((program) => program !== undefined);

/** A page on a screen or paper so wide. */
export interface Shown {
  readonly html: string;
  readonly width: number;
}

/**
 * What sticks out to the right of each page, by tag and text. All are shown by one browser, in frames:
 * a window has a least width, and a frame has none.
 */
export const overflowsOf = (pages: readonly Shown[]): Promise<readonly (readonly string[])[]> =>
  inFolder(async (folder, run) => {
    const frames = await Promise.all(
      pages.map(async ({ html, width }, nth) => {
        await writeFile(path.join(folder, `${nth}.html`), html);
        return `<iframe src="${nth}.html" style="border:0;width:${width}px;height:800px"></iframe>`;
      }),
    );
    const page = path.join(folder, "pages.html");
    await writeFile(
      page,
      `<!doctype html><body>${frames.join("")}<script>${measure}</script></body>`,
    );
    const dom = await run(page, "--dump-dom", "--virtual-time-budget=3000");
    const found = /<pre>RESULT(.*?)RESULT<\/pre>/s.exec(dom)?.[1];
    if (found === undefined) throw new Error(`the pages were not measured:\n${dom.slice(0, 500)}`);
    return JSON.parse(found) as string[][];
  });

const measure = `addEventListener("load", () => {
  const outOf = (frame) => {
    const { body, documentElement } = frame.contentDocument;
    const width = frame.clientWidth;
    const out = [...body.querySelectorAll("*")]
      .filter((each) => each.getBoundingClientRect().right > width + 0.5)
      .map((each) => each.tagName + ": " + each.textContent.slice(0, 60));
    return documentElement.scrollWidth > width ? [...out, "it scrolls sideways"] : out;
  };
  const said = document.createElement("pre");
  const found = [...document.querySelectorAll("iframe")].map(outOf);
  said.textContent = "RESULT" + JSON.stringify(found) + "RESULT";
  document.body.append(said);
});`;

/** How many pages it is on paper. */
export const printedPagesOf = (html: string): Promise<number> =>
  inFolder(async (folder, run) => {
    const page = path.join(folder, "page.html");
    const file = path.join(folder, "page.pdf");
    await writeFile(page, html);
    await run(page, `--print-to-pdf=${file}`, "--no-pdf-header-footer");
    const pdf = (await readFile(file)).toString("latin1");
    return [...pdf.matchAll(/\/Type\s*\/Page\b/g)].length;
  });

type Run = (page: string, ...more: readonly string[]) => Promise<string>;

async function inFolder<T>(work: (folder: string, run: Run) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "browser-"));
  const run: Run = async (page, ...more) => {
    const { stdout } = await promisify(execFile)(
      chromium ?? "chromium",
      [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        ...["--no-first-run", "--allow-file-access-from-files"],
        `--user-data-dir=${path.join(folder, "profile")}`,
        ...more,
        `file://${page}`,
      ],
      { timeout: 60_000, maxBuffer: 16 * 1024 * 1024 },
    );
    return stdout;
  };
  try {
    return await work(folder, run);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
