import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { drillRunActivities } from "../src/activities/drill.js";
import { postingActivity } from "../src/activities/notices.js";
import { readSettings } from "../src/config/settings.js";
import { activitiesOf } from "../src/every-activity.js";
import { portsOf } from "../src/ports.js";
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
    'import { trace } from "@opentelemetry/api";',
    "no-restricted-imports",
  ],
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

function sampleSettings(): Record<string, string> {
  const text = readFileSync(path.join(root, "local.settings.sample.json"), "utf8");
  return (JSON.parse(text) as { Values: Record<string, string> }).Values;
}

describe("the repository", () => {
  it("runs on Node 22, whatever the machine has", () => {
    expect(process.versions.node).toMatch(/^22\./);
  });

  it("has exporters that ask no server of Microsoft for settings", () => {
    const folder = path.join(root, "node_modules/@azure/monitor-opentelemetry-exporter/dist/esm");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const asking = files.filter(
      (file) =>
        file.endsWith(".js") &&
        readFileSync(path.join(folder, file), "utf8").includes("settings.sdk.monitor.azure.com"),
    );

    expect(files.length).toBeGreaterThan(50);
    expect(asking).toEqual([]);
  });

  it("implements every contract exactly once", () => {
    const unused = undefined as never;
    const implemented = [
      ...activitiesOf(portsOf(readSettings(sampleSettings()))),
      postingActivity(unused, unused, unused),
      ...drillRunActivities(unused, unused),
    ].map(({ name }) => name);
    const folder = path.join(root, "src/activities");
    const declared = readdirSync(folder)
      .filter((file) => file.endsWith(".contract.ts"))
      .flatMap((file) => {
        const text = readFileSync(path.join(folder, file), "utf8");
        const contracts = [
          ...text.matchAll(/^export const (\w+) = declareActivity\(\{\s*name: "(\w+)"/gm),
        ];
        expect([file, contracts.length]).toEqual([
          file,
          text.split("declareActivity({").length - 1,
        ]);
        return contracts.map(([, constant, name]) => {
          expect(name).toBe(constant);
          return name;
        });
      });

    expect(implemented.sort()).toEqual(declared.sort());
  });

  const histories = readdirSync(path.join(__dirname, "histories"), {
    recursive: true,
    encoding: "utf8",
  }).map((file) => path.basename(file));
  const historiesOf = (id: string) => histories.filter((file) => file.startsWith(`${id}.`));

  it.each(catalogue.map((scenario) => [scenario.id, scenario] as const))(
    "has a page and recorded histories for %s",
    (id, scenario) => {
      const page = readFileSync(path.join(root, `docs/scenarios/${id}.md`), "utf8");
      for (const { title } of Object.values(scenario.steps)) expect(page).toContain(title);
      expect(historiesOf(id).length).toBeGreaterThan(3);
    },
  );

  it("has a recorded history for every orchestrator", () => {
    const folder = path.join(root, "src/scenarios");
    const declared = readdirSync(folder).flatMap((file) =>
      [...readFileSync(path.join(folder, file), "utf8").matchAll(/^ {2}id: "([\w-]+)"/gm)].map(
        ([, id = ""]) => id,
      ),
    );
    const registered = readFileSync(path.join(root, "src/main.ts"), "utf8");
    const count = registered.match(/^ {2}\[\w+, \w+\],$/gm)?.length ?? 0;
    const others = ["deliver-notice", "evaluate-readiness"];
    const bare = [...declared, ...others].filter((id) => historiesOf(id).length === 0);

    expect(declared).toHaveLength(count);
    expect(bare).toEqual([]);
  });

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
