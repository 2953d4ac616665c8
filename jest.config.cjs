"use strict";

/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  transform: { "^.+\\.ts$": ["ts-jest", { tsconfig: "tsconfig.json" }] },
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  testTimeout: 30_000,
  // The tests that take longest wait for other processes, so both cores of a small machine help.
  maxWorkers: 2,
  // v8 coverage is many times slower on a suite of this shape.
  coverageProvider: "babel",
  collectCoverageFrom: ["src/**/*.ts", "!src/main.ts"],
  coverageReporters: ["text-summary", "json-summary"],
  // Ports, endpoints and whatever is tested on the whole stack run in processes of their own, which
  // these figures do not see.
  coverageThreshold: {
    "./src/domain/": { lines: 100, functions: 100, statements: 99, branches: 90 },
    "./src/recovery/": { lines: 90, functions: 90, statements: 90, branches: 85 },
    "./src/activities/": { lines: 90, functions: 90, statements: 90, branches: 88 },
    "./src/orchestrators/": { lines: 90, functions: 90, statements: 90, branches: 86 },
    "./src/state/": { lines: 80, functions: 70, statements: 80, branches: 75 },
  },
};
