"use strict";
// Checks tokens as the compiled app does: one JSON line { authorization } in, its verdict out. A
// process of its own, since Jest cannot load the library, which is an ES module.
const { createInterface } = require("node:readline");
const path = require("node:path");

const { entraTokens } = require(path.join(__dirname, "../../dist/src/azure/entra-tokens.js"));
const [settings, callTimeLimit] = JSON.parse(process.argv[2]);
const tokens = entraTokens(settings, callTimeLimit);

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, authorization } = JSON.parse(line);
  const verdict = await tokens.verify(authorization).catch((error) => ({ threw: String(error) }));
  process.stdout.write(`${JSON.stringify({ id, verdict })}\n`);
});
