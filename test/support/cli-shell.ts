import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { SimulatorReady } from "../../local/stack/simulator-process.js";
import { findOnPath } from "../simulator/program.js";

const wanted = ["az", "bash", "curl", "jq"];
/** The programs that a person at a terminal needs and this machine lacks. */
export const missingPrograms = wanted.filter((program) => findOnPath(program) === undefined);

/** A person's shell, signed in to the simulated Azure. */
export class CliShell {
  readonly #folder: string;
  readonly #simulator: SimulatorReady;

  private constructor(folder: string, simulator: SimulatorReady) {
    this.#folder = folder;
    this.#simulator = simulator;
  }

  static async signedIn(simulator: SimulatorReady): Promise<CliShell> {
    const shell = new CliShell(await mkdtemp(path.join(os.tmpdir(), "cli-")), simulator);
    const arm = `${simulator.direct}/`;
    await shell.run([
      `az cloud register -n simulated --endpoint-resource-manager ${arm} --endpoint-management ${arm} --endpoint-active-directory ${arm}adfs --endpoint-active-directory-resource-id ${simulator.direct} --endpoint-active-directory-graph-resource-id ${simulator.direct} --suffix-keyvault-dns .vault.azure.net --suffix-storage-endpoint core.windows.net`,
      "az cloud set -n simulated",
      "az login --identity",
    ]);
    return shell;
  }

  /** What each command prints, all run in one shell; the first that fails ends it. Sleeping moves the simulated clock. */
  async run(commands: readonly string[]): Promise<readonly string[]> {
    const { env, control } = this.#simulator;
    const advance = `curl -s -o /dev/null -X POST -d "{\\"seconds\\":$1}" ${control}/clock/advance`;
    const script = [
      "set -eo pipefail",
      `sleep() { ${advance}; }`,
      // What the CLI itself waits for passes beside it.
      `az() {`,
      `  case "$1 $2" in "redis export" | "redis import") ;; *) command az "$@"; return ;; esac`,
      `  while command sleep 0.5; do sleep 15; done & local mover=$! code=0`,
      `  command az "$@" || code=$?`,
      `  kill $mover; return $code`,
      `}`,
      ...commands.map((command) => `printf '\\n@@@\\n'\n${command}`),
    ].join("\n");
    const { stdout } = await promisify(execFile)("bash", ["-c", script], {
      cwd: this.#folder,
      maxBuffer: 16 * 1024 * 1024,
      env: {
        PATH: process.env["PATH"],
        HOME: this.#folder,
        AZURE_CONFIG_DIR: this.#folder,
        AZURE_CORE_COLLECT_TELEMETRY: "no",
        AZURE_CORE_ONLY_SHOW_ERRORS: "yes",
        // How the CLI of Debian finds the managed identity of App Service.
        MSI_ENDPOINT: env["IDENTITY_ENDPOINT"],
        MSI_SECRET: env["IDENTITY_HEADER"],
        APPSETTING_WEBSITE_SITE_NAME: "simulated",
        REQUESTS_CA_BUNDLE: env["NODE_EXTRA_CA_CERTS"],
        CURL_CA_BUNDLE: env["NODE_EXTRA_CA_CERTS"],
        HTTPS_PROXY: env["HTTPS_PROXY"],
        NO_PROXY: env["NO_PROXY"],
      },
    });
    return stdout
      .split(/^@@@\n/m)
      .slice(1)
      .map((said) => said.trim());
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
