import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { repository } from "../../local/stack/repository.js";

/** In a compiled file, what stands there once and what stands there in the changed app. */
export type Change = readonly [file: string, from: string, to: string];

/** The compiled app as another version of itself, in a folder of its own. */
export class ChangedApp {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "changed-app-"));

  constructor(version: string, changes: readonly Change[]) {
    cpSync(path.join(repository, "dist/src"), path.join(this.folder, "dist/src"), {
      recursive: true,
      filter: (file) => !file.endsWith(".map"),
    });
    symlinkSync(path.join(repository, "node_modules"), path.join(this.folder, "node_modules"));
    cpSync(path.join(repository, "package.json"), path.join(this.folder, "package.json"));
    const host = JSON.parse(readFileSync(path.join(repository, "host.json"), "utf8")) as {
      extensions: { durableTask: { defaultVersion: string } };
    };
    host.extensions.durableTask.defaultVersion = version;
    writeFileSync(path.join(this.folder, "host.json"), JSON.stringify(host));
    for (const [file, from, to] of changes) this.#change(path.join("dist/src", file), from, to);
  }

  #change(name: string, from: string, to: string): void {
    const file = path.join(this.folder, name);
    const [before, after, ...more] = readFileSync(file, "utf8").split(from);
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(`${name} does not have once: ${from}; bring the change up to date`);
    }
    writeFileSync(file, `${before}${to}${after}`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
