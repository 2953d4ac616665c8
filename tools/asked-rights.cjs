"use strict";

/*
 * npm run asked-rights -- FOLDER          Records what the service needed of the simulated Azure in the tests that
 *                                         ran with ASKED_RIGHTS=FOLDER: test/golden/asked-rights.json.
 * npm run asked-rights -- FOLDER --check  Fails where they needed something else than is recorded.
 */
const { readdirSync, readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const [folder] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const golden = path.join(__dirname, "../test/golden/asked-rights.json");
const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const asked = new Set(readdirSync(folder).flatMap((file) => read(path.join(folder, file))));

if (!process.argv.includes("--check")) {
  writeFileSync(golden, `${JSON.stringify([...asked].sort(), null, 2)}\n`);
} else {
  const known = new Set(read(golden));
  const fresh = [...asked].filter((right) => !known.has(right));
  const stale = [...known].filter((right) => !asked.has(right));
  for (const right of fresh) console.error(`${right}: needed, but not recorded`);
  for (const right of stale) console.error(`${right}: recorded, but no test needed it`);
  if (fresh.length + stale.length > 0) process.exitCode = 1;
}
