"use strict";

/*
 * npm run templates             Writes what the templates make of each parameter file, in *.snapshot.json beside it: of
 *                               those in infra/, and of those in test/infra/every-option, which nobody deploys.
 * npm run templates -- --check  Fails on any finding of the compiler, and where a snapshot is not what the templates make.
 *                               With file names after it, only these are looked at.
 * Needs the compiler `bicep` on the path.
 */
const { execFile } = require("node:child_process");
const { readdirSync, readFileSync } = require("node:fs");
const path = require("node:path");

const folder = path.join(__dirname, "../infra");
const everyOption = "../test/infra/every-option";
/** Where each parameter file is deployed to in the sample estate. */
const subscriptions = {
  production: "0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c03",
  "non-production": "0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c01",
};
const tenant = "7e4a0000-0000-4000-8000-000000000001";

const run = (...args) =>
  new Promise((resolve) => {
    const options = { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 26, timeout: 120_000 };
    execFile("bicep", args, options, (error, stdout, stderr) => {
      if (error?.code === "ENOENT") {
        console.error(
          "there is no bicep on the path; its releases are single files, to be put there",
        );
        process.exit(1);
      }
      resolve({ isWell: error === null, stdout, stderr: stderr || (error?.message ?? "") });
    });
  });

/** Type errors are only warnings to the compiler, so any finding counts. */
async function findingsIn(template) {
  const { isWell, stdout, stderr } = await run("lint", template, "--diagnostics-format", "sarif");
  if (!stdout.startsWith("{")) return [`${template}: ${stderr}`];
  const results = JSON.parse(stdout).runs.flatMap((one) => one.results ?? []);
  const findings = results.map(({ ruleId, message }) => `${template}: ${ruleId}: ${message.text}`);
  return isWell || findings.length > 0 ? findings : [`${template}: ${stderr}`];
}

async function snapshot(parameters, mode) {
  const stage = parameters.replace(/^.*?(non-production|production)\.bicepparam$/, "$1");
  const { isWell, stdout, stderr } = await run(
    ...["snapshot", parameters, "--mode", mode, "--location", "westus"],
    ...["--subscription-id", subscriptions[stage], "--tenant-id", tenant],
  );
  return isWell ? [] : [`${parameters}: ${stdout}${stderr}`];
}

async function main() {
  const [wanted, check] = [process.argv.slice(2), process.argv.includes("--check")];
  const named = wanted.filter((argument) => !argument.startsWith("--"));
  const besides = readdirSync(path.join(folder, everyOption)).map((file) =>
    path.posix.join(everyOption, file),
  );
  const files = named.length > 0 ? named : [...readdirSync(folder), ...besides];
  // Modules are looked at with the templates that use them.
  const templates = files.filter(
    (file) =>
      file.endsWith(".bicep") &&
      (named.length > 0 ||
        /^targetScope = .subscription.$/m.test(readFileSync(path.join(folder, file), "utf8"))),
  );
  const parameterFiles = files.filter((file) => file.endsWith(".bicepparam"));
  const work = [
    ...templates.map((file) => () => findingsIn(file)),
    ...parameterFiles.map((file) => () => snapshot(file, check ? "validate" : "overwrite")),
  ];
  const findings = [];
  const worker = async () => {
    for (let next = work.shift(); next !== undefined; next = work.shift()) {
      findings.push(...(await next()));
    }
  };
  await Promise.all([worker(), worker()]);
  for (const finding of findings) console.error(finding);
  if (findings.length > 0) process.exitCode = 1;
  else
    console.log(
      `${templates.length} templates, ${parameterFiles.length} parameter files: no finding`,
    );
}

void main();
