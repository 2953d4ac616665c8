"use strict";

/*
 * Fails where the version that host.json gives to new runs is not listed in test/histories/released.json: what is
 * deployed has runs in flight, and only of listed versions do the tests keep the orders of steps.
 */
const { readFileSync } = require("node:fs");
const path = require("node:path");

const read = (file) => JSON.parse(readFileSync(path.join(__dirname, "..", file), "utf8"));

const { defaultVersion } = read("host.json").extensions.durableTask;
if (!read("test/histories/released.json").includes(defaultVersion)) {
  console.error(
    `defaultVersion ${defaultVersion} of host.json is not in test/histories/released.json: add it and commit, then deploy (CONTRIBUTING.md, Changing the order of steps)`,
  );
  process.exitCode = 1;
}
