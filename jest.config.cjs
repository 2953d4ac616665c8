"use strict";

/** Activities that are tested against the simulated Azure, in processes of their own that coverage does not see. */
const testedApart = [
  ...["account-diagnosis", "account-in-use", "apps-word", "cache-connection", "cache-creation"],
  ...["drill", "drill-faults", "drill-region-state", "drill-state", "edge", "key-vault-failure"],
  "readiness/check-*",
  ...["redis-failback", "redis-failure", "region-probe", "region-silence", "region-witnesses"],
  ...["standby", "storage-failure", "traffic", "vault-diagnosis"],
];

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
  collectCoverageFrom: [
    "src/**/*.ts",
    "!src/main.ts",
    ...testedApart.map((activity) => `!src/activities/${activity}.ts`),
  ],
  coverageReporters: ["text-summary", "json-summary"],
  // What ports, endpoints and whole stacks run in processes of their own is not in these figures either.
  coverageThreshold: {
    "./src/domain/": { lines: 100, functions: 100, statements: 99, branches: 90 },
    "./src/recovery/": { lines: 90, functions: 90, statements: 90, branches: 85 },
    "./src/activities/": { lines: 90, functions: 90, statements: 90, branches: 88 },
    "./src/orchestrators/": { lines: 90, functions: 90, statements: 90, branches: 86 },
    "./src/state/": { lines: 80, functions: 70, statements: 80, branches: 75 },
  },
};
