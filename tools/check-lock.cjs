"use strict";
// Checks package-lock.json for two faults that npm makes in silence: an optional platform package
// that the registry lacked is dropped ("npm ci" then fails elsewhere), and download addresses.
const { packages } = require("../package-lock.json");

const present = new Set(Object.keys(packages).map((key) => key.split("node_modules/").pop()));
const findings = [];
for (const [key, entry] of Object.entries(packages)) {
  const wanted = {
    ...entry.dependencies,
    ...entry.optionalDependencies,
    ...(key === "" ? entry.devDependencies : {}),
  };
  for (const name of Object.keys(wanted)) {
    if (!present.has(name)) findings.push(`${name}, wanted by ${key || "the root"}, has no entry`);
  }
  if (entry.resolved) findings.push(`${key} carries a download address`);
}
for (const finding of findings) console.error(`package-lock.json: ${finding}`);
if (findings.length > 0) {
  console.error("Remedy: delete node_modules and package-lock.json, then run npm install.");
  process.exit(1);
}
