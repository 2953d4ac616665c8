import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as containerApp from "../src/activities/container-app.contract.js";
import { containerAppActivities } from "../src/activities/container-app.js";
import * as evidence from "../src/activities/evidence.contract.js";
import { evidenceActivities } from "../src/activities/evidence.js";
import * as notices from "../src/activities/notices.contract.js";
import { deliveryActivities, postingActivity } from "../src/activities/notices.js";
import * as run from "../src/activities/run.contract.js";
import { runActivities } from "../src/activities/run.js";
import { settingKeys } from "../src/config/settings.js";
import { catalogue } from "../src/scenarios/catalogue.js";

const root = path.join(__dirname, "..");

/** Text that must be refused, where it would stand, and the rule that must refuse it. */
const refused = [
  [
    "src/domain/canary.ts",
    'import { stateStore } from "../state/state-store.js";',
    "boundaries/dependencies",
  ],
  ["src/domain/canary.ts", 'import { readFileSync } from "node:fs";', "no-restricted-imports"],
  ["src/domain/canary.ts", 'import axios from "axios";', "no-restricted-imports"],
  [
    "src/orchestrators/canary.ts",
    'import { ensure } from "../activities/ensure.js";',
    "boundaries/dependencies",
  ],
  [
    "src/orchestrators/canary.ts",
    'import { lazily } from "../azure/lazily.js";',
    "boundaries/dependencies",
  ],
  ["src/orchestrators/canary.ts", "export const at = Date.now();", "no-restricted-globals"],
  ["src/orchestrators/canary.ts", "export const at = new Date();", "no-restricted-globals"],
  ["src/orchestrators/canary.ts", "export const luck = Math.random();", "no-restricted-properties"],
  [
    "src/orchestrators/canary.ts",
    'export const page = fetch("https://example.com");',
    "no-restricted-globals",
  ],
  [
    "src/orchestrators/canary.ts",
    "export async function wait() { await Promise.resolve(); }",
    "no-restricted-syntax",
  ],
  [
    "src/orchestrators/canary.ts",
    "export function* bare(task: unknown) { yield task; }",
    "no-restricted-syntax",
  ],
  [
    "src/recovery/canary.ts",
    'import { DefaultAzureCredential } from "@azure/identity";',
    "no-restricted-imports",
  ],
  ["src/recovery/canary.ts", 'import { randomUUID } from "node:crypto";', "no-restricted-imports"],
  [
    "src/triggers/canary.ts",
    'import { recoverContainerApp } from "../orchestrators/recover-container-app.js";',
    "boundaries/dependencies",
  ],
  [
    "src/state/canary.ts",
    'import { BlobServiceClient } from "@azure/storage-blob";',
    "no-restricted-imports",
  ],
  ["src/state/canary.ts", "export const where = process.env;", "no-restricted-properties"],
  [
    "src/activities/canary.ts",
    'import { receiveAlert } from "../triggers/alerts/alerts.js";',
    "boundaries/dependencies",
  ],
  [
    "src/activities/canary.contract.ts",
    'import { lazily } from "../azure/lazily.js";',
    "boundaries/dependencies",
  ],
  [
    "src/azure/canary.ts",
    'import clock from "../../local/clock/preload.js";',
    "boundaries/dependencies",
  ],
  [
    "simulator/canary.ts",
    'import { minutes } from "../src/domain/duration.js";',
    "boundaries/dependencies",
  ],
] as const;

/** Text that must pass: a fence that refuses everything guards nothing. */
const accepted = [
  [
    "src/orchestrators/canary.ts",
    'export { probeHealth } from "../activities/container-app.contract.js";',
  ],
  ["src/activities/canary.ts", 'export { lazily } from "../azure/lazily.js";'],
] as const;

describe("import rules and the replay fence", () => {
  let broken: readonly (readonly string[])[];

  beforeAll(() => {
    const canaries = [...refused, ...accepted].map(([file, code]) => ({ file, code: `${code}\n` }));
    const lint = spawnSync(process.execPath, [path.join(__dirname, "support/lint-canaries.mjs")], {
      cwd: root,
      input: JSON.stringify(canaries),
      encoding: "utf8",
    });
    if (lint.status !== 0) throw new Error(lint.stderr);
    broken = JSON.parse(lint.stdout.split("\n").at(-2) ?? "[]") as string[][];
  }, 120_000);

  it.each(refused.map((canary, index) => [...canary, index] as const))(
    "in %s, %s breaks %s",
    (_file, _code, rule, index) => {
      expect(broken[index]).toContain(rule);
    },
  );

  it.each(accepted.map((canary, index) => [...canary, refused.length + index] as const))(
    "in %s, %s is allowed",
    (_file, _code, index) => {
      expect(broken[index]).toEqual([]);
    },
  );
});

describe("the repository", () => {
  it("runs on Node 22, whatever the machine has", () => {
    expect(process.versions.node).toMatch(/^22\./);
  });

  it("lists every setting in the sample, and no other", () => {
    const sample = JSON.parse(
      readFileSync(path.join(root, "local.settings.sample.json"), "utf8"),
    ) as {
      Values: Record<string, string>;
    };
    const platform = ["AzureWebJobsStorage", "FUNCTIONS_WORKER_RUNTIME"];

    expect(Object.keys(sample.Values).sort()).toEqual([...settingKeys, ...platform].sort());
  });

  it("implements every contract exactly once", () => {
    const unused = undefined as never;
    const implemented = [
      ...containerAppActivities(unused, unused, unused),
      ...evidenceActivities(unused, unused, unused),
      ...deliveryActivities(unused, unused),
      postingActivity(unused, unused, unused),
      ...runActivities(unused),
    ].map(({ name }) => name);
    const declared = [containerApp, evidence, notices, run].flatMap((contracts) =>
      Object.entries(contracts as Record<string, { readonly name: string }>).map(
        ([constant, { name }]) => {
          expect(name).toBe(constant);
          return name;
        },
      ),
    );

    expect(implemented.sort()).toEqual(declared.sort());
  });

  it.each(catalogue.map((scenario) => [scenario.id, scenario] as const))(
    "has a page and recorded histories for %s",
    (id, scenario) => {
      const page = readFileSync(path.join(root, `docs/scenarios/${id}.md`), "utf8");
      for (const { title } of Object.values(scenario.steps)) expect(page).toContain(title);
      const histories = readdirSync(path.join(__dirname, "histories"));
      expect(histories.filter((file) => file.startsWith(`${id}.`)).length).toBeGreaterThan(3);
    },
  );

  it("has the top level that the user fixed", () => {
    for (const entry of [
      "package.json",
      "tsconfig.json",
      "host.json",
      "local.settings.sample.json",
      "src/orchestrators",
      "src/activities",
      "src/triggers",
      "infra",
      "test",
    ]) {
      expect(existsSync(path.join(root, entry))).toBe(true);
    }
  });
});
