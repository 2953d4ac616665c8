"use strict";

/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  transform: { "^.+\\.ts$": ["ts-jest", { tsconfig: "tsconfig.json" }] },
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  testTimeout: 30_000,
  // v8 coverage is many times slower on a suite of this shape.
  coverageProvider: "babel",
  collectCoverageFrom: ["src/**/*.ts", "!src/main.ts"],
  coverageReporters: ["text-summary", "json-summary"],
};
