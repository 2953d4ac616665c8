import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type HostProcess, type HostSettings, startHostProcess } from "./host-process.js";

/** Where an app that lies elsewhere finds the libraries. */
export const NODE_PATH = path.resolve(__dirname, "../../../node_modules");

const folders: string[] = [];

/** A new app whose entry file is the given code, with `app` and `df` at hand. */
export function makeApp(code: string, hostJson: object = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), "host-app-"));
  folders.push(folder);
  const requires = `const { app } = require("@azure/functions");\nconst df = require("durable-functions");\n`;
  writeFileSync(path.join(folder, "package.json"), '{"main":"index.js"}');
  writeFileSync(path.join(folder, "index.js"), requires + code);
  writeFileSync(path.join(folder, "host.json"), JSON.stringify({ version: "2.0", ...hostJson }));
  return folder;
}

/** Starts a host for such an app. */
export function startApp(
  code: string,
  hostJson: object = {},
  settings: HostSettings = {},
): Promise<HostProcess> {
  return startHostProcess({
    ...settings,
    app: makeApp(code, hostJson),
    environment: { NODE_PATH, ...settings.environment },
  });
}

/** Forgets the apps made so far. */
export function removeApps(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
