"use strict";

/*
 * npm run package             Writes dist/package, which is what is deployed, and dist/package.zip of it.
 * npm run package -- --help   This text.
 *
 * One file of code with its source map, the host's settings, the estate file that ESTATE_FILE names (config/estate.sample.json
 * by default) and a software bill of materials. The same sources give the same bytes.
 */
const { execFileSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} = require("node:fs");
const path = require("node:path");
const { build } = require("esbuild");
const { zipSync } = require("fflate");

const root = path.join(__dirname, "..");
const folder = path.join(root, "dist/package");
const archive = path.join(root, "dist/package.zip");
/** Zip knows no time before 1980, and no time of the build belongs into it. */
const mtime = new Date(1980, 0, 1);

async function bundle() {
  await build({
    absWorkingDir: root,
    entryPoints: ["src/main.ts"],
    outfile: path.join(folder, "main.js"),
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    minify: true,
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: "linked",
    // The worker of the Functions host supplies it.
    external: ["@azure/functions-core"],
    logLevel: "warning",
  });
}

/** What the bundle was made of, without the time and the number that would make each one another. */
function billOfMaterials() {
  const args = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"];
  const bill = JSON.parse(
    execFileSync("npm", args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 }),
  );
  // With --omit dev npm leaves out what development tools need as well.
  const isForDevelopment = ({ properties = [] }) =>
    properties.some(({ name, value }) => name.endsWith(":development") && value === "true");
  bill.components = bill.components.filter((each) => !isForDevelopment(each));
  const kept = new Set(bill.components.map((each) => each["bom-ref"]));
  bill.dependencies = bill.dependencies.filter(({ ref }) => kept.has(ref));
  delete bill.serialNumber;
  delete bill.metadata.timestamp;
  // The version of npm that wrote it says nothing of what is in the bundle.
  delete bill.metadata.tools;
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function estateFile() {
  const named = process.env["ESTATE_FILE"] ?? "config/estate.sample.json";
  const inside = path.relative(root, path.resolve(root, named));
  if (inside.startsWith("..")) throw new Error(`ESTATE_FILE ${named} lies outside of the project`);
  return inside;
}

async function main() {
  if (process.argv.includes("--help")) {
    const [, text = ""] =
      /\/\*\n([\s\S]*?)\*\//.exec(readFileSync(path.join(__dirname, "package.cjs"), "utf8")) ?? [];
    process.stdout.write(text.replace(/^ \* ?/gm, ""));
    return;
  }
  const estate = estateFile();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, path.dirname(estate)), { recursive: true });
  await bundle();
  const { name, version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const manifest = { name, version, private: true, main: "main.js" };
  writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(path.join(folder, "bill-of-materials.json"), billOfMaterials());
  copyFileSync(path.join(root, "host.json"), path.join(folder, "host.json"));
  copyFileSync(path.join(root, estate), path.join(folder, estate));

  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => path.relative(folder, path.join(each.parentPath, each.name)))
    .sort();
  const entries = names.map((each) => [each, [readFileSync(path.join(folder, each)), { mtime }]]);
  const bytes = zipSync(Object.fromEntries(entries), { level: 9, mtime });
  writeFileSync(archive, bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  process.stdout.write(
    `${path.relative(root, archive)}: ${names.join(", ")}; ${bytes.length} bytes, SHA-256 ${sha256}\n`,
  );
}

main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
