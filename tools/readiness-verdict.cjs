"use strict";

/*
 * Reads the answer of GET /api/readiness from standard input and prints each environment's verdict with what stands
 * in its way. Ends with 1 as long as an environment was never looked at; what is not ready yet is for people to mend.
 */
const { readFileSync } = require("node:fs");

const { environments } = JSON.parse(readFileSync(0, "utf8"));
for (const { environment, verdict, evaluatedAt, findings } of environments) {
  console.log(`${environment}: ${verdict}${evaluatedAt === undefined ? ", never looked at" : ""}`);
  for (const { level, what, remedy } of findings) {
    console.log(`  ${level}: ${what}\n    ${remedy}`);
  }
}
const isKnown = environments.every(({ evaluatedAt }) => evaluatedAt !== undefined);
if (environments.length === 0 || !isKnown) process.exitCode = 1;
