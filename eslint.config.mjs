import js from "@eslint/js";
import boundaries from "eslint-plugin-boundaries";
import tseslint from "typescript-eslint";

/** Folders of `src` are layers; see ARCHITECTURE.md for the table this encodes. */
const layer = (type, pattern) => ({ type, pattern });
const may = (from, ...to) => ({
  from: { element: { type: from } },
  allow: { to: { element: { type: to } } },
});

/** What replayed code may not touch: it must give the same answer each time it is run again. */
const impureGlobals = [
  "Date",
  "fetch",
  "process",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "crypto",
  "Buffer",
].map((name) => ({ name, message: "replayed code takes time, ids and results from its context" }));

const goneInVersion4 = {
  selector:
    "MemberExpression[property.name=/^(lock|isLocked|callHttp)$/][object.property.name='df']",
  message: "gone in version 4 of durable-functions",
};

const nothingAsync = [
  { selector: "AwaitExpression", message: "replayed code yields, it never awaits" },
  { selector: ":function[async=true]", message: "replayed code is a generator" },
];

const environmentOfProcess = {
  object: "process",
  property: "env",
  message: "main.ts hands the environment to config/settings.ts, its only reader",
};

const restrictedImports = (patterns) => ["error", { patterns }];
const sdk = {
  group: ["@azure/*", "@opentelemetry/*", "!@azure/functions"],
  message: "only src/azure speaks to the SDKs",
};
const node = { group: ["node:*"], message: "this folder is pure" };
const library = {
  regex: "^(?!zod$)[^.].*",
  message: "src/domain imports zod and nothing else",
};

export default tseslint.config(
  { ignores: ["dist/**", "coverage/**", "node_modules/**", "test/**/fixtures/**"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        // The canaries of test/architecture.test.ts are text without a file.
        projectService: {
          allowDefaultProject: ["src/*/canary*.ts", "simulator/canary.ts"],
          maximumDefaultProjectFileMatchCount_THIS_WILL_SLOW_DOWN_LINTING: 20,
        },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // A name shared by a zod schema and its type is this project's convention.
      "@typescript-eslint/no-redeclare": "off",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      eqeqeq: "error",
    },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: {
      globals: { process: "readonly", console: "readonly", Buffer: "readonly" },
    },
  },
  {
    files: ["**/*.cjs"],
    languageOptions: {
      sourceType: "commonjs",
      globals: {
        require: "readonly",
        module: "writable",
        process: "readonly",
        console: "readonly",
        __dirname: "readonly",
      },
    },
  },
  {
    files: ["src/**/*.ts", "local/**/*.ts", "simulator/**/*.ts", "tools/**/*.ts", "bench/**/*.ts"],
    plugins: { boundaries },
    settings: {
      "import/resolver": { typescript: { project: "tsconfig.json", alwaysTryTypes: true } },
      "boundaries/elements": [
        layer("domain", "src/domain"),
        layer("scenarios", "src/scenarios"),
        layer("durable", "src/durable"),
        layer("recovery", "src/recovery"),
        layer("orchestrators", "src/orchestrators"),
        layer("activities", "src/activities"),
        layer("azure", "src/azure"),
        layer("state", "src/state"),
        layer("triggers", "src/triggers"),
        layer("config", "src/config"),
        layer("main", "src"),
        layer("local", "local"),
        layer("simulator", "simulator"),
        layer("tools", "tools"),
        layer("bench", "bench"),
      ],
      "boundaries/files": [{ category: "contract", pattern: "**/*.contract.ts" }],
    },
    rules: {
      "boundaries/no-unknown-files": "error",
      "boundaries/dependencies": [
        "error",
        {
          default: "disallow",
          policies: [
            may("domain", "domain"),
            may("scenarios", "scenarios", "domain"),
            may("durable", "durable", "domain"),
            may("recovery", "recovery", "domain", "scenarios", "durable"),
            may("orchestrators", "orchestrators", "domain", "scenarios", "durable", "recovery"),
            may("azure", "azure", "domain"),
            may("state", "state", "domain", "azure"),
            may("activities", "activities", "domain", "durable", "azure", "state"),
            may("triggers", "triggers", "domain", "scenarios", "state"),
            // Replayed code knows an activity's name, shapes and patience, never its code.
            {
              from: { element: { type: ["recovery", "orchestrators"] } },
              allow: { to: { file: { categories: "contract" } } },
            },
            {
              from: { file: { categories: "contract" } },
              disallow: { to: { element: { type: ["activities", "azure", "state"] } } },
            },
            may("config", "config", "domain"),
            may("simulator", "simulator"),
            may("tools", "tools", "config", "domain", "scenarios", "azure", "state"),
            may(
              "main",
              "domain",
              "scenarios",
              "durable",
              "recovery",
              "orchestrators",
              "activities",
              "azure",
              "state",
              "triggers",
              "config",
            ),
            may("bench", "bench", "local", "simulator", "domain", "scenarios"),
            may("local", "local", "simulator", "domain", "scenarios", "config"),
          ],
        },
      ],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/main.ts"],
    rules: { "no-restricted-properties": ["error", environmentOfProcess] },
  },
  {
    files: ["src/domain/**/*.ts"],
    rules: { "no-restricted-imports": restrictedImports([library]) },
  },
  {
    files: ["src/scenarios/**/*.ts"],
    rules: { "no-restricted-imports": restrictedImports([sdk, node]) },
  },
  {
    files: [
      "src/activities/**/*.ts",
      "src/state/**/*.ts",
      "src/triggers/**/*.ts",
      "src/config/**/*.ts",
    ],
    rules: { "no-restricted-imports": restrictedImports([sdk]) },
  },
  {
    // The replay fence.
    files: ["src/orchestrators/**/*.ts", "src/recovery/**/*.ts", "src/durable/**/*.ts"],
    rules: {
      "no-restricted-globals": ["error", ...impureGlobals],
      "no-restricted-properties": [
        "error",
        environmentOfProcess,
        { object: "Math", property: "random", message: "replayed code is deterministic" },
      ],
      "no-restricted-imports": restrictedImports([sdk, node]),
      "no-restricted-syntax": ["error", goneInVersion4],
    },
  },
  {
    files: ["src/recovery/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", goneInVersion4, ...nothingAsync] },
  },
  {
    // Steps delegate with yield*, so that every result keeps its type.
    files: ["src/orchestrators/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "YieldExpression[delegate=false]",
          message: "use yield* and the recovery vocabulary",
        },
        goneInVersion4,
        ...nothingAsync,
      ],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "jest", property: "mock", message: "make the dependency a parameter" },
      ],
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
);
