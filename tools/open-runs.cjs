"use strict";

/*
 * Reads the answer of GET /api/recoveries from standard input and prints what is under way. Ends with 1 where that
 * should not be disturbed: all but backups, proofs and pruning, which are made again, and plans, which change nothing.
 */
const { readFileSync } = require("node:fs");

const { running } = JSON.parse(readFileSync(0, "utf8"));
const isRoutine = ({ checkpoint }) =>
  checkpoint !== undefined &&
  (checkpoint.mode === "plan" || /-(backup|proof|pruning)$/.test(checkpoint.scenario));

for (const { id, checkpoint } of running) {
  const where = checkpoint === undefined ? "it has not said anything yet" : checkpoint.step.title;
  console.error(`${id} is under way: ${where}`);
}
const disturbing = running.filter((run) => !isRoutine(run));
if (disturbing.length > 0) {
  console.error(
    "wait until they have ended, or cancel them (POST /api/recoveries/{id}/cancel); to deploy all the same, set DEPLOY_DURING_RUNS=1",
  );
  process.exitCode = 1;
}
